// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICourtRecord} from "../../src/interfaces/ICourtRecord.sol";
import {IValidationRegistry} from "../../src/interfaces/IValidationRegistry.sol";
import {
    IVerificationRounds,
    Receipt as Work,
    Seat,
    Verdict
} from "../../src/interfaces/IVerificationRounds.sol";
import {Network} from "../support/Network.sol";

/// @dev Draws only if it likes the committee, and undoes the draw otherwise.
contract PickyDrawer {
    function drawUnless(IVerificationRounds rounds, bytes32 h, uint256 agentId) external {
        rounds.draw(h);
        Seat[] memory seats = rounds.seats(h);
        for (uint256 i = 0; i < seats.length; ++i) {
            require(seats[i].agentId != agentId, "not that one");
        }
    }
}

/// @dev Attacks by their names; none may pay.
contract AttacksTest is Network {
    /// @dev A verifier sold between opening and the end: the buyer gets the fee with the agent, but not
    /// the seller's good name.
    function test_sale_during_lock__when_verifier_is_sold__then_good_evidence_does_not_pass() external {
        bytes32 h = _drawn(fuzzyId);
        _commitAll(h, 0, _digests(0, 0, 0, 0, 7 << 100));
        _openAll(h, 0, _digests(0, 0, 0, 0, 7 << 100));
        uint256 sold = _agentIn(h, 2);
        address seller = _ownerOf(sold);
        address buyer = makeAddr("buyer");
        vm.prank(seller);
        identity.transferFrom(seller, buyer, sold);

        _advance(h);
        _publish(h, OUTPUT);
        _settle(h);

        assertEq(rounds.creditOf(buyer), profile.seatFee);
        assertEq(ledger.scoreOf(sold, _domain(fuzzyId, "verifier")).alpha, 0, "bought a good name");
        assertEq(ledger.scoreOf(_agentIn(h, 1), _domain(fuzzyId, "verifier")).alpha, profile.evidenceWeight);
    }

    function test_sale_during_lock__when_verifier_is_sold__then_bad_evidence_and_slash_stay() external {
        bytes32 h = _drawn(fuzzyId);
        uint256 sold = _agentIn(h, 2);
        uint256 stake = _stakeOf(sold);
        address seller = _ownerOf(sold);
        vm.prank(seller);
        identity.transferFrom(seller, makeAddr("buyer"), sold);
        vm.warp(rounds.round(h).commitClosesAt);
        _advance(h);
        _settle(h);

        assertEq(ledger.scoreOf(sold, _domain(fuzzyId, "verifier")).beta, profile.evidenceWeight);
        assertEq(_stakeOf(sold), stake - 0.05 ether);
    }

    /// @dev A draw that a wrapper undoes is drawn by the next caller, the same.
    function test_draw_revert_wrapper__when_undone__then_the_next_draws_the_same() external {
        bytes32 h = _submit(fuzzyId, keccak256("task"));
        vm.roll(rounds.round(h).entropyBlock + 1);
        uint256 snapshot = vm.snapshotState();
        rounds.draw(h);
        Seat[] memory first = rounds.seats(h);
        bytes32 key = rounds.round(h).key;
        vm.revertToState(snapshot);

        PickyDrawer picky = new PickyDrawer();
        vm.expectRevert("not that one");
        picky.drawUnless(rounds, h, first[0].agentId);
        vm.roll(block.number + 7);
        skip(50);
        rounds.draw(h);

        assertEq(rounds.round(h).key, key);
        Seat[] memory second = rounds.seats(h);
        for (uint256 i = 0; i < first.length; ++i) {
            assertEq(first[i].agentId, second[i].agentId);
        }
    }

    /// @dev Locking its own stake in a bogus round after the entropy is known gives up a seat and wins none.
    function test_bogus_round_lock__when_own_seat_is_dropped__then_the_others_stay() external {
        bytes32 h = _submit(fuzzyId, keccak256("task"));
        vm.roll(rounds.round(h).entropyBlock + 1);
        uint256 snapshot = vm.snapshotState();
        rounds.draw(h);
        Seat[] memory first = rounds.seats(h);
        vm.revertToState(snapshot);

        uint256 dropped = first[1].agentId;
        uint256 free = vault.freeStakeOf(dropped);
        vm.prank(address(rounds));
        vault.lock(dropped, free, keccak256("bogus"));
        rounds.draw(h);

        Seat[] memory second = rounds.seats(h);
        assertEq(second[0].agentId, first[0].agentId);
        for (uint256 i = 2; i < first.length; ++i) {
            assertEq(second[i - 1].agentId, first[i].agentId);
        }
        assertNotEq(second[first.length - 1].agentId, dropped, "who gives up a seat earns none");
    }

    /// @dev Nor is anybody else's bond locked: a round takes a receipt that the provider signed.
    function test_bogus_round_lock__when_the_provider_signed_nothing__then_its_bond_is_free() external {
        Work memory forged = _receipt(fuzzyId, keccak256("task"));
        bytes memory signature = _sign(forged, verifiers[0].key);
        uint256 fee = _fee();
        uint256 before = client.balance;
        vm.prank(client);
        vm.expectPartialRevert(ICourtRecord.ReceiptSignerNotOperator.selector);
        router.verify{value: fee}(forged, signature, _taskURI(forged.taskHash), keccak256("nonce"));
        assertEq(vault.stakeOf(provider.id).locked, 0);
        assertEq(client.balance, before);
    }

    /// @dev Somebody takes the request's hash first: another nonce gives another hash.
    function test_squatted_hash__when_taken__then_another_nonce_works() external {
        Work memory receipt = _receipt(fuzzyId, keccak256("task"));
        bytes memory signature = _sign(receipt, provider.key);
        bytes32 taken = rounds.requestHashOf(receipt, keccak256("nonce"));
        vm.prank(verifiers[0].owner);
        validation.validationRequest(address(rounds), verifiers[0].id, "", taken);

        uint256 fee = _fee();
        vm.startPrank(client);
        vm.expectRevert(abi.encodeWithSelector(IValidationRegistry.ValidationRequestExists.selector, taken));
        router.verify{value: fee}(receipt, signature, _taskURI(receipt.taskHash), keccak256("nonce"));
        bytes32 h =
            router.verify{value: fee}(receipt, signature, _taskURI(receipt.taskHash), keccak256("another"));
        vm.stopPrank();
        assertEq(rounds.round(h).agentId, provider.id);
    }

    /// @dev The signer's right is asked for when the receipt is used, not when it was signed.
    function test_stale_receipt__when_signer_lost_the_agent__then_refused() external {
        Work memory receipt = _receipt(fuzzyId, keccak256("task"));
        bytes memory signature = _sign(receipt, provider.key);
        address buyer = makeAddr("buyer");
        vm.prank(provider.owner);
        identity.transferFrom(provider.owner, buyer, provider.id);
        vm.prank(buyer);
        identity.approve(address(router), provider.id);

        uint256 fee = _fee();
        vm.prank(client);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICourtRecord.ReceiptSignerNotOperator.selector, provider.id, provider.owner
            )
        );
        router.verify{value: fee}(receipt, signature, _taskURI(receipt.taskHash), keccak256("nonce"));
    }

    /// @dev Whoever is drawn may have asked for all its stake back long ago: it stays until the end.
    function test_unstake_before_slash__when_unbonded_but_locked__then_slashed_all_the_same() external {
        bytes32 h = _submit(fuzzyId, keccak256("task"));
        for (uint256 i = 0; i < verifiers.length; ++i) {
            uint256 bonded = vault.stakeOf(verifiers[i].id).bonded;
            vm.prank(verifiers[i].owner);
            vault.requestUnstake(verifiers[i].id, bonded);
        }
        _draw(h);
        skip(UNBONDING);
        for (uint256 i = 0; i < verifiers.length; ++i) {
            vm.prank(verifiers[i].owner);
            vault.withdraw(verifiers[i].id);
        }
        _advance(h);
        _settle(h);

        Seat[] memory seats = rounds.seats(h);
        for (uint256 i = 0; i < seats.length; ++i) {
            assertEq(_stakeOf(seats[i].agentId), 0.45 ether);
        }
        assertEq(address(vault).balance, 10 ether + 5 * 0.45 ether + vault.burned());
    }

    function test_late_commit__when_in_the_last_second__then_counts_and_not_one_later() external {
        bytes32 h = _drawn(fuzzyId);
        uint256 closes = rounds.round(h).commitClosesAt;
        vm.warp(closes - 1);
        for (uint8 seat = 0; seat < 4; ++seat) {
            _commit(h, seat, 0);
        }
        _commit(h, PROVIDER_SEAT, 0);
        vm.warp(closes);
        for (uint8 seat = 0; seat < 3; ++seat) {
            _open(h, seat, 0);
        }
        vm.warp(rounds.round(h).openClosesAt - 1);
        _open(h, PROVIDER_SEAT, 0);
        vm.expectPartialRevert(ICourtRecord.RoundWindowOpen.selector);
        rounds.advance(h);
        skip(1);
        _advance(h);
        vm.warp(rounds.round(h).publishClosesAt - 1);
        vm.expectPartialRevert(ICourtRecord.RoundWindowOpen.selector);
        rounds.advance(h);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
    }
}
