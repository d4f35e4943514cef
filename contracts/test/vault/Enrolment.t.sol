// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {StakeVault} from "../../src/StakeVault.sol";
import {IStakeVault} from "../../src/interfaces/IStakeVault.sol";
import {Network} from "../support/Network.sol";

contract EnrolmentTest is Network {
    Agent private agent;
    address private buyer = makeAddr("buyer");

    function setUp() public override {
        super.setUp();
        agent = _register("agent");
        _stake(agent, 3 ether);
    }

    function _verifierCount() internal pure override returns (uint256) {
        return 0;
    }

    function test_enrol__when_each_check_fails__then_refused_in_order() external {
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNotOperator.selector, agent.id, keeper));
        vault.enrol(agent.id, "none");
        vm.startPrank(agent.owner);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultProfileUnknown.selector, bytes32("none")));
        vault.enrol(agent.id, "none");
        uint256 twin = identity.register();
        exams.fail(agent.id, true);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNotCapable.selector, agent.id, fuzzyId));
        vault.enrol(agent.id, fuzzyId);
        exams.fail(agent.id, false);
        vm.expectEmit();
        emit IStakeVault.Enrolled(agent.id, fuzzyId, agent.owner);
        vault.enrol(agent.id, fuzzyId);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultAlreadyEnrolled.selector, agent.id, fuzzyId));
        vault.enrol(agent.id, fuzzyId);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.VaultOperatorEnrolled.selector, agent.owner, fuzzyId, agent.id)
        );
        vault.enrol(twin, fuzzyId);
        assertTrue(vault.isEnrolled(agent.id, fuzzyId));
        assertEq(vault.enrolmentsOf(agent.id)[0], fuzzyId);
    }

    function test_enrol__when_too_many_profiles__then_refused() external {
        for (uint256 i = 0; i < 4; ++i) {
            _enrol(agent, profiles.register(abi.encode("profile", i), profile));
        }
        vm.prank(agent.owner);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultTooManyProfiles.selector, agent.id, 4));
        vault.enrol(agent.id, fuzzyId);
        bytes32[] memory list = vault.enrolmentsOf(agent.id);
        vm.startPrank(agent.owner);
        vault.unenrol(agent.id, list[1]);
        vault.enrol(agent.id, fuzzyId);
        assertEq(vault.enrolmentsOf(agent.id).length, 4);
        assertFalse(vault.isEnrolled(agent.id, list[1]));
    }

    function test_unenrol__when_each_check_fails__then_refused_in_order() external {
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNotEnrolled.selector, agent.id, fuzzyId));
        vault.unenrol(agent.id, fuzzyId);
        _enrol(agent, fuzzyId);
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNotOperator.selector, agent.id, keeper));
        vault.unenrol(agent.id, fuzzyId);
        vm.prank(agent.owner);
        vm.expectEmit();
        emit IStakeVault.Left(agent.id, fuzzyId, agent.owner);
        vault.unenrol(agent.id, fuzzyId);
        assertFalse(vault.isEnrolled(agent.id, fuzzyId));
        assertEq(vault.enrolmentsOf(agent.id).length, 0);
    }

    function test_unenrol__when_sold_or_no_longer_capable__then_anybody_may() external {
        _enrol(agent, fuzzyId);
        _enrol(agent, exactId);
        exams.fail(agent.id, true);
        vm.prank(keeper);
        vault.unenrol(agent.id, fuzzyId);
        exams.fail(agent.id, false);
        vm.prank(agent.owner);
        identity.transferFrom(agent.owner, buyer, agent.id);
        vm.prank(keeper);
        vault.unenrol(agent.id, exactId);
        // Both may enrol again, each an agent.
        vm.prank(buyer);
        vault.enrol(agent.id, exactId);
        vm.startPrank(agent.owner);
        vault.enrol(identity.register(), exactId);
    }

    function testFuzz_weight__when_stake_changes__then_counts_from_the_next_epoch(uint96 more) external {
        more = uint96(bound(more, 1, 50 ether));
        _enrol(agent, fuzzyId);
        uint32 e = vault.currentEpoch();
        _expectWeight(e - 1, 0);
        _expectWeight(e, 0);
        _expectWeight(e + 1, 3 ether);
        skip(EPOCH);
        _stake(agent, more);
        _expectWeight(e, 0);
        _expectWeight(e + 1, 3 ether);
        _expectWeight(e + 2, 3 ether + more);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultEpochUnknown.selector, e - 1, e + 1));
        vault.weightOf(agent.id, fuzzyId, e - 1);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultEpochUnknown.selector, e + 3, e + 1));
        vault.totalWeight(fuzzyId, e + 3);
    }

    function test_weight__when_below_minimum__then_none() external {
        _enrol(agent, fuzzyId);
        vm.prank(agent.owner);
        vault.requestUnstake(agent.id, 2 ether);
        _expectWeight(vault.currentEpoch() + 1, 1 ether);
        vm.prank(agent.owner);
        vault.requestUnstake(agent.id, 1);
        _expectWeight(vault.currentEpoch() + 1, 0);
    }

    function test_leaf__when_vacated__then_reused_only_after_two_epochs() external {
        _enrol(agent, fuzzyId);
        skip(EPOCH);
        vm.prank(agent.owner);
        vault.unenrol(agent.id, fuzzyId);
        uint32 e = vault.currentEpoch();
        Agent memory other = _register("other");
        _stake(other, 5 ether);
        _enrol(other, fuzzyId);
        assertEq(vault.totalWeight(fuzzyId, e), 3e9, "still drawable in the epoch it left");
        assertEq(vault.totalWeight(fuzzyId, e + 1), 5e9);
        skip(2 * EPOCH);
        Agent memory third = _register("third");
        _stake(third, 7 ether);
        _enrol(third, fuzzyId);
        assertEq(vault.totalWeight(fuzzyId, e + 3), 12e9);
        assertEq(vault.weightOf(other.id, fuzzyId, e + 3), 5e9);
        assertEq(vault.weightOf(third.id, fuzzyId, e + 3), 7e9);
    }

    function _expectWeight(uint32 epoch, uint256 wei_) private view {
        assertEq(vault.weightOf(agent.id, fuzzyId, epoch), wei_ / 1 gwei);
        assertEq(vault.totalWeight(fuzzyId, epoch), wei_ / 1 gwei);
    }
}
