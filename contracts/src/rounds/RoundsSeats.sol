// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Profile} from "../interfaces/IProfileRegistry.sol";
import {DrawRequest} from "../interfaces/IStakeVault.sol";
import {IVerificationRounds, Phase, Round, SeatState, Verdict} from "../interfaces/IVerificationRounds.sol";
import {AgentAuth} from "../libraries/AgentAuth.sol";
import {RoundsBase} from "./RoundsBase.sol";

/// @dev The committee: drawn, committing, opening.
abstract contract RoundsSeats is RoundsBase {
    /// @inheritdoc IVerificationRounds
    function draw(bytes32 requestHash) external nonReentrant {
        _requirePhase(requestHash, Phase.Drawing);
        Round storage r = _rounds[requestHash];
        require(block.number > r.entropyBlock, EntropyNotReady(r.entropyBlock, block.number));

        (bool available, bytes32 entropy) = _entropy.entropyOf(r.entropyBlock);
        if (!available || _vault.currentEpoch() > r.sortitionEpoch + 1) return _postpone(requestHash);

        Profile memory profile = _profileOf(requestHash);
        (uint256[] memory agentIds, address[] memory operators) = _vault.draw(
            DrawRequest({
                profileId: r.profileId,
                epoch: r.sortitionEpoch,
                seed: keccak256(abi.encode(entropy, requestHash, r.level, "draw")),
                count: profile.committeeSize,
                excludedOperator: r.provider,
                excludedAgentId: r.agentId,
                lockAmount: profile.seatLock,
                ref: requestHash
            })
        );
        if (agentIds.length < Math.max(profile.minOperators, r.quorum)) {
            return _abandon(requestHash, profile, agentIds);
        }
        _seat(requestHash, profile, agentIds, operators, entropy);
    }

    /// @inheritdoc IVerificationRounds
    function commit(bytes32 requestHash, uint8 seat, bytes32 commitment) external {
        _requirePhase(requestHash, Phase.Committing);
        SeatSlot storage s = _ownSeat(requestHash, seat);
        require(s.state == SeatState.Drawn, SeatAlreadyCommitted(requestHash, seat));
        require(commitment != bytes32(0), SeatCommitmentEmpty());

        Round storage r = _rounds[requestHash];
        s.commitment = commitment;
        s.state = SeatState.Committed;
        s.committedAt = uint40(block.timestamp);
        if (seat != PROVIDER_SEAT) ++r.committed;

        emit Committed(requestHash, s.agentId, r.level, seat, commitment);

        if (r.committed == r.seatCount && _seats[requestHash][PROVIDER_SEAT].state == SeatState.Committed) {
            r.phase = Phase.Opening;
            r.commitClosesAt = uint40(block.timestamp);
            r.openClosesAt = uint40(block.timestamp + _profileOf(requestHash).openWindow);
            emit CommitsClosed(requestHash, r.level, r.openClosesAt);
        }
    }

    /// @inheritdoc IVerificationRounds
    function open(bytes32 requestHash, uint8 seat, bytes32 digest, bytes32 evidenceHash, bytes32 salt)
        external
    {
        _requirePhase(requestHash, Phase.Opening);
        SeatSlot storage s = _ownSeat(requestHash, seat);
        require(s.state != SeatState.Drawn, SeatNotCommitted(requestHash, seat));
        require(s.state == SeatState.Committed, SeatAlreadyOpened(requestHash, seat));
        Round storage r = _rounds[requestHash];
        bytes32 expected = commitmentOf(requestHash, r.level, r.key, s.agentId, digest, evidenceHash, salt);
        require(s.commitment == expected, SeatCommitmentMismatch(s.commitment, expected));

        s.digest = digest;
        s.state = SeatState.Opened;
        if (seat != PROVIDER_SEAT) ++r.opened;

        emit Opened(requestHash, s.agentId, r.level, seat, digest, evidenceHash);
    }

    /// @inheritdoc IVerificationRounds
    function commitmentOf(
        bytes32 requestHash,
        uint8 level,
        bytes32 key,
        uint256 agentId,
        bytes32 digest,
        bytes32 evidenceHash,
        bytes32 salt
    ) public view returns (bytes32) {
        return keccak256(
            abi.encode(
                block.chainid, address(this), requestHash, level, key, agentId, digest, evidenceHash, salt
            )
        );
    }

    /// @dev Nobody chooses the new block: it is a fixed distance from the one in which the miss is noticed.
    function _postpone(bytes32 requestHash) private {
        Round storage r = _rounds[requestHash];
        r.entropyBlock = uint64(block.number + ENTROPY_DELAY);
        r.sortitionEpoch = _vault.currentEpoch();

        emit DrawPostponed(requestHash, r.entropyBlock);
    }

    /// @dev No committee sat, so nothing was learnt: the same work may be submitted again.
    function _abandon(bytes32 requestHash, Profile memory profile, uint256[] memory agentIds) private {
        delete _roundOfWork[_workId(_rounds[requestHash])];
        for (uint256 i = 0; i < agentIds.length; ++i) {
            _vault.release(agentIds[i], profile.seatLock, 0, requestHash);
        }
        _finalize(requestHash, profile, Verdict.Expired, false);
    }

    function _seat(
        bytes32 requestHash,
        Profile memory profile,
        uint256[] memory agentIds,
        address[] memory operators,
        bytes32 entropy
    ) private {
        Round storage r = _rounds[requestHash];
        r.key = keccak256(abi.encode(entropy, requestHash, r.level, "key"));
        r.phase = Phase.Committing;
        r.seatCount = uint8(agentIds.length);
        r.commitClosesAt = uint40(block.timestamp + profile.commitWindow);
        r.openClosesAt = r.commitClosesAt + profile.openWindow;
        for (uint256 i = 0; i < agentIds.length; ++i) {
            SeatSlot storage s = _seats[requestHash][i];
            (s.agentId, s.operator) = (agentIds[i], operators[i]);
        }

        emit CommitteeDrawn(requestHash, r.level, r.key, agentIds, operators, r.commitClosesAt);
        emit ValidatorsSelected(requestHash, operators, entropy);
    }

    function _ownSeat(bytes32 requestHash, uint8 seat) private view returns (SeatSlot storage s) {
        require(
            seat < _rounds[requestHash].seatCount || seat == PROVIDER_SEAT, SeatUnknown(requestHash, seat)
        );
        s = _seats[requestHash][seat];
        require(
            AgentAuth.isOperator(_identity, s.agentId, msg.sender), SeatNotOperator(s.agentId, msg.sender)
        );
    }
}
