// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Family, Profile} from "../interfaces/IProfileRegistry.sol";
import {IVerificationRounds, Phase, Verdict} from "../interfaces/IVerificationRounds.sol";
import {AgentAuth} from "../libraries/AgentAuth.sol";
import {Bench, BenchLib} from "../libraries/Bench.sol";
import {Digest} from "../libraries/Digest.sol";
import {Domains} from "../libraries/Domains.sol";
import {Tally} from "../libraries/Tally.sol";
import {RoundsBase} from "./RoundsBase.sol";
import {LibBit} from "solady/utils/LibBit.sol";

/// @dev Counting, publishing, and the end of a round: the registry's answer, the provider's account and the
/// fee. The seats' accounts are `CourtSettlement`'s.
/// Balance = Σ credits + Σ fees of rounds that are not final + Σ fees of clusters not settled + burned.
abstract contract RoundsTally is IVerificationRounds, RoundsBase {
    /// @dev Digests on their way to being counted, by bit. Bits of `batched` hold a commitment of the batch
    /// until they are `fresh`.
    struct Marks {
        bytes32[] digests;
        uint256 fresh;
        uint256 batched;
    }

    /// @inheritdoc IVerificationRounds
    function advance(bytes32 requestHash) external nonReentrant {
        Phase phase = _phase(requestHash);
        if (phase == Phase.Tallying) {
            Marks memory none;
            return _tally(requestHash, none);
        }
        Trial storage c = _trials[requestHash];
        Bench bench = c.levels[c.head.level].bench;
        if (phase == Phase.Publishing) {
            (bytes32 profileId, Profile memory profile) = _profileOf(c);
            _requireClosed(requestHash, bench.openClosesAt() + profile.publishWindow);
            return _finalize(requestHash, profileId, profile, Verdict.Rejected);
        }
        if (phase == Phase.Committing) _requireClosed(requestHash, bench.commitClosesAt());
        if (phase == Phase.Opening) _requireClosed(requestHash, bench.openClosesAt());
        _requirePhase(requestHash, Phase.Tallying);
    }

    /// @inheritdoc IVerificationRounds
    function publish(bytes32 requestHash, bytes32 taskHash, bytes calldata output, bytes32 salt)
        external
        nonReentrant
    {
        _requirePhase(requestHash, Phase.Publishing);
        Trial storage c = _trials[requestHash];
        uint256 agentId = c.docket.agentId;
        require(AgentAuth.isOperator(_identity, agentId, msg.sender), OutputNotProvider(agentId, msg.sender));
        (bytes32 profileId, Profile memory profile) = _profileOf(c);
        Level storage level = c.levels[c.head.level];
        uint256 closesAt = level.bench.openClosesAt() + profile.publishWindow;
        require(block.timestamp < closesAt, RoundWindowClosed(requestHash, closesAt));
        require(
            output.length <= profile.maxOutputBytes, OutputTooLarge(output.length, profile.maxOutputBytes)
        );
        bytes32 contentHash = keccak256(output);
        bytes32 sealedHash = keccak256(abi.encode(salt, contentHash));
        bytes32 workId = _workId(agentId, profileId, taskHash, sealedHash);
        require(_roundOfWork[workId] == requestHash, OutputHashMismatch(requestHash, sealedHash));

        emit OutputPublished(requestHash, contentHash, salt, output);

        bool isClaimed = profile.family != Family.Exact || Digest.exact(level.key, output) == _claimAt(level);
        _finalize(requestHash, profileId, profile, isClaimed ? Verdict.Accepted : Verdict.Rejected);
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

        Verdict verdict = _count(requestHash, level, marks, profile, c.head.level);
        if (verdict != Verdict.Accepted) _finalize(requestHash, profileId, profile, verdict);
    }

    function _count(
        bytes32 requestHash,
        Level storage level,
        Marks memory marks,
        Profile memory profile,
        uint8 number
    ) private returns (Verdict verdict) {
        Bench bench = level.bench;
        uint256 agreeing;
        uint256 cluster;
        (verdict, agreeing, cluster) = Tally.decide(
            _digests(level, bench, marks),
            bench.openedSeats(),
            bench.hasOpened(BenchLib.PROVIDER_BIT),
            _digestAt(level, marks, BenchLib.PROVIDER_BIT),
            profile.tolerance,
            bench.quorum()
        );
        bool accepted = verdict == Verdict.Accepted;
        level.bench = bench.counted(verdict, cluster, accepted ? Phase.Publishing : Phase.Final);
        uint256 closesAt = accepted ? block.timestamp + profile.publishWindow : 0;

        emit Tallied(requestHash, number, verdict, bench.openedSeats(), agreeing, cluster, 0, closesAt);
    }

    /// @dev The end of a round, once.
    // The phase is final before any call; vault and ledger are ours and call nobody.
    // slither-disable-next-line reentrancy-no-eth
    function _finalize(bytes32 requestHash, bytes32 profileId, Profile memory profile, Verdict verdict)
        internal
    {
        Trial storage c = _trials[requestHash];
        Head memory head = c.head;
        (c.head.phase, c.head.verdict) = (Phase.Final, verdict);

        _settleFee(c, head, profile, verdict);
        _settleProvider(requestHash, c.docket, profileId, profile, verdict, head.selfVerified);

        string memory tag = _tagOf(verdict);
        emit RoundFinalized(requestHash, verdict, tag, msg.sender);

        uint8 response = verdict == Verdict.Accepted ? 100 : 0;
        _validation.validationResponse(requestHash, response, "", bytes32(0), tag);
    }

    function _settleProvider(
        bytes32 requestHash,
        Docket memory docket,
        bytes32 profileId,
        Profile memory profile,
        Verdict verdict,
        bool selfVerified
    ) private {
        bool rejected = verdict == Verdict.Rejected;
        uint256 slashed = rejected ? _share(profile.providerBond, profile.slashRejectedBps) : 0;

        emit ProviderSettled(requestHash, docket.agentId, slashed);

        _vault.release(docket.agentId, profile.providerBond, slashed, requestHash);
        uint64 good = verdict == Verdict.Accepted && !selfVerified ? profile.evidenceWeight : 0;
        uint64 bad = rejected ? profile.evidenceWeight : 0;
        if (good | bad == 0) return;
        _ledger.record(docket.agentId, docket.provider, Domains.provider(profileId), good, bad);
    }

    /// @dev Fees of the cluster, and of seats that did not open, wait for whoever settles them; the rest goes
    /// back to the payer if the round expired, and to nobody else.
    function _settleFee(Trial storage c, Head memory head, Profile memory profile, Verdict verdict) private {
        Bench bench = c.levels[head.level].bench;
        uint256 waiting;
        if (verdict != Verdict.Expired) {
            waiting = bench.seatCount() - bench.openedCount() + LibBit.popCount(bench.cluster());
        }
        uint256 rest = uint256(profile.seatFee) * (profile.committeeSize - waiting);
        if (verdict == Verdict.Expired) _credit(head.payer, rest);
        else if (rest != 0) _totals.burned += uint128(rest);
        _credit(msg.sender, profile.tip);
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

    function _tagOf(Verdict verdict) private pure returns (string memory) {
        if (verdict == Verdict.Expired) return "vni:timeout";
        if (verdict == Verdict.Inconclusive) return "vni:x-inconclusive";
        return "vni:ok";
    }
}
