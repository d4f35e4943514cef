// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Family, Profile} from "../interfaces/IProfileRegistry.sol";
import {IVerificationRounds, Phase, Verdict} from "../interfaces/IVerificationRounds.sol";
import {Attestations} from "../libraries/Attestations.sol";
import {Bench, BenchLib} from "../libraries/Bench.sol";
import {Digest} from "../libraries/Digest.sol";
import {Fees} from "../libraries/Fees.sol";
import {Tally} from "../libraries/Tally.sol";
import {RoundsEnd} from "./RoundsEnd.sol";

/// @dev Counting, and what follows from it.
abstract contract RoundsTally is IVerificationRounds, RoundsEnd {
    /// @dev Digests on their way to being counted, by bit. Bits of `batched` hold a commitment of the batch
    /// until they are `fresh`.
    struct Marks {
        bytes32[] digests;
        uint256 fresh;
        uint256 batched;
    }

    /// @dev What the count of a level gave.
    struct Count {
        Verdict verdict;
        uint256 opened;
        uint256 agreeing;
        uint256 cluster;
    }

    /// @dev `advance` of a level that sits, or was counted and accepted for good.
    function _advance(bytes32 requestHash) internal nonReentrant {
        Phase phase = _phase(requestHash);
        Trial storage c = _trials[requestHash];
        Bench bench = c.levels[c.head.level].bench;
        if (phase == Phase.Tallying) {
            Marks memory none;
            return _tally(requestHash, none);
        }
        if (phase == Phase.Publishing) {
            (bytes32 profileId, Profile memory profile) = _profileOf(c);
            _requireClosed(requestHash, bench.openClosesAt() + profile.publishWindow);
            return _finalize(requestHash, profileId, profile, Verdict.Rejected);
        }
        if (phase == Phase.Appealing) _requireClosed(requestHash, bench.openClosesAt());
        if (phase == Phase.Committing) _requireClosed(requestHash, bench.commitClosesAt());
        if (phase == Phase.Opening) _requireClosed(requestHash, bench.openClosesAt());
        _requirePhase(requestHash, Phase.Tallying);
    }

    /// @dev True if `advance` is `CourtDraws`': of a level that was not drawn yet, or was counted, or of what was
    /// published.
    function _isBetweenLevels(bytes32 requestHash) internal view returns (bool) {
        Phase phase = _phase(requestHash);
        if (phase == Phase.Flagging || phase == Phase.Voting) return true;
        if (phase != Phase.Tallying) return phase == Phase.Drawing;
        Trial storage c = _trials[requestHash];
        return c.levels[c.head.level].bench.verdict() != Verdict.None;
    }

    /// @dev Counts the openings; an accepted round goes on to publishing.
    /// @param marks digests that are not stored. The provider's is, if publishing will need it.
    function _tally(bytes32 requestHash, Marks memory marks) internal {
        Trial storage c = _trials[requestHash];
        (bytes32 profileId, Profile memory profile) = _profileOf(c);
        Level storage level = c.levels[c.head.level];
        _keep(level, marks, marks.fresh & ~marks.batched);
        // Publishing will need the claim; the batch has served, and its slot is there.
        bool relayed = ((marks.fresh & marks.batched) >> BenchLib.PROVIDER_BIT) & 1 == 1;
        if (relayed && profile.family == Family.Exact) {
            level.batch = marks.digests[BenchLib.PROVIDER_BIT];
        }

        bytes32 key = _keyOf(requestHash, c.head.level);
        (Count memory count, bytes32[] memory digests) = _count(level, marks, profile, key);
        if (_isDecisive(count.verdict)) {
            Attestations.Count memory a =
                Attestations.Count(requestHash, c.docket.agentId, profileId, key, count.agreeing);
            _aggregate(a, c, level, digests, count);
        }
        if (_record(requestHash, c, level, profile, count)) {
            _finalize(requestHash, profileId, profile, c.head.verdict);
        }
    }

    function _count(Level storage level, Marks memory marks, Profile memory profile, bytes32 key)
        private
        returns (Count memory count, bytes32[] memory digests)
    {
        Bench bench = level.bench;
        digests = _digests(level, bench, marks);
        count.opened = bench.openedSeats();
        Tally.Poll memory poll = Tally.Poll({
            digests: digests,
            opened: count.opened,
            claimed: bench.hasOpened(BenchLib.PROVIDER_BIT),
            claim: _digestAt(level, marks, BenchLib.PROVIDER_BIT),
            void: profile.voidDigests ? Digest.implausible(key) : bytes32(0),
            tolerance: profile.tolerance,
            quorum: bench.quorum()
        });
        (count.verdict, count.agreeing, count.cluster) = Tally.decide(poll);
        // It counts as not opened, whenever one asks again.
        if (poll.claimed && Tally.isVoid(poll, poll.claim)) level.bench = bench.withoutClaim();
    }

    /// @dev ERC-8294. A seat whose enrolment changed since the draw is left out: who was selected is not who
    /// would stand there.
    function _aggregate(
        Attestations.Count memory a,
        Trial storage c,
        Level storage level,
        bytes32[] memory digests,
        Count memory count
    ) private {
        uint256[] memory agentIds = new uint256[](digests.length);
        for (uint256 seat = 0; seat < digests.length; ++seat) {
            agentIds[seat] = _agentAt(level, seat);
        }
        address[] memory validators = _vault.operatorsOf(a.profileId, agentIds, c.head.sortitionEpoch);
        uint256 kept;
        for (uint256 seat = 0; seat < digests.length; ++seat) {
            address validator = validators[seat];
            if ((count.opened >> seat) & 1 == 0 || validator == address(0)) continue;
            // In the digests' own places: those before this seat are not needed any more.
            digests[kept] = Attestations.leaf(a, seat, validator, digests[seat]);
            validators[kept++] = validator;
        }
        assembly ("memory-safe") {
            mstore(validators, kept)
        }
        emit AttestationsAggregated(
            a.requestHash,
            validators,
            Attestations.root(digests, kept),
            count.verdict == Verdict.Accepted ? 100 : 0
        );
    }

    /// @return ends true if nothing can follow but the end.
    function _record(
        bytes32 requestHash,
        Trial storage c,
        Level storage level,
        Profile memory profile,
        Count memory count
    ) private returns (bool ends) {
        Head memory head = c.head;
        // What decides nothing leaves the last decision standing.
        bool decides = head.level == 0 || _isDecisive(count.verdict) || !_isDecisive(head.verdict);
        Verdict stands = decides ? count.verdict : head.verdict;
        bool appealable = _isAppealable(head, profile);
        ends = !appealable && stands != Verdict.Accepted;
        uint256 closesAt = block.timestamp + (appealable ? profile.appealWindow : 0);
        Phase phase = appealable ? Phase.Appealing : ends ? Phase.Final : Phase.Publishing;
        level.bench = level.bench.counted(count.verdict, count.cluster, phase, closesAt);
        if (appealable || ends || head.level != 0) {
            _keepStanding(c, stands, appealable && profile.auditBps != 0);
        }
        uint256 publishClosesAt = stands == Verdict.Accepted ? closesAt + profile.publishWindow : 0;
        _emitTallied(requestHash, head.level, count, appealable ? closesAt : 0, publishClosesAt);
    }

    function _emitTallied(
        bytes32 requestHash,
        uint8 level,
        Count memory count,
        uint256 appealClosesAt,
        uint256 publishClosesAt
    ) private {
        emit Tallied(
            requestHash,
            level,
            count.verdict,
            count.opened,
            count.agreeing,
            count.cluster,
            appealClosesAt,
            publishClosesAt
        );
    }

    function _keepStanding(Trial storage c, Verdict stands, bool audited) private {
        c.head.verdict = stands;
        if (!audited || !_isDecisive(stands)) return;
        c.head.flags |= AUDIT_DUE;
        c.head.entropyBlock = uint32(block.number + ENTROPY_DELAY);
    }

    function _digests(Level storage level, Bench bench, Marks memory marks)
        private
        view
        returns (bytes32[] memory digests)
    {
        uint256 count = bench.seatCount();
        digests = new bytes32[](count);
        for (uint256 seat = 0; seat < count; ++seat) {
            if (bench.hasOpened(seat)) digests[seat] = _digestAt(level, marks, seat);
        }
    }

    function _digestAt(Level storage level, Marks memory marks, uint256 bit) private view returns (bytes32) {
        return (marks.fresh >> bit) & 1 == 1 ? marks.digests[bit] : level.marks[bit];
    }

    /// @dev Stores the digests of some bits.
    function _keep(Level storage level, Marks memory marks, uint256 bits) internal {
        for (uint256 bit = 0; bits >> bit != 0; ++bit) {
            if ((bits >> bit) & 1 == 1) level.marks[bit] = marks.digests[bit];
        }
    }

    /// @dev For a window that `_phase` still holds open: says until when.
    function _requireClosed(bytes32 requestHash, uint256 closesAt) private view {
        require(block.timestamp >= closesAt, RoundWindowOpen(requestHash, closesAt));
    }
}
