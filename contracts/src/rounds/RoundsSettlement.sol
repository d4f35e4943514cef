// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Family, Profile} from "../interfaces/IProfileRegistry.sol";
import {IVerificationRounds, Phase, Round, SeatState, Verdict} from "../interfaces/IVerificationRounds.sol";
import {AgentAuth} from "../libraries/AgentAuth.sol";
import {Digest} from "../libraries/Digest.sol";
import {Tally} from "../libraries/Tally.sol";
import {RoundsBase} from "./RoundsBase.sol";

/// @dev Counting, publishing, and what follows from a verdict: money, evidence, the registry's answer.
/// Balance = Σ credits + Σ fees of rounds that are not final + burned.
abstract contract RoundsSettlement is RoundsBase {
    struct Outcome {
        bytes32 requestHash;
        Profile profile;
        Verdict verdict;
        bool openingWasDue; // false if it ended before those who committed were asked to open
    }

    uint256 private constant MAX_BPS = 10_000;
    bytes32 private constant PROVIDER_ROLE = keccak256("provider");
    bytes32 private constant VERIFIER_ROLE = keccak256("verifier");

    /// @inheritdoc IVerificationRounds
    function advance(bytes32 requestHash) external nonReentrant {
        Phase phase = _phase(requestHash);
        Round storage r = _rounds[requestHash];
        if (phase == Phase.Tallying) return _tally(requestHash);
        if (phase == Phase.Publishing) {
            _requireClosed(requestHash, r.publishClosesAt);
            return _finalize(requestHash, _profileOf(requestHash), Verdict.Rejected, true);
        }
        if (phase == Phase.Committing) _requireClosed(requestHash, r.commitClosesAt);
        if (phase == Phase.Opening) _requireClosed(requestHash, r.openClosesAt);
        _requirePhase(requestHash, Phase.Tallying);
    }

    /// @inheritdoc IVerificationRounds
    function publish(bytes32 requestHash, bytes calldata output, bytes32 salt) external nonReentrant {
        _requirePhase(requestHash, Phase.Publishing);
        Round storage r = _rounds[requestHash];
        require(
            AgentAuth.isOperator(_identity, r.agentId, msg.sender), OutputNotProvider(r.agentId, msg.sender)
        );
        require(block.timestamp < r.publishClosesAt, RoundWindowClosed(requestHash, r.publishClosesAt));
        Profile memory profile = _profileOf(requestHash);
        require(
            output.length <= profile.maxOutputBytes, OutputTooLarge(output.length, profile.maxOutputBytes)
        );
        bytes32 contentHash = keccak256(output);
        bytes32 sealedHash = keccak256(abi.encode(salt, contentHash));
        require(sealedHash == r.outputHash, OutputHashMismatch(r.outputHash, sealedHash));

        emit OutputPublished(requestHash, contentHash, salt, output);

        bool isClaimed = profile.family != Family.Exact
            || Digest.exact(r.key, output) == _seats[requestHash][PROVIDER_SEAT].digest;
        _finalize(requestHash, profile, isClaimed ? Verdict.Accepted : Verdict.Rejected, true);
    }

    /// @inheritdoc IVerificationRounds
    function withdraw() external nonReentrant {
        uint256 amount = _credits[msg.sender];
        require(amount != 0, RoundNoWithdrawal(msg.sender));

        _credits[msg.sender] = 0;

        emit Withdrawn(msg.sender, amount);

        (bool sent,) = msg.sender.call{value: amount}("");
        require(sent, RoundTransferFailed(msg.sender, amount));
    }

    function _tally(bytes32 requestHash) private {
        Round storage r = _rounds[requestHash];
        Profile memory profile = _profileOf(requestHash);
        bool openingWasDue = r.committed >= r.quorum;
        Verdict verdict = _count(requestHash, r, profile);
        if (verdict != Verdict.Accepted) _finalize(requestHash, profile, verdict, openingWasDue);
    }

    /// @dev Counts the openings; an accepted round goes on to publishing.
    function _count(bytes32 requestHash, Round storage r, Profile memory profile)
        private
        returns (Verdict verdict)
    {
        (bytes32[] memory digests, uint256 opened) = _openings(requestHash, r.seatCount);
        uint256 agreeing;
        uint256 cluster;
        {
            SeatSlot storage provider = _seats[requestHash][PROVIDER_SEAT];
            bool claimed = provider.state == SeatState.Opened;
            (verdict, agreeing, cluster) =
                Tally.decide(digests, opened, claimed, provider.digest, profile.tolerance, r.quorum);
        }
        r.cluster = uint32(cluster);
        if (verdict == Verdict.Accepted) {
            r.phase = Phase.Publishing;
            r.publishClosesAt = uint40(block.timestamp + profile.publishWindow);
        }

        emit Tallied(requestHash, r.level, verdict, opened, agreeing, cluster, r.publishClosesAt);
    }

    /// @inheritdoc RoundsBase
    /// @param openingWasDue false if the round ended before those who committed were asked to open.
    // The phase is final before any call; vault and ledger are ours and call nobody.
    // slither-disable-next-line reentrancy-no-eth
    function _finalize(bytes32 requestHash, Profile memory profile, Verdict verdict, bool openingWasDue)
        internal
        override
    {
        Round storage r = _rounds[requestHash];
        (r.phase, r.verdict) = (Phase.Final, verdict);
        Outcome memory outcome = Outcome(requestHash, profile, verdict, openingWasDue);

        uint256 paid;
        for (uint8 seat = 0; seat < r.seatCount; ++seat) {
            paid += _settleSeat(outcome, seat);
        }
        _settleProvider(outcome);
        _settleFee(r, profile.tip, paid, verdict);

        string memory tag = _tagOf(verdict);
        emit RoundFinalized(requestHash, verdict, tag, msg.sender);

        uint8 response = verdict == Verdict.Accepted ? 100 : 0;
        _validation.validationResponse(requestHash, response, "", bytes32(0), tag);
    }

    /// @return paid wei credited to the seat's owner.
    function _settleSeat(Outcome memory outcome, uint8 seat) private returns (uint256 paid) {
        bytes32 requestHash = outcome.requestHash;
        Profile memory profile = outcome.profile;
        uint256 agentId = _seats[requestHash][seat].agentId;
        (int8 mark, uint256 slashBps) = _conduct(outcome, seat);
        if (mark > 0) {
            paid = profile.seatFee;
            _credit(_identity.ownerOf(agentId), paid);
        }
        uint256 slashed = _share(profile.seatLock, slashBps);
        emit SeatSettled(requestHash, agentId, seat, paid, slashed);

        _vault.release(agentId, profile.seatLock, slashed, requestHash);
        // Whoever bought the agent since gets the fee, but no good name for work of the seller's.
        _record(outcome, agentId, _seats[requestHash][seat].operator, VERIFIER_ROLE, mark);
    }

    /// @dev A seat that opened loses no stake, whatever it opened.
    /// @return mark 1 for good evidence (and the fee), -1 for bad, 0 for none.
    /// @return slashBps of the seat's lock.
    function _conduct(Outcome memory outcome, uint8 seat) private view returns (int8 mark, uint256 slashBps) {
        SeatState state = _seats[outcome.requestHash][seat].state;
        if (state == SeatState.Drawn) return (-1, outcome.profile.slashNoCommitBps);
        if (state == SeatState.Committed) {
            if (!outcome.openingWasDue) return (0, 0);
            return (-1, outcome.profile.slashNoOpenBps);
        }
        uint256 cluster = _rounds[outcome.requestHash].cluster;
        if (cluster & (1 << seat) != 0) return (1, 0);
        return (cluster != 0 ? int8(-1) : int8(0), 0);
    }

    function _settleProvider(Outcome memory outcome) private {
        Round storage r = _rounds[outcome.requestHash];
        int8 mark;
        uint256 slashed;
        if (outcome.verdict == Verdict.Rejected) {
            mark = -1;
            slashed = _share(r.bond, outcome.profile.slashRejectedBps);
        } else if (outcome.verdict == Verdict.Accepted && !r.selfVerified) {
            mark = 1;
        }

        emit ProviderSettled(outcome.requestHash, r.agentId, slashed);

        _vault.release(r.agentId, r.bond, slashed, outcome.requestHash);
        _record(outcome, r.agentId, r.provider, PROVIDER_ROLE, mark);
    }

    /// @dev What the seats did not earn goes back to the payer if the round expired, and to nobody else.
    function _settleFee(Round storage r, uint256 tip, uint256 paid, Verdict verdict) private {
        uint256 rest = r.fee - tip - paid;
        if (verdict == Verdict.Expired) _credit(r.payer, rest);
        else burned += rest;
        _credit(msg.sender, tip);
    }

    function _credit(address account, uint256 amount) private {
        if (amount == 0) return;
        _credits[account] += amount;

        emit Credited(account, amount);
    }

    function _record(Outcome memory outcome, uint256 agentId, address owner, bytes32 role, int8 mark)
        private
    {
        if (mark == 0) return;
        bytes32 domain = keccak256(abi.encode(_rounds[outcome.requestHash].profileId, role));
        uint64 weight = outcome.profile.evidenceWeight;
        (uint64 good, uint64 bad) = mark > 0 ? (weight, uint64(0)) : (uint64(0), weight);
        _ledger.record(agentId, owner, domain, good, bad);
    }

    function _openings(bytes32 requestHash, uint256 seatCount)
        private
        view
        returns (bytes32[] memory digests, uint256 opened)
    {
        digests = new bytes32[](seatCount);
        for (uint256 seat = 0; seat < seatCount; ++seat) {
            SeatSlot storage s = _seats[requestHash][seat];
            if (s.state != SeatState.Opened) continue;
            digests[seat] = s.digest;
            opened |= 1 << seat;
        }
    }

    /// @dev For a window that `_phase` still holds open: says until when.
    function _requireClosed(bytes32 requestHash, uint256 closesAt) private view {
        require(block.timestamp >= closesAt, RoundWindowOpen(requestHash, closesAt));
    }

    function _share(uint256 amount, uint256 bps) private pure returns (uint256) {
        return amount * bps / MAX_BPS;
    }

    function _tagOf(Verdict verdict) private pure returns (string memory) {
        if (verdict == Verdict.Expired) return "vni:timeout";
        if (verdict == Verdict.Inconclusive) return "vni:x-inconclusive";
        return "vni:ok";
    }
}
