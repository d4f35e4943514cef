// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Family, Profile} from "../interfaces/IProfileRegistry.sol";
import {IVerificationRounds, Phase, Verdict} from "../interfaces/IVerificationRounds.sol";
import {Bench, BenchLib} from "../libraries/Bench.sol";
import {Digest} from "../libraries/Digest.sol";
import {Fees} from "../libraries/Fees.sol";
import {Tally} from "../libraries/Tally.sol";
import {RoundsPublishing} from "./RoundsPublishing.sol";

/// @dev Counting, what follows from it, and publishing.
abstract contract RoundsTally is IVerificationRounds, RoundsPublishing {
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

    /// @inheritdoc IVerificationRounds
    function publish(bytes32 requestHash, bytes32 taskHash, bytes calldata output, bytes32 salt)
        external
        nonReentrant
    {
        bytes32 contentHash = keccak256(output);
        (bytes32 profileId, Profile memory profile) =
            _checkPublication(requestHash, taskHash, contentHash, salt, output.length);

        emit OutputPublished(requestHash, contentHash, salt, output);

        bool isExact = profile.family == Family.Exact;
        // The contract cannot digest the others' bytes: whoever can may say that they are not what was claimed.
        if (!isExact && profile.flagWindow != 0) return _openFlags(requestHash, profile);
        bool isClaimed = !isExact || _isClaimed(_trials[requestHash], output);
        _finalize(requestHash, profileId, profile, isClaimed ? Verdict.Accepted : Verdict.Rejected);
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

        Count memory count = _count(level, marks, profile);
        if (_record(requestHash, c, level, profile, count)) {
            _finalize(requestHash, profileId, profile, c.head.verdict);
        }
    }

    function _count(Level storage level, Marks memory marks, Profile memory profile)
        private
        returns (Count memory count)
    {
        Bench bench = level.bench;
        count.opened = bench.openedSeats();
        Tally.Poll memory poll = Tally.Poll({
            digests: _digests(level, bench, marks),
            opened: count.opened,
            claimed: bench.hasOpened(BenchLib.PROVIDER_BIT),
            claim: _digestAt(level, marks, BenchLib.PROVIDER_BIT),
            void: profile.voidDigests ? Digest.implausible(level.key) : bytes32(0),
            tolerance: profile.tolerance,
            quorum: bench.quorum()
        });
        (count.verdict, count.agreeing, count.cluster) = Tally.decide(poll);
        // It counts as not opened, whenever one asks again.
        if (poll.claimed && Tally.isVoid(poll, poll.claim)) level.bench = bench.withoutClaim();
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

    /// @dev Whether what the provider claimed, at each level at which it did, is the output's digest.
    function _isClaimed(Trial storage c, bytes calldata output) private view returns (bool) {
        for (uint256 i = 0; i <= c.head.level; ++i) {
            Level storage level = c.levels[i];
            if (!level.bench.hasOpened(BenchLib.PROVIDER_BIT)) continue;
            if (Digest.exact(level.key, output) != _claimAt(level)) return false;
        }
        return true;
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

    /// @dev Of a level of the exact family that was counted: no digest of it is zero.
    function _claimAt(Level storage level) private view returns (bytes32) {
        bytes32 own = level.marks[BenchLib.PROVIDER_BIT];
        return own != 0 ? own : level.batch;
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
