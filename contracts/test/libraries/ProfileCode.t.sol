// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ProfileRegistry} from "../../src/ProfileRegistry.sol";
import {Family, IProfileRegistry, Profile} from "../../src/interfaces/IProfileRegistry.sol";
import {ProfileCode} from "../../src/libraries/ProfileCode.sol";
import {Test, stdError} from "forge-std/Test.sol";

/// @dev Where a court looks for a profile is where its registry put it, and nothing else ever is.
contract ProfileCodeTest is Test {
    /// @dev Where a registry counts its profiles: the length of `_profileIds`.
    bytes32 private constant COUNT_SLOT = bytes32(uint256(3));
    uint256 private constant FULL = 1 << 16;

    ProfileRegistry private profiles = new ProfileRegistry(address(this));

    function testFuzz_placeOf__then_where_a_registry_creates(address registry, uint16 number) external pure {
        address place = ProfileCode.placeOf(registry, number);
        assertEq(place, vm.computeCreateAddress(registry, uint256(number) + 1));
    }

    /// @dev A nonce takes another byte from 128, from 256 and from 65536 on: the numbers are one less.
    function test_read__when_a_nonce_grows_by_a_byte__then_the_registered_one_to_the_last() external {
        uint16[10] memory numbers = [0, 1, 126, 127, 128, 254, 255, 256, 65_534, 65_535];
        for (uint256 i = 0; i < numbers.length; ++i) {
            uint256 number = numbers[i];
            _pretend(number);
            _assertUnknown(profiles, number);
            Profile memory p = _profile();
            p.commitWindow = uint32(i + 1);
            bytes32 id = profiles.register(abi.encode(number), p);
            assertEq(profiles.numberOf(id), number);
            (bytes32 found, Profile memory read) = ProfileCode.read(address(profiles), number);
            assertEq(found, id);
            assertEq(abi.encode(read), abi.encode(p));
            assertEq(abi.encode(profiles.profile(id)), abi.encode(p));
        }
        _assertUnknown(profiles, 65_533);
        _assertUnknown(profiles, FULL);
        vm.expectRevert(abi.encodeWithSelector(IProfileRegistry.ProfileInvalid.selector, "registry is full"));
        profiles.register("one more", _profile());
    }

    /// @dev A registry that had made anything else would put profiles where no court looks.
    function test_register__when_the_place_is_not_the_numbers__then_refused() external {
        vm.setNonce(address(profiles), 2);
        vm.expectRevert(stdError.assertionError);
        profiles.register("recipe", _profile());
        assertFalse(profiles.isRegistered(keccak256("recipe")));
        _assertUnknown(profiles, 0);
    }

    /// @dev Anybody knows where the next profile will be: money sent there keeps nobody from putting it there.
    function test_register__when_its_place_holds_money__then_registered_all_the_same() external {
        address place = ProfileCode.placeOf(address(profiles), 0);
        vm.deal(place, 1);
        _assertUnknown(profiles, 0);
        bytes32 id = profiles.register("recipe", _profile());
        (bytes32 found,) = ProfileCode.read(address(profiles), 0);
        assertEq(found, id);
        bytes32 code = place.codehash;
        (bool called,) = place.call(hex"ff");
        assertTrue(called);
        assertEq(place.codehash, code, "nothing runs there");
    }

    function test_read__when_two_registries_have_the_number__then_each_its_own() external {
        ProfileRegistry other = new ProfileRegistry(address(this));
        bytes32 theirs = other.register("theirs", _profile());
        _assertUnknown(profiles, 0);
        bytes32 ours = profiles.register("ours", _profile());
        (bytes32 found,) = ProfileCode.read(address(profiles), 0);
        assertEq(found, ours);
        (found,) = ProfileCode.read(address(other), 0);
        assertEq(found, theirs);
        _assertUnknown(other, 1);
    }

    function readProfile(IProfileRegistry registry, uint256 number) external view returns (bytes32 id) {
        (id,) = ProfileCode.read(address(registry), number);
    }

    function _assertUnknown(IProfileRegistry registry, uint256 number) private {
        bytes memory unknown = abi.encodeWithSelector(IProfileRegistry.ProfileNumberUnknown.selector, number);
        vm.expectRevert(unknown);
        this.readProfile(registry, number);
        if (number >= FULL) return;
        vm.expectRevert(unknown);
        registry.profileAt(uint16(number));
    }

    /// @dev As if so many were registered.
    function _pretend(uint256 count) private {
        vm.store(address(profiles), COUNT_SLOT, bytes32(count));
        vm.setNonce(address(profiles), uint64(count + 1));
    }

    function _profile() private pure returns (Profile memory p) {
        (p.family, p.tolerance, p.committeeSize, p.minOperators) = (Family.Logprobs, 20, 5, 4);
        (p.commitWindow, p.openWindow, p.publishWindow, p.maxOutputBytes) = (60, 40, 30, 1024);
        (p.seatFee, p.tip, p.minStake, p.evidenceWeight) = (0.01 ether, 0.002 ether, 1 ether, 1e9);
        (p.seatLock, p.providerBond, p.appealBond) = (0.5 ether, 1 ether, 0.03 ether);
        (p.slashNoCommitBps, p.slashNoOpenBps, p.slashRejectedBps) = (1000, 3000, 10_000);
        (p.slashOverturnedBps, p.appealWindow, p.flagWindow, p.auditBps) = (5000, 250, 70, 9);
        (p.voidDigests, p.calibrationRoot) = (true, bytes32(type(uint256).max));
    }
}
