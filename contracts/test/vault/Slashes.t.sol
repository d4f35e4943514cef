// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Governance} from "../../src/Governance.sol";
import {StakeVault} from "../../src/StakeVault.sol";
import {Profile} from "../../src/interfaces/IProfileRegistry.sol";
import {IStakeVault, Stake} from "../../src/interfaces/IStakeVault.sol";
import {Wallet} from "../support/Mocks.sol";
import {Network} from "../support/Network.sol";

/// @dev A vault that takes half of an agent's stake in a period at most. The test itself is a court.
contract SlashesTest is Network {
    uint256 private constant CAP = 5000;

    Agent private agent;
    Governance private governance;
    address private treasury = makeAddr("treasury");
    address private governor = makeAddr("governor");

    function setUp() public override {
        super.setUp();
        governance = new Governance(1 days, governor);
        vault = _vault(treasury, address(governance));
        agent = _register("agent");
        _stake(agent, 10 ether);
        vm.warp(1_000_000 - (1_000_000 % UNBONDING) + UNBONDING);
    }

    function _verifierCount() internal pure override returns (uint256) {
        return 0;
    }

    function test_constructor__when_cap_is_none_or_too_much__then_refused() external {
        for (uint256 cap = 0; cap <= 10_001; cap += 10_001) {
            vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultSlashCapInvalid.selector, cap));
            new StakeVault(
                identity, profiles, exams, EPOCH, UNBONDING, cap, treasury, guardian, address(this)
            );
        }
    }

    function testFuzz_enrol__when_a_dispute_outlasts_unbonding__then_refused(uint32 window) external {
        window = uint32(bound(window, 1, 30 days));
        Profile memory p = _profile();
        p.commitWindow = window;
        bytes32 profileId = profiles.register("long", p);
        uint256 longest = 2 * EPOCH + window + p.openWindow + p.publishWindow;
        vm.prank(agent.owner);
        if (longest >= UNBONDING) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IStakeVault.VaultUnbondingTooShort.selector, profileId, longest, UNBONDING
                )
            );
        }
        vault.enrol(agent.id, profileId);
    }

    function testFuzz_release__when_above_the_cap__then_the_rest_stays_locked(uint96 slashed) external {
        slashed = uint96(bound(slashed, 1, 10 ether));
        uint256 taken = slashed < 5 ether ? slashed : 5 ether;
        vault.lock(agent.id, 10 ether, "round");
        vm.expectEmit();
        emit IStakeVault.Released(agent.id, "round", 10 ether, taken);
        vault.release(agent.id, 10 ether, slashed, "round");
        assertEq(vault.burned(), taken);
        assertEq(vault.deferredOf(agent.id), slashed - taken);
        assertEq(vault.stakeOf(agent.id).locked, slashed - taken);
        assertEq(vault.freeStakeOf(agent.id), 10 ether - slashed);
        assertEq(address(vault).balance, _stakeOf(agent.id) + vault.burned());
    }

    /// @dev The test itself is such a court: it has no `receive`.
    function test_release__when_the_court_cannot_take_the_reward__then_nothing_is_released() external {
        vault.lock(agent.id, 4 ether, "round");
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.VaultTransferFailed.selector, address(this), 0.1 ether)
        );
        vault.releaseAndReward(agent.id, 4 ether, 2 ether, 0.1 ether, "round");
        assertEq(vault.stakeOf(agent.id).locked, 4 ether);
        assertEq(vault.burned(), 0);
        vault.releaseAndReward(agent.id, 4 ether, 0, 0.1 ether, "round");
        assertEq(vault.stakeOf(agent.id).locked, 0);
    }

    function test_collect__when_each_check_fails__then_refused_in_order_else_taken() external {
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNothingDeferred.selector, agent.id));
        vault.collect(agent.id);
        _slash(9 ether);
        uint256 next = (block.timestamp / UNBONDING + 1) * UNBONDING;
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultSlashCapReached.selector, agent.id, next));
        vault.collect(agent.id);
        vm.warp(next);
        vm.prank(keeper);
        vault.collect(agent.id);
        assertEq(vault.burned(), 9 ether, "half of what it had when slashes were first deferred");
        assertEq(vault.deferredOf(agent.id), 0);
        assertEq(vault.freeStakeOf(agent.id), 1 ether);
    }

    /// @dev What was deferred does not leave, however long it takes anybody to collect it.
    function test_withdraw__when_a_slash_is_deferred__then_it_stays() external {
        vm.prank(agent.owner);
        vault.requestUnstake(agent.id, 10 ether);
        _slash(9 ether);
        skip(3 * UNBONDING);
        vm.startPrank(agent.owner);
        vault.rescue(agent.id);
        vault.withdraw(agent.id);
        vm.stopPrank();
        assertEq(agent.owner.balance, 1 ether);
        assertEq(vault.deferredOf(agent.id), 4 ether);
        assertEq(vault.stakeOf(agent.id).locked, 4 ether);
    }

    function test_sweep__then_slashed_funds_go_to_the_treasury_alone() external {
        vm.expectRevert(IStakeVault.VaultNothingSlashed.selector);
        vault.sweep();
        _slash(3 ether);
        vm.expectEmit();
        emit IStakeVault.SlashedFundsSent(treasury, 3 ether);
        vm.prank(keeper);
        vault.sweep();
        assertEq(treasury.balance, 3 ether);
        assertEq(vault.burned(), 0);
        assertEq(address(vault).balance, 7 ether);
    }

    function test_sweep__when_there_is_no_treasury_or_it_refuses__then_nothing_moves() external {
        vault = _vault(address(0), guardian);
        vm.expectRevert(IStakeVault.VaultNoTreasury.selector);
        vault.sweep();
        address closed = address(new Wallet());
        vault = _vault(closed, guardian);
        _stake(agent, 10 ether);
        _slash(1 ether);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultTransferFailed.selector, closed, 1 ether));
        vault.sweep();
        assertEq(vault.burned(), 1 ether);
    }

    /// @dev The only power of governance, announced a day ahead.
    function test_halt__when_announced_by_the_governor__then_done_by_anyone_after_the_delay() external {
        vm.prank(governor);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNotGuardian.selector, governor));
        vault.halt();
        bytes memory call = abi.encodeCall(vault.halt, ());
        vm.prank(keeper);
        vm.expectRevert();
        governance.schedule(address(vault), 0, call, 0, 0, 1 days);
        vm.prank(governor);
        governance.schedule(address(vault), 0, call, 0, 0, 1 days);
        vm.expectRevert();
        governance.execute(address(vault), 0, call, 0, 0);
        skip(1 days);
        vm.expectEmit();
        emit IStakeVault.Halted();
        vm.prank(keeper);
        governance.execute(address(vault), 0, call, 0, 0);
        assertTrue(vault.halted());
        vm.prank(address(governance));
        vm.expectRevert(IStakeVault.VaultAlreadyHalted.selector);
        vault.halt();
    }

    /// @dev After the end everybody leaves with all that was not taken before, and no court can do anything.
    function test_halt__then_all_stake_leaves_after_the_usual_delay_and_no_sooner() external {
        _slash(9 ether);
        vault.lock(agent.id, 1 ether, "another round");
        vm.prank(address(governance));
        vault.halt();

        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNotCourt.selector, address(this)));
        vault.lock(agent.id, 1, "round");
        vault.release(agent.id, 1 ether, 1 ether, "another round");
        assertEq(vault.burned(), 5 ether, "a settlement goes through and takes nothing");
        vm.expectRevert(IStakeVault.VaultAlreadyHalted.selector);
        vault.collect(agent.id);

        vm.startPrank(agent.owner);
        vault.requestUnstake(agent.id, 5 ether);
        vm.expectPartialRevert(IStakeVault.VaultStillUnbonding.selector);
        vault.withdraw(agent.id);
        skip(UNBONDING);
        vault.withdraw(agent.id);
        assertEq(agent.owner.balance, 5 ether);
    }

    /// @dev A court that never releases cannot keep stake for ever, and needs no governance to let go of it.
    function test_rescue__when_locks_are_stale__then_the_owner_frees_them() external {
        vault.lock(agent.id, 4 ether, "round");
        uint256 staleAt = block.timestamp + 2 * UNBONDING;
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNotOwner.selector, agent.id, keeper));
        vault.rescue(agent.id);
        vm.warp(staleAt - 1);
        vm.startPrank(agent.owner);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultLockNotStale.selector, agent.id, staleAt));
        vault.rescue(agent.id);
        vm.warp(staleAt);
        vault.rescue(agent.id);
        vm.stopPrank();
        assertEq(vault.freeStakeOf(agent.id), 10 ether);

        // The court comes to it after all: what it settles must not fail, nor find anything.
        vault.release(agent.id, 4 ether, 0, "round");
        assertEq(vault.stakeOf(agent.id).locked, 0);
    }

    /// @dev An owner rescues a lock, is slashed above the cap, and only then has the round settled whose lock that
    /// was, which releases what holds the rest of the slash.
    function test_release__when_its_lock_was_rescued__then_what_was_deferred_since_stays_and_is_collected()
        external
    {
        vault.lock(agent.id, 4 ether, "sat on");
        vm.prank(agent.owner);
        vault.requestUnstake(agent.id, 10 ether);
        skip(2 * UNBONDING);
        vm.prank(agent.owner);
        vault.rescue(agent.id);
        _slash(9 ether);
        assertEq(vault.deferredOf(agent.id), 4 ether);
        vault.release(agent.id, 4 ether, 0, "sat on");
        assertEq(vault.stakeOf(agent.id).locked, 0);
        vm.startPrank(agent.owner);
        vault.withdraw(agent.id);
        assertEq(agent.owner.balance, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNothingToWithdraw.selector, agent.id));
        vault.withdraw(agent.id);
        skip(2 * UNBONDING);
        vault.rescue(agent.id);
        vm.stopPrank();
        vault.collect(agent.id);
        assertEq(vault.burned(), 9 ether);
        assertEq(_stakeOf(agent.id) + vault.deferredOf(agent.id), 0);
    }

    /// @dev Then another slash takes what was deferred of: the rest waits until there is something again.
    function test_collect__when_less_is_left_than_was_deferred__then_no_more_than_that() external {
        vault.lock(agent.id, 4 ether, "sat on");
        skip(2 * UNBONDING);
        vm.prank(agent.owner);
        vault.rescue(agent.id);
        _slash(9 ether);
        vault.release(agent.id, 4 ether, 0, "sat on");
        skip(UNBONDING);
        _slash(3 ether);
        assertEq(_stakeOf(agent.id), 2 ether);
        skip(UNBONDING);
        vault.collect(agent.id);
        assertEq(vault.burned(), 10 ether);
        assertEq(vault.deferredOf(agent.id), 2 ether);
        skip(UNBONDING);
        vm.expectPartialRevert(IStakeVault.VaultSlashCapReached.selector);
        vault.collect(agent.id);
        _stake(agent, 1 ether);
        vault.collect(agent.id);
        assertEq(vault.burned(), 11 ether);
    }

    function _slash(uint256 amount) private {
        vault.lock(agent.id, amount, "round");
        vault.release(agent.id, amount, amount, "round");
    }

    function _vault(address treasury_, address guardian_) private returns (StakeVault made) {
        made = new StakeVault(
            identity, profiles, exams, EPOCH, UNBONDING, CAP, treasury_, guardian_, address(this)
        );
        address[] memory courts = new address[](1);
        courts[0] = address(this);
        made.wire(courts);
    }
}
