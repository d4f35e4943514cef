// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {StakeVault} from "../../src/StakeVault.sol";
import {DrawRequest, IStakeVault} from "../../src/interfaces/IStakeVault.sol";
import {Network} from "../support/Network.sol";

/// @dev Draws from a vault of eight; the test itself is a court.
contract DrawTest is Network {
    uint96 private constant LOCK = 0.5 ether;
    uint256 private constant NOBODY = type(uint256).max;

    function setUp() public override {
        super.setUp();
        vault = new StakeVault(
            identity, profiles, exams, EPOCH, UNBONDING, 10_000, address(0), guardian, address(this)
        );
        address[] memory courts = new address[](1);
        courts[0] = address(this);
        vault.wire(courts);
        for (uint256 i = 0; i < verifiers.length; ++i) {
            _stake(verifiers[i], 1 ether + i * 1 ether);
            _enrol(verifiers[i], fuzzyId);
        }
        skip(EPOCH);
    }

    function test_draw__when_each_check_fails__then_refused_in_order() external {
        uint32 e = vault.currentEpoch();
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNotCourt.selector, keeper));
        vault.draw(_request(e + 1, 0, 1));
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultEpochUnknown.selector, e + 1, e));
        vault.draw(_request(e + 1, 0, 1));
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultEpochUnknown.selector, e - 2, e));
        vault.draw(_request(e - 2, 0, 1));
    }

    function testFuzz_draw__when_enough__then_distinct_locked_and_never_the_excluded(
        bytes32 seed,
        uint8 count
    ) external {
        count = uint8(bound(count, 1, 8));
        uint256 out = uint256(seed) % 8;
        DrawRequest memory request = _request(vault.currentEpoch(), seed, count);
        request.excludedOperator = verifiers[out].owner;
        request.excludedAgentIds[0] = verifiers[(out + 1) % 8].id;
        (uint256[] memory ids, address[] memory operators) = vault.draw(request);
        assertEq(ids.length, count < 6 ? count : 6);
        assertEq(operators.length, ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            assertTrue(ids[i] != verifiers[out].id && ids[i] != verifiers[(out + 1) % 8].id);
            assertEq(operators[i], identity.ownerOf(ids[i]));
            assertEq(vault.stakeOf(ids[i]).locked, LOCK);
            for (uint256 j = 0; j < i; ++j) {
                assertTrue(ids[i] != ids[j]);
            }
        }
    }

    function testFuzz_draw__when_some_are_locked_or_failed__then_goes_on_with_the_others(bytes32 seed)
        external
    {
        vault.lock(verifiers[7].id, 8 ether - LOCK + 1, "other");
        exams.fail(verifiers[6].id, true);
        uint32 e = vault.currentEpoch();
        (uint256[] memory ids,) = vault.draw(_request(e, seed, 8));
        assertEq(ids.length, 6);
        for (uint256 i = 0; i < 6; ++i) {
            assertTrue(ids[i] != verifiers[7].id && ids[i] != verifiers[6].id);
        }
    }

    /// @dev Whoever left, unbonded, was sold or came after the round's epoch changes nothing of its draw.
    function testFuzz_draw__when_stake_moves_after_submit__then_same_committee(bytes32 seed) external {
        uint32 e = vault.currentEpoch();
        uint256 snapshot = vm.snapshotState();
        (uint256[] memory before,) = vault.draw(_request(e, seed, 5));
        vm.revertToState(snapshot);

        vm.prank(verifiers[7].owner);
        vault.unenrol(verifiers[7].id, fuzzyId);
        vm.startPrank(verifiers[6].owner);
        vault.requestUnstake(verifiers[6].id, 7 ether);
        vm.stopPrank();
        vm.prank(verifiers[5].owner);
        identity.transferFrom(verifiers[5].owner, keeper, verifiers[5].id);
        Agent memory late = _register("late");
        _stake(late, 50 ether);
        _enrol(late, fuzzyId);
        skip(EPOCH);

        (uint256[] memory ids,) = vault.draw(_request(e, seed, 5));
        assertEq(ids, before);
    }

    function test_draw__when_many_unusable__then_gives_up_within_bounds() external {
        for (uint256 i = 0; i < 100; ++i) {
            Agent memory idle = _register(string.concat("idle", vm.toString(i)));
            _stake(idle, 1000 ether);
            _enrol(idle, fuzzyId); // capable now, and no longer at the draw
            exams.fail(idle.id, true);
        }
        skip(EPOCH);
        uint256 before = gasleft();
        (uint256[] memory ids,) = vault.draw(_request(vault.currentEpoch(), "seed", 5));
        assertLt(before - gasleft(), 6_000_000);
        assertLt(ids.length, 5);
    }

    function _request(uint32 epoch, bytes32 seed, uint256 count) private view returns (DrawRequest memory) {
        uint256[] memory excluded = new uint256[](1);
        excluded[0] = NOBODY;
        return DrawRequest({
            profileId: fuzzyId,
            epoch: epoch,
            seed: seed,
            count: count,
            excludedOperator: address(0),
            enrolledBefore: type(uint32).max,
            excludedAgentIds: excluded,
            lockAmount: LOCK,
            ref: "round"
        });
    }
}
