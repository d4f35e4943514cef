// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Profile} from "../interfaces/IProfileRegistry.sol";
import {DrawRequest} from "../interfaces/IStakeVault.sol";
import {IVerificationRounds, Phase, Verdict} from "../interfaces/IVerificationRounds.sol";
import {BenchLib} from "../libraries/Bench.sol";
import {RoundsTally} from "./RoundsTally.sol";

/// @dev Drawing the committee.
abstract contract RoundsDraw is RoundsTally {
    /// @inheritdoc IVerificationRounds
    function draw(bytes32 requestHash) external nonReentrant {
        _requirePhase(requestHash, Phase.Drawing);
        Trial storage c = _trials[requestHash];
        Head memory head = c.head;
        require(block.number > head.entropyBlock, EntropyNotReady(head.entropyBlock, block.number));

        (bool available, bytes32 entropy) = _entropy.entropyOf(head.entropyBlock);
        if (!available || _vault.currentEpoch() > head.sortitionEpoch + 1) return _postpone(requestHash);

        (bytes32 profileId, Profile memory profile) = _profileOf(c);
        (uint256[] memory agentIds, address[] memory operators) =
            _vault.draw(_request(requestHash, c.docket, head, profileId, profile, entropy));
        uint256 quorum = profile.committeeSize / 2 + 1;
        if (agentIds.length < Math.max(profile.minOperators, quorum)) {
            return _abandon(requestHash, profileId, profile, agentIds);
        }

        bytes32 key = keccak256(abi.encode(entropy, requestHash, head.level, "key"));
        uint256 commitClosesAt = block.timestamp + profile.commitWindow;
        Level storage level = c.levels[head.level];
        level.bench =
            BenchLib.seated(agentIds.length, quorum, commitClosesAt, commitClosesAt + profile.openWindow);
        level.key = key;
        _seat(level, agentIds);

        emit CommitteeDrawn(requestHash, head.level, key, agentIds, operators, commitClosesAt);
        emit ValidatorsSelected(requestHash, operators, entropy);
    }

    function _request(
        bytes32 requestHash,
        Docket memory docket,
        Head memory head,
        bytes32 profileId,
        Profile memory profile,
        bytes32 entropy
    ) private pure returns (DrawRequest memory) {
        uint256[] memory excluded = new uint256[](1);
        excluded[0] = docket.agentId;
        return DrawRequest({
            profileId: profileId,
            epoch: head.sortitionEpoch,
            seed: keccak256(abi.encode(entropy, requestHash, head.level, "draw")),
            count: profile.committeeSize,
            // What the epoch's weights admit, or after a postponement more.
            enrolledBefore: type(uint32).max,
            excludedOperator: docket.provider,
            excludedAgentIds: excluded,
            lockAmount: profile.seatLock,
            ref: requestHash
        });
    }

    function _seat(Level storage level, uint256[] memory agentIds) private {
        uint256 word;
        for (uint256 i = 0; i < agentIds.length; ++i) {
            word |= agentIds[i] << (48 * (i % 5));
            if (i % 5 != 4 && i + 1 != agentIds.length) continue;
            level.agents[i / 5] = word;
            word = 0;
        }
    }

    /// @dev Nobody chooses the new block: it is a fixed distance from the one in which the miss is noticed.
    function _postpone(bytes32 requestHash) private {
        Head storage head = _trials[requestHash].head;
        uint256 entropyBlock = block.number + ENTROPY_DELAY;
        (head.entropyBlock, head.sortitionEpoch) = (uint32(entropyBlock), _vault.currentEpoch());

        emit DrawPostponed(requestHash, entropyBlock);
    }

    /// @dev No committee sat, so nothing was learnt: the same work may be submitted again.
    function _abandon(
        bytes32 requestHash,
        bytes32 profileId,
        Profile memory profile,
        uint256[] memory agentIds
    ) private {
        for (uint256 i = 0; i < agentIds.length; ++i) {
            _vault.release(agentIds[i], profile.seatLock, 0, requestHash);
        }
        _finalize(requestHash, profileId, profile, Verdict.Expired);
    }
}
