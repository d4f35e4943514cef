// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {StakeVault} from "../../src/StakeVault.sol";
import {ICapability} from "../../src/interfaces/ICapability.sol";
import {IStakeVault, Stake} from "../../src/interfaces/IStakeVault.sol";
import {Wallet} from "../support/Mocks.sol";
import {Network} from "../support/Network.sol";

/// @dev The vault's money. The test itself is a court here.
contract StakesTest is Network {
    Agent private agent;

    function setUp() public override {
        super.setUp();
        vault = new StakeVault(
            identity, profiles, exams, EPOCH, UNBONDING, 10_000, address(0), guardian, address(this)
        );
        address[] memory courts = new address[](1);
        courts[0] = address(this);
        vault.wire(courts);
        agent = _register("agent");
        vm.deal(agent.owner, 100 ether);
    }

    function _verifierCount() internal pure override returns (uint256) {
        return 0;
    }

    function test_constructor__when_epoch_has_no_length__then_refused() external {
        vm.expectRevert(IStakeVault.VaultEpochLengthZero.selector);
        new StakeVault(
            identity, profiles, ICapability(address(0)), 0, 1, 10_000, address(0), guardian, address(this)
        );
    }

    function test_wire__when_stranger_or_twice__then_refused() external {
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNotDeployer.selector, keeper));
        vault.wire(new address[](0));
        vm.expectRevert(IStakeVault.VaultAlreadyWired.selector);
        vault.wire(new address[](0));
    }

    function testFuzz_stake__when_each_check_fails__then_refused_in_order(uint96 amount, address stranger)
        external
    {
        amount = uint96(bound(amount, 1, 100 ether));
        vm.assume(stranger != agent.owner);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNotOperator.selector, agent.id, stranger));
        vault.stake(agent.id);
        vm.startPrank(agent.owner);
        vm.expectRevert(IStakeVault.VaultZeroAmount.selector);
        vault.stake(agent.id);
        vm.expectEmit();
        emit IStakeVault.Staked(agent.id, amount, amount);
        vault.stake{value: amount}(agent.id);
        assertEq(vault.stakeOf(agent.id).bonded, amount);
        assertEq(vault.freeStakeOf(agent.id), amount);
    }

    function testFuzz_requestUnstake__when_each_check_fails__then_refused_in_order(uint96 amount) external {
        amount = uint96(bound(amount, 1, 10 ether));
        _stake(agent, 10 ether);
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNotOwner.selector, agent.id, keeper));
        vault.requestUnstake(agent.id, amount);
        vm.startPrank(agent.owner);
        vm.expectRevert(IStakeVault.VaultZeroAmount.selector);
        vault.requestUnstake(agent.id, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVault.VaultInsufficientStake.selector, agent.id, 10 ether, 10 ether + 1
            )
        );
        vault.requestUnstake(agent.id, 10 ether + 1);
        uint256 at_ = block.timestamp + UNBONDING;
        vm.expectEmit();
        emit IStakeVault.UnstakeRequested(agent.id, amount, 10 ether - amount, at_);
        vault.requestUnstake(agent.id, amount);
        Stake memory s = vault.stakeOf(agent.id);
        assertEq(s.unbonding, amount);
        assertEq(s.unbondsAt, at_);
        assertEq(vault.freeStakeOf(agent.id), 10 ether, "still slashable");
    }

    function testFuzz_withdraw__when_each_check_fails__then_refused_in_order(uint96 amount) external {
        amount = uint96(bound(amount, 1, 10 ether));
        _stake(agent, 10 ether);
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNotOwner.selector, agent.id, keeper));
        vault.withdraw(agent.id);
        vm.startPrank(agent.owner);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNothingToWithdraw.selector, agent.id));
        vault.withdraw(agent.id);
        vault.requestUnstake(agent.id, amount);
        uint256 at_ = block.timestamp + UNBONDING;
        vm.warp(at_ - 1);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultStillUnbonding.selector, agent.id, at_));
        vault.withdraw(agent.id);
        vm.warp(at_);
        uint256 before = agent.owner.balance;
        vm.expectEmit();
        emit IStakeVault.Unstaked(agent.id, agent.owner, amount);
        vault.withdraw(agent.id);
        assertEq(agent.owner.balance, before + amount);
        assertEq(address(vault).balance, 10 ether - amount);
        assertEq(vault.stakeOf(agent.id).unbonding, 0);
    }

    function test_requestUnstake__when_asked_again__then_all_of_it_waits_anew() external {
        _stake(agent, 10 ether);
        vm.startPrank(agent.owner);
        vault.requestUnstake(agent.id, 1 ether);
        skip(UNBONDING - 1);
        vault.requestUnstake(agent.id, 1 ether);
        skip(1);
        vm.expectPartialRevert(IStakeVault.VaultStillUnbonding.selector);
        vault.withdraw(agent.id);
        skip(UNBONDING);
        vault.withdraw(agent.id);
        assertEq(vault.stakeOf(agent.id).unbonding, 0);
    }

    function testFuzz_withdraw__when_locked__then_pays_only_what_is_free(uint96 locked) external {
        locked = uint96(bound(locked, 1, 10 ether));
        _stake(agent, 10 ether);
        vm.prank(agent.owner);
        vault.requestUnstake(agent.id, 6 ether);
        vault.lock(agent.id, locked, "round");
        skip(UNBONDING);
        uint256 free = 10 ether - locked;
        vm.startPrank(agent.owner);
        if (free == 0) {
            vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNothingToWithdraw.selector, agent.id));
            vault.withdraw(agent.id);
            return;
        }
        vault.withdraw(agent.id);
        Stake memory s = vault.stakeOf(agent.id);
        assertEq(s.unbonding, free < 6 ether ? 6 ether - free : 0);
        assertGe(uint256(s.bonded) + s.unbonding, s.locked);
    }

    /// @param leaving of it is unbonding: it backs a lock no less than what stays.
    function testFuzz_lock__when_each_check_fails__then_refused_in_order(
        uint96 amount,
        uint96 leaving,
        uint256 more
    ) external {
        amount = uint96(bound(amount, 1, 10 ether));
        leaving = uint96(bound(leaving, 0, amount));
        more = bound(more, uint256(amount) + 1, type(uint256).max);
        _stake(agent, amount);
        if (leaving != 0) {
            vm.prank(agent.owner);
            vault.requestUnstake(agent.id, leaving);
        }
        vm.prank(agent.owner);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNotCourt.selector, agent.owner));
        vault.lock(agent.id, amount, "round");
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVault.VaultInsufficientStake.selector, agent.id, amount, uint256(amount) + 1
            )
        );
        vault.lock(agent.id, uint256(amount) + 1, "round");
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.VaultInsufficientStake.selector, agent.id, amount, more)
        );
        vault.lock(agent.id, more, "round");
        vm.expectEmit();
        emit IStakeVault.Locked(agent.id, "round", amount);
        vault.lock(agent.id, amount, "round");
        assertEq(vault.freeStakeOf(agent.id), 0);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultInsufficientStake.selector, agent.id, 0, 1));
        vault.lock(agent.id, 1, "round");
        Stake memory s = vault.stakeOf(agent.id);
        assertEq(abi.encode(s), abi.encode(Stake(amount - leaving, leaving, amount, s.unbondsAt, s.lockedAt)));
        assertEq(s.unbondsAt, leaving == 0 ? 0 : block.timestamp + UNBONDING);
        assertEq(s.lockedAt, block.timestamp);
    }

    function testFuzz_release__when_slashed__then_burns_bonded_first_then_unbonding(
        uint96 amount,
        uint96 slashed
    ) external {
        amount = uint96(bound(amount, 1, 10 ether));
        slashed = uint96(bound(slashed, 0, amount));
        _stake(agent, 10 ether);
        vm.prank(agent.owner);
        vault.requestUnstake(agent.id, 7 ether);
        vault.lock(agent.id, amount, "round");
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNotCourt.selector, keeper));
        vault.release(agent.id, amount, slashed, "round");
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.VaultSlashExceedsLock.selector, uint256(amount) + 1, amount)
        );
        vault.release(agent.id, amount, uint256(amount) + 1, "round");
        vm.expectEmit();
        emit IStakeVault.Released(agent.id, "round", amount, slashed);
        vault.release(agent.id, amount, slashed, "round");
        Stake memory s = vault.stakeOf(agent.id);
        assertEq(s.bonded, slashed < 3 ether ? 3 ether - slashed : 0);
        assertEq(s.unbonding, slashed < 3 ether ? 7 ether : 10 ether - slashed);
        assertEq(s.locked, 0);
        assertEq(vault.burned(), slashed);
        assertEq(address(vault).balance, 10 ether);
    }

    function test_withdraw__when_receiver_refuses__then_reverts_and_keeps_the_stake() external {
        Wallet wallet = new Wallet();
        wallet.execute(address(identity), 0, abi.encodeWithSignature("register()"));
        uint256 id = identity.balanceOf(address(wallet)) + agent.id;
        vm.deal(address(wallet), 5 ether);
        wallet.execute(address(vault), 5 ether, abi.encodeCall(vault.stake, (id)));
        wallet.execute(address(vault), 0, abi.encodeCall(vault.requestUnstake, (id, 5 ether)));
        skip(UNBONDING);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.VaultTransferFailed.selector, address(wallet), 5 ether)
        );
        wallet.execute(address(vault), 0, abi.encodeCall(vault.withdraw, (id)));
        wallet.setOpen(true);
        wallet.execute(address(vault), 0, abi.encodeCall(vault.withdraw, (id)));
        assertEq(address(wallet).balance, 5 ether);
    }
}
