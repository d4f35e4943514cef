// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Profile} from "../interfaces/IProfileRegistry.sol";
import {Phase} from "../interfaces/IVerificationRounds.sol";
import {AgentAuth} from "../libraries/AgentAuth.sol";
import {RoundsEnd} from "./RoundsEnd.sol";

/// @dev What publishing the bytes, and publishing where they are, have in common.
abstract contract RoundsPublishing is RoundsEnd {
    /// @dev Only the provider, only in time, and only what the receipt promised.
    /// @param size of what travels in calldata.
    function _checkPublication(
        bytes32 requestHash,
        bytes32 taskHash,
        bytes32 contentHash,
        bytes32 salt,
        uint256 size
    ) internal view returns (bytes32 profileId, Profile memory profile) {
        _requirePhase(requestHash, Phase.Publishing);
        Trial storage c = _trials[requestHash];
        uint256 agentId = c.docket.agentId;
        require(AgentAuth.isOperator(_identity, agentId, msg.sender), OutputNotProvider(agentId, msg.sender));
        (profileId, profile) = _profileOf(c);
        uint256 closesAt = c.levels[c.head.level].bench.openClosesAt() + profile.publishWindow;
        require(block.timestamp < closesAt, RoundWindowClosed(requestHash, closesAt));
        require(size <= profile.maxOutputBytes, OutputTooLarge(size, profile.maxOutputBytes));
        bytes32 sealedHash = keccak256(abi.encode(salt, contentHash));
        bytes32 workId = _workId(agentId, profileId, taskHash, sealedHash);
        require(_roundOfWork[workId] == requestHash, OutputHashMismatch(requestHash, sealedHash));
    }

    function _openFlags(bytes32 requestHash, Profile memory profile) internal {
        uint256 closesAt = block.timestamp + profile.flagWindow;
        Trial storage c = _trials[requestHash];
        Level storage level = c.levels[c.head.level];
        level.bench = level.bench.moved(Phase.Flagging, closesAt);

        emit FlagsOpened(requestHash, closesAt);
    }
}
