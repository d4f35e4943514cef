// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Verdict} from "./IVerificationRounds.sol";

/// @title Writes what rounds found to the ERC-8004 Reputation Registry, from an address of its own, so that
/// anybody can ask for these ratings alone.
/// @dev Apart from the Router, which agents approve: an approved address may not rate the agent.
interface IFeedbackPublisher {
    error PublisherNotFinal(bytes32 requestHash);
    error PublisherAlreadyPublished(bytes32 requestHash);
    error PublisherNoVerdict(bytes32 requestHash, Verdict verdict);
    error PublisherSelfVerified(bytes32 requestHash);

    event FeedbackPublished(bytes32 indexed requestHash, uint256 indexed agentId, uint8 value);

    /// @notice Rates the provider of a final round, once, as `successRate` in percent: 100 if its work was
    /// accepted, 0 if it was rejected. Rounds without a verdict say nothing, nor does work that the
    /// provider's own people had accepted. Anyone may call.
    function publish(bytes32 requestHash) external;
    function isPublished(bytes32 requestHash) external view returns (bool);
    /// @notice The off-chain file of a rating, as ERC-8004 wants it, in a data: URI. Its hash is feedbackHash.
    function fileOf(uint256 agentId, bytes32 requestHash, uint8 value, uint256 createdAt)
        external
        view
        returns (string memory json);
}
