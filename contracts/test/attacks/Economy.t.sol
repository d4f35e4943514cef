// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {StakeVault} from "../../src/StakeVault.sol";
import {Receipt as Work, Seat} from "../../src/interfaces/IVerificationRounds.sol";
import {Network} from "../support/Network.sol";

/// @dev Attacks with stake and with fees, by their names; none may pay.
contract EconomyTest is Network {
    /// @dev Whoever knows the entropy has tickets no more: stake counts for rounds submitted later.
    function test_stake_shift_after_entropy__when_stake_moves__then_the_committee_is_the_same() external {
        bytes32 h = _submit(fuzzyId, keccak256("task"));
        vm.roll(rounds.round(h).entropyBlock + 1);
        uint256 snapshot = vm.snapshotState();
        rounds.draw(h);
        Seat[] memory honest = rounds.seats(h);
        vm.revertToState(snapshot);

        _stake(verifiers[0], 1000 ether);
        Agent memory late = _register("late");
        _stake(late, 1000 ether);
        _enrol(late, fuzzyId);
        for (uint256 i = 4; i < 8; ++i) {
            vm.prank(verifiers[i].owner);
            vault.requestUnstake(verifiers[i].id, 1 ether);
        }
        rounds.draw(h);

        Seat[] memory shifted = rounds.seats(h);
        for (uint256 i = 0; i < honest.length; ++i) {
            assertEq(shifted[i].agentId, honest[i].agentId);
        }
    }

    /// @dev A whale whose stake is all locked is met by nearly every ticket; it is passed over once.
    function test_whale_draw_gas__when_nearly_all_weight_is_unusable__then_drawn_and_cheap() external {
        Agent memory whale = _register("whale");
        _stake(whale, 1_000_000 ether);
        _enrol(whale, fuzzyId);
        skip(EPOCH);
        uint256 free = vault.freeStakeOf(whale.id);
        vm.prank(address(rounds));
        vault.lock(whale.id, free, "elsewhere");
        bytes32 h = _submit(fuzzyId, keccak256("task"));
        vm.roll(rounds.round(h).entropyBlock + 1);
        uint256 before = gasleft();
        rounds.draw(h);
        assertLt(before - gasleft(), 1_000_000);
        assertEq(rounds.seats(h).length, 5);
    }

    /// @dev The same stake in four pools is no fourfold whale: its weights add up to what it has.
    function test_whale_draw_gas__when_enrolled_everywhere__then_weight_is_shared() external {
        Agent memory whale = _register("whale");
        _stake(whale, 40 ether);
        uint256 sum;
        uint32 next = vault.currentEpoch() + 1;
        bytes32[4] memory pools =
            [fuzzyId, exactId, profiles.register("third", profile), profiles.register("fourth", profile)];
        for (uint256 i = 0; i < 4; ++i) {
            _enrol(whale, pools[i]);
        }
        for (uint256 i = 0; i < 4; ++i) {
            sum += vault.weightOf(whale.id, pools[i], next);
        }
        assertEq(sum, 40 ether / 1 gwei);
        vm.prank(whale.owner);
        vault.unenrol(whale.id, exactId);
        assertEq(vault.weightOf(whale.id, fuzzyId, next), uint256(40 ether) / 3 / 1 gwei);
    }

    /// @dev The cap on slashes only delays: ten frauds of one period cost what ten frauds cost.
    function test_bulk_fraud_epoch__when_many_at_once__then_each_is_paid_for_in_full() external {
        vault = new StakeVault(
            identity, profiles, exams, EPOCH, UNBONDING, 1000, address(0), guardian, address(this)
        );
        address[] memory courts = new address[](1);
        courts[0] = address(this);
        vault.wire(courts);
        _stake(provider, 10 ether);
        for (uint256 i = 0; i < 10; ++i) {
            vault.lock(provider.id, 0.9 ether, bytes32(i));
        }
        vm.prank(provider.owner);
        vault.requestUnstake(provider.id, 10 ether);
        for (uint256 i = 0; i < 10; ++i) {
            vault.release(provider.id, 0.9 ether, 0.9 ether, bytes32(i));
        }
        assertEq(vault.burned(), 1 ether, "the cap of this period");
        assertEq(vault.freeStakeOf(provider.id), 1 ether, "and nothing of the rest is free");

        skip(UNBONDING);
        vm.prank(provider.owner);
        vault.withdraw(provider.id);
        for (uint256 period = 1; period < 9; ++period) {
            vault.collect(provider.id);
            assertEq(vault.burned(), (period + 1) * 1 ether);
            skip(UNBONDING);
        }
        assertEq(vault.deferredOf(provider.id), 0);
        assertEq(provider.owner.balance, 1 ether);
        assertEq(vault.burned(), 9 ether, "all ten");
    }

    /// @dev Work that a provider has verified for itself: the fee is spent, and nothing is learned of it.
    function test_self_task_farm__when_the_client_is_the_provider__then_no_good_evidence() external {
        Work memory own = _receipt(fuzzyId, keccak256("own task"));
        own.client = provider.owner;
        _finish(own, provider.owner);
        assertEq(ledger.scoreOf(provider.id, _domain(fuzzyId, "provider")).alpha, 0);
    }

    /// @dev Through a friend's address it does count, and costs the whole fee: but for the tip none comes back.
    function test_self_task_farm__when_through_another_address__then_every_point_costs_a_fee() external {
        address friend = makeAddr("friend");
        Work memory own = _receipt(fuzzyId, keccak256("own task"));
        own.client = friend;
        _finish(own, friend);
        assertEq(ledger.scoreOf(provider.id, _domain(fuzzyId, "provider")).alpha, profile.evidenceWeight);
        // The provider finished the round itself: for that anybody earns the tip.
        assertEq(friend.balance + rounds.creditOf(friend), 0);
        assertEq(rounds.creditOf(provider.owner), profile.tip);
    }

    function _finish(Work memory receipt, address payer) private {
        uint256 fee = _fee();
        vm.deal(payer, fee);
        bytes memory signature = _sign(receipt, provider.key);
        vm.prank(payer);
        bytes32 h =
            router.verify{value: fee}(receipt, signature, _taskURI(receipt.taskHash), keccak256("nonce"));
        _taskOf[h] = receipt.taskHash;
        _draw(h);
        _commitAll(h, 0, _digests(0, 0, 0, 0, 0));
        _openAll(h, 0, _digests(0, 0, 0, 0, 0));
        _advance(h);
        _publish(h, OUTPUT);
    }
}
