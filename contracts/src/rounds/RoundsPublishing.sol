// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Family, Profile} from "../interfaces/IProfileRegistry.sol";
import {Phase, Verdict} from "../interfaces/IVerificationRounds.sol";
import {AgentAuth} from "../libraries/AgentAuth.sol";
import {BenchLib} from "../libraries/Bench.sol";
import {Digest} from "../libraries/Digest.sol";
import {RoundsEnd} from "./RoundsEnd.sol";

/// @dev Publishing the bytes behind an accepted output, or where they are.
abstract contract RoundsPublishing is RoundsEnd {
    uint256 private constant MAX_URI = 2048;

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
        bool isClaimed = !isExact || _isClaimed(requestHash, output);
        _finalize(requestHash, profileId, profile, isClaimed ? Verdict.Accepted : Verdict.Rejected);
    }

    function publishByReference(
        bytes32 requestHash,
        bytes32 taskHash,
        bytes32 contentHash,
        bytes32 salt,
        string calldata uri
    ) external nonReentrant {
        (, Profile memory profile) = _checkPublication(requestHash, taskHash, contentHash, salt, 0);
        require(profile.flagWindow != 0, OutputNeedsBytes(requestHash));
        uint256 length = bytes(uri).length;
        require(length != 0 && length <= MAX_URI, OutputURIInvalid(length, MAX_URI));

        _trials[requestHash].head.flags |= BY_REFERENCE;

        emit OutputReferenced(requestHash, contentHash, salt, uri);
        _openFlags(requestHash, profile);
    }

    /// @dev Only the provider, only in time, and only what the receipt promised.
    /// @param size of what travels in calldata.
    function _checkPublication(
        bytes32 requestHash,
        bytes32 taskHash,
        bytes32 contentHash,
        bytes32 salt,
        uint256 size
    ) private view returns (bytes32 profileId, Profile memory profile) {
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

    function _openFlags(bytes32 requestHash, Profile memory profile) private {
        uint256 closesAt = block.timestamp + profile.flagWindow;
        Trial storage c = _trials[requestHash];
        Level storage level = c.levels[c.head.level];
        level.bench = level.bench.moved(Phase.Flagging, closesAt);

        emit FlagsOpened(requestHash, closesAt);
    }

    /// @dev Whether what the provider claimed, at each level at which it did, is the output's digest.
    function _isClaimed(bytes32 requestHash, bytes calldata output) private view returns (bool) {
        Trial storage c = _trials[requestHash];
        for (uint8 i = 0; i <= c.head.level; ++i) {
            Level storage level = c.levels[i];
            if (!level.bench.hasOpened(BenchLib.PROVIDER_BIT)) continue;
            if (Digest.exact(_keyOf(requestHash, i), output) != _claimAt(level)) return false;
        }
        return true;
    }

    /// @dev Of a level of the exact family that was counted: no digest of it is zero.
    function _claimAt(Level storage level) private view returns (bytes32) {
        bytes32 own = level.marks[BenchLib.PROVIDER_BIT];
        return own != 0 ? own : level.batch;
    }
}
