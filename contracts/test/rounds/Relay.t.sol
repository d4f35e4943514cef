// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICourtRecord} from "../../src/interfaces/ICourtRecord.sol";
import {
    Batched,
    Opening,
    Phase,
    Round,
    Seat,
    SeatState,
    SignedCommitment,
    Verdict
} from "../../src/interfaces/IVerificationRounds.sol";
import {Network} from "../support/Network.sol";

/// @dev What a relayer posts for others, and what it can and cannot do to them.
contract RelayTest is Network {
    function testFuzz_hashCommitment__then_as_eip712_says(
        bytes32 h,
        uint8 level,
        uint8 seat,
        uint256 agentId,
        bytes32 key,
        bytes32 commitment
    ) external view {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Assay"),
                keccak256("1"),
                block.chainid,
                address(rounds)
            )
        );
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "Commitment(bytes32 requestHash,uint8 level,uint8 seat,uint256 agentId,bytes32 key,bytes32 commitment)"
                ),
                h,
                level,
                seat,
                agentId,
                key,
                commitment
            )
        );
        assertEq(
            rounds.hashCommitment(h, level, seat, agentId, key, commitment),
            keccak256(abi.encodePacked("\x19\x01", domain, structHash))
        );
    }

    function test_relay__when_a_whole_committee_is_posted__then_counted_at_once() external {
        bytes32 h = _drawn(fuzzyId);
        _commitMany(h, "digest");
        assertEq(uint8(rounds.phaseOf(h)), uint8(Phase.Opening), "all have committed");
        assertEq(rounds.round(h).committed, 5);
        _openMany(h, "digest");
        assertEq(uint8(rounds.phaseOf(h)), uint8(Phase.Publishing), "counted without advance");
        assertEq(rounds.round(h).cluster, 31);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        for (uint8 seat = 0; seat < 5; ++seat) {
            assertEq(rounds.creditOf(_ownerOf(_agentIn(h, seat))), profile.seatFee);
        }
    }

    function test_relay__when_the_family_is_exact__then_the_claim_is_kept_for_publishing() external {
        bytes32 h = _drawn(exactId);
        bytes32 claim = keccak256(abi.encodePacked(rounds.round(h).key, OUTPUT));
        _commitMany(h, claim);
        _openMany(h, claim);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
    }

    /// @dev Each of the six, the provider among them, relayed or by itself.
    function test_relay__when_mixed_with_own_posts__then_the_same_verdict() external {
        bytes32 h = _drawn(fuzzyId);
        for (uint256 plan = 0; plan < 64; ++plan) {
            uint256 drawn = vm.snapshotState();
            _mix(h, plan);
            vm.revertToState(drawn);
        }
    }

    function _mix(bytes32 h, uint256 plan) private {
        uint8[6] memory all = [0, 1, 2, 3, 4, PROVIDER_SEAT];
        for (uint256 i = 0; i < 6; ++i) {
            if ((plan >> i) & 1 == 0) _commit(h, all[i], "digest");
            else _relay(h, _one(_signedCommitment(h, all[i], "digest")));
        }
        for (uint256 i = 0; i < 6; ++i) {
            if ((plan >> i) & 1 == 0) _open(h, all[i], "digest");
            else _openAlone(h, all[i]);
        }
        if (rounds.phaseOf(h) == Phase.Tallying) _advance(h);
        assertEq(uint8(rounds.phaseOf(h)), uint8(Phase.Publishing));
        assertEq(rounds.round(h).cluster, 31);
        Seat[] memory seats = rounds.seats(h);
        for (uint256 i = 0; i < 5; ++i) {
            assertEq(uint8(seats[i].state), uint8(SeatState.Opened));
            bool last = (plan >> 5) & 1 == 0 && i == 4;
            assertTrue(seats[i].digest == "digest" || seats[i].digest == 0 || last);
        }
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
    }

    function test_relay__when_batch_is_not_the_recorded_one__then_refused() external {
        bytes32 h = _drawn(fuzzyId);
        _commitMany(h, "digest");
        Opening[] memory entries = new Opening[](1);
        entries[0] = _opening(h, 0, "digest");
        Batched[] memory batch = _batches[h];
        (batch[0], batch[1]) = (batch[1], batch[0]);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.SeatBatchMismatch.selector, h, 0));
        rounds.openMany(h, 0, entries, batch);
        batch = _batches[h];
        batch[2].seat = 200;
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.SeatBatchMismatch.selector, h, 0));
        rounds.openMany(h, 0, entries, batch);
        vm.expectEmit();
        emit ICourtRecord.EntrySkipped(h, 0, 0, ICourtRecord.SeatCommitmentMismatch.selector);
        rounds.openMany(h, 0, entries, new Batched[](0));
    }

    function test_relay__when_the_phase_or_level_is_another__then_refused() external {
        bytes32 h = _drawn(fuzzyId);
        SignedCommitment[] memory one = _one(_signedCommitment(h, 0, "digest"));
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.LevelUnknown.selector, h, 1));
        rounds.commitMany(h, 1, one);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.LevelUnknown.selector, h, 4));
        rounds.commitMany(h, 4, one);
        vm.warp(rounds.round(h).commitClosesAt);
        vm.expectPartialRevert(ICourtRecord.RoundWrongPhase.selector);
        rounds.commitMany(h, 0, one);
    }

    // ------------------------------------------------------------------ attacks

    /// @dev One poisoned entry of each kind; the others count all the same.
    function test_poison_batch__when_entries_are_bad__then_only_they_are_skipped() external {
        bytes32 h = _drawn(fuzzyId);
        SignedCommitment[] memory entries = new SignedCommitment[](7);
        entries[0] = _signedCommitment(h, 0, "digest");
        entries[1] = _signedCommitment(h, 0, "another"); // twice
        entries[2] = _signedCommitment(h, 1, "digest");
        entries[2].commitment = 0; // empty
        entries[3] = _signedCommitment(h, 2, "digest");
        entries[3].r = ~entries[3].r; // forged
        entries[4] = _signedCommitment(h, 2, "digest");
        entries[4].seat = 3; // another's seat
        entries[5] = _signedCommitment(h, 4, "digest");
        entries[5].seat = 77; // nobody's
        entries[6] = _signedCommitment(h, 4, "digest");
        _expectSkipped(h, 0, ICourtRecord.SeatAlreadyCommitted.selector);
        _expectSkipped(h, 1, ICourtRecord.SeatCommitmentEmpty.selector);
        _expectSkipped(h, 2, ICourtRecord.SeatSignerNotOperator.selector);
        _expectSkipped(h, 3, ICourtRecord.SeatSignerNotOperator.selector);
        _expectSkipped(h, 77, ICourtRecord.SeatUnknown.selector);
        rounds.commitMany(h, 0, entries);
        assertEq(rounds.round(h).committed, 2);
        _batches[h].push(Batched(0, entries[0].commitment));
        _batches[h].push(Batched(4, entries[6].commitment));

        for (uint8 seat = 1; seat < 4; ++seat) {
            _commit(h, seat, "digest");
        }
        _commit(h, PROVIDER_SEAT, "digest");
        Opening[] memory openings = new Opening[](5);
        openings[0] = _opening(h, 0, "digest");
        openings[1] = _opening(h, 0, "digest"); // twice
        openings[2] = _opening(h, 1, "guess");
        openings[3] = _opening(h, 99, "digest");
        openings[4] = _opening(h, 4, "digest");
        _expectSkipped(h, 0, ICourtRecord.SeatAlreadyOpened.selector);
        _expectSkipped(h, 1, ICourtRecord.SeatCommitmentMismatch.selector);
        _expectSkipped(h, 99, ICourtRecord.SeatUnknown.selector);
        rounds.openMany(h, 0, openings, _batches[h]);
        assertEq(rounds.round(h).opened, 2);
    }

    /// @dev Rubbish before, between and behind those that complete the committee changes nothing: the window
    /// ends once, in that block, and what is opened is what was posted.
    function test_poison_batch__when_it_completes_the_committee__then_the_window_ends_once() external {
        bytes32 h = _drawn(fuzzyId);
        for (uint8 seat = 0; seat < 4; ++seat) {
            _commit(h, seat, "digest");
        }
        SignedCommitment[] memory entries = new SignedCommitment[](6);
        entries[0] = _signedCommitment(h, 0, "another"); // its seat posted for itself
        entries[1] = _signedCommitment(h, 4, "digest");
        entries[2] = _signedCommitment(h, 4, "digest");
        entries[2].seat = 47; // the provider's bit is no seat
        entries[3] = _signedCommitment(h, PROVIDER_SEAT, "digest");
        entries[4] = _signedCommitment(h, PROVIDER_SEAT, "another"); // twice
        entries[5] = _signedCommitment(h, 4, "another"); // all have
        _expectSkipped(h, 0, ICourtRecord.SeatAlreadyCommitted.selector);
        _expectSkipped(h, 47, ICourtRecord.SeatUnknown.selector);
        _expectSkipped(h, PROVIDER_SEAT, ICourtRecord.SeatAlreadyCommitted.selector);
        _expectSkipped(h, 4, ICourtRecord.SeatAlreadyCommitted.selector);
        rounds.commitMany(h, 0, entries);
        Round memory r = rounds.round(h);
        assertEq(uint8(r.phase), uint8(Phase.Opening));
        assertEq(r.commitClosesAt, block.timestamp);
        assertEq(r.openClosesAt, block.timestamp + profile.openWindow);
        vm.expectRevert(
            abi.encodeWithSelector(ICourtRecord.RoundWrongPhase.selector, h, Phase.Opening, Phase.Committing)
        );
        rounds.commitMany(h, 0, entries);

        _batches[h].push(Batched(4, entries[1].commitment));
        _batches[h].push(Batched(PROVIDER_SEAT, entries[3].commitment));
        _openMany(h, "digest");
        assertEq(uint8(rounds.phaseOf(h)), uint8(Phase.Publishing));
        assertEq(rounds.round(h).cluster, 31);
    }

    /// @dev A relayer that takes commitments and posts nothing, or posts those and none of the openings,
    /// changes nothing: each seat can always post its own.
    function test_relay_silence__when_nothing_is_posted__then_seats_post_for_themselves() external {
        bytes32 h = _drawn(fuzzyId);
        _signedCommitment(h, 0, "digest"); // given to a relayer that sits on it
        _commit(h, 0, "digest");
        for (uint8 seat = 1; seat < 5; ++seat) {
            _relay(h, _one(_signedCommitment(h, seat, "digest")));
        }
        _commit(h, PROVIDER_SEAT, "digest");
        // The relayer is gone; who was in its batch opens with the batch, which is in the events.
        _open(h, 0, "digest");
        for (uint8 seat = 1; seat < 5; ++seat) {
            _openAlone(h, seat);
        }
        _open(h, PROVIDER_SEAT, "digest");
        _advance(h);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        for (uint8 seat = 0; seat < 5; ++seat) {
            assertEq(rounds.creditOf(_ownerOf(_agentIn(h, seat))), profile.seatFee);
        }
        assertEq(vault.burned(), 0);
    }

    /// @dev Posting a signature again, late, or in another order gives nothing and takes nothing.
    function test_relay_replay__when_posted_again__then_skipped() external {
        bytes32 h = _drawn(fuzzyId);
        SignedCommitment[] memory one = _one(_signedCommitment(h, 0, "digest"));
        _commit(h, 0, "mine");
        _expectSkipped(h, 0, ICourtRecord.SeatAlreadyCommitted.selector);
        rounds.commitMany(h, 0, one);
        bytes32 other = _submit(fuzzyId, keccak256("other"));
        _draw(other);
        for (uint8 seat = 0; seat < 5; ++seat) {
            one[0].seat = seat;
            _expectSkipped(other, seat, ICourtRecord.SeatSignerNotOperator.selector);
            rounds.commitMany(other, 0, one);
        }
    }

    /// @dev Told to a relayer or seen in a pool, an opening can be posted by anybody, and only as it is.
    function test_late_opening__when_window_is_over__then_not_even_a_relayer_opens() external {
        bytes32 h = _drawn(fuzzyId);
        _commitMany(h, "digest");
        Opening[] memory one = new Opening[](1);
        one[0] = _opening(h, 0, "digest");
        Round memory r = rounds.round(h);
        vm.warp(r.openClosesAt);
        vm.expectRevert(
            abi.encodeWithSelector(ICourtRecord.RoundWrongPhase.selector, h, Phase.Tallying, Phase.Opening)
        );
        rounds.openMany(h, 0, one, _batches[h]);
        // It is as if they had stayed away: no verdict, the fees go back, and only they pay.
        _advance(h);
        _assertVerdict(h, Verdict.Expired, "vni:timeout", 0);
        assertEq(rounds.creditOf(client), 5 * profile.seatFee);
        assertEq(vault.burned(), 5 * 0.15 ether);
        assertEq(_stakeOf(provider.id), 10 ether);
    }

    // ------------------------------------------------------------------ helpers

    function _one(SignedCommitment memory entry) private pure returns (SignedCommitment[] memory list) {
        list = new SignedCommitment[](1);
        list[0] = entry;
    }

    function _relay(bytes32 h, SignedCommitment[] memory entries) private {
        for (uint256 i = 0; i < entries.length; ++i) {
            _batches[h].push(Batched(entries[i].seat, entries[i].commitment));
        }
        vm.prank(keeper);
        rounds.commitMany(h, 0, entries);
    }

    /// @dev A seat of a batch that posts its own opening.
    function _openAlone(bytes32 h, uint8 seat) private {
        Opening[] memory one = new Opening[](1);
        one[0] = _opening(h, seat, "digest");
        vm.prank(_ownerOf(_agentIn(h, seat)));
        rounds.openMany(h, 0, one, _batches[h]);
    }

    function _expectSkipped(bytes32 h, uint8 seat, bytes4 reason) private {
        vm.expectEmit();
        emit ICourtRecord.EntrySkipped(h, 0, seat, reason);
    }
}
