// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Family, IProfileRegistry, Profile} from "../src/interfaces/IProfileRegistry.sol";
import {ProfileCode} from "../src/libraries/ProfileCode.sol";
import {Network} from "./support/Network.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

contract ProfileRegistryTest is Network {
    function _verifierCount() internal pure override returns (uint256) {
        return 0;
    }

    function testFuzz_register__when_each_check_fails__then_refused_in_order(bytes calldata recipe) external {
        vm.assume(recipe.length != 0 && keccak256(recipe) != fuzzyId && keccak256(recipe) != exactId);
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, keeper));
        profiles.register(recipe, profile);
        _expectInvalid("", profile, "recipe is empty");
        vm.expectRevert(abi.encodeWithSelector(IProfileRegistry.ProfileAlreadyRegistered.selector, fuzzyId));
        profiles.register("fuzzy", profile);
        bytes32 id = keccak256(recipe);
        vm.expectRevert(abi.encodeWithSelector(IProfileRegistry.ProfileUnknown.selector, id));
        profiles.profile(id);
        vm.expectEmit();
        emit IProfileRegistry.ProfileRegistered(id, recipe, profile);
        assertEq(profiles.register(recipe, profile), id);
        assertTrue(profiles.isRegistered(id));
        assertEq(abi.encode(profiles.profile(id)), abi.encode(profile));
        assertEq(profiles.profileIds().length, 3);
        assertEq(profiles.profileIds()[2], id);
    }

    function test_register__when_a_parameter_makes_no_sense__then_says_which() external {
        Profile memory p = profile;
        p.family = Family.Exact;
        _expectInvalid("r", p, "exact allows no tolerance");
        p = profile;
        p.tolerance = 128;
        _expectInvalid("r", p, "tolerance admits chance");
        p = profile;
        p.committeeSize = 4;
        _expectInvalid("r", p, "committeeSize is not odd or above 31");
        p.committeeSize = 0;
        _expectInvalid("r", p, "committeeSize is not odd or above 31");
        p.committeeSize = 33;
        _expectInvalid("r", p, "committeeSize is not odd or above 31");
        p = profile;
        p.minOperators = 6;
        _expectInvalid("r", p, "minOperators is not within 1 and committeeSize");
        p.minOperators = 0;
        _expectInvalid("r", p, "minOperators is not within 1 and committeeSize");
        p = profile;
        p.commitWindow = 0;
        _expectInvalid("r", p, "commitWindow is zero or above 30 days");
        p = profile;
        p.openWindow = 30 days + 1;
        _expectInvalid("r", p, "openWindow is zero or above 30 days");
        p = profile;
        p.publishWindow = 0;
        _expectInvalid("r", p, "publishWindow is zero or above 30 days");
        p = profile;
        p.maxOutputBytes = 120 * 1024 + 1;
        _expectInvalid("r", p, "maxOutputBytes is zero or above 120 KiB");
        p.maxOutputBytes = 0;
        _expectInvalid("r", p, "maxOutputBytes is zero or above 120 KiB");
    }

    function test_register__when_money_makes_no_sense__then_says_which() external {
        Profile memory p = profile;
        p.seatLock = 0;
        _expectInvalid("r", p, "seatLock is zero");
        p = profile;
        p.providerBond = 0;
        _expectInvalid("r", p, "providerBond is zero");
        p = profile;
        p.minStake = p.seatLock - 1;
        _expectInvalid("r", p, "minStake is below seatLock or one gwei");
        (p.minStake, p.seatLock) = (1 gwei - 1, 1);
        _expectInvalid("r", p, "minStake is below seatLock or one gwei");
        p = profile;
        p.seatFee = type(uint96).max / 4;
        _expectInvalid("r", p, "fees exceed 96 bits");
        p = profile;
        p.slashNoCommitBps = p.slashNoOpenBps + 1;
        _expectInvalid("r", p, "not opening must cost at least as much as not committing");
        p = profile;
        p.slashNoOpenBps = 10_001;
        _expectInvalid("r", p, "a slash or auditBps exceeds 10000 basis points");
        p = profile;
        p.slashRejectedBps = 10_001;
        _expectInvalid("r", p, "a slash or auditBps exceeds 10000 basis points");
        p = profile;
        p.evidenceWeight = 0;
        _expectInvalid("r", p, "evidenceWeight is zero or above 1000 observations");
        p.evidenceWeight = 1000e9 + 1;
        _expectInvalid("r", p, "evidenceWeight is zero or above 1000 observations");
    }

    function test_ownership__when_transferred__then_in_two_steps() external {
        profiles.transferOwnership(keeper);
        assertEq(profiles.owner(), address(this));
        vm.prank(keeper);
        profiles.acceptOwnership();
        assertEq(profiles.owner(), keeper);
    }

    /// @dev Also past the 127th, from where a nonce takes another byte.
    function test_read__when_without_the_registry__then_the_same_from_first_to_last_field() external {
        Profile memory p = profile;
        (p.family, p.flagWindow, p.auditBps, p.voidDigests) = (Family.Logprobs, 7, 0, true);
        p.calibrationRoot = bytes32(type(uint256).max);
        for (uint256 number = 2; number < 132; ++number) {
            p.commitWindow = uint32(number);
            bytes32 id = profiles.register(abi.encode(number), p);
            (bytes32 found, Profile memory read) = ProfileCode.read(address(profiles), number);
            assertEq(found, id);
            assertEq(abi.encode(read), abi.encode(p));
            (found, read) = profiles.profileAt(uint16(number));
            assertEq(found, id);
            assertEq(abi.encode(read), abi.encode(p));
        }
        vm.expectRevert(abi.encodeWithSelector(IProfileRegistry.ProfileNumberUnknown.selector, 132));
        this.readProfile(132);
    }

    function readProfile(uint256 number) external view returns (bytes32 id) {
        (id,) = ProfileCode.read(address(profiles), number);
    }

    function _expectInvalid(bytes memory recipe, Profile memory p, string memory reason) private {
        vm.expectRevert(abi.encodeWithSelector(IProfileRegistry.ProfileInvalid.selector, reason));
        profiles.register(recipe, p);
    }
}
