// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title ERC-8004 Reputation Registry: what anybody says of an agent.
/// @dev Stricter than the reference, within its ABI: a client named twice counts once in `getSummary`,
/// and an average that does not fit int128 reverts instead of being cut off.
interface IReputationRegistry {
    error ReputationSelfFeedback(uint256 agentId, address client);
    error ReputationDecimalsOutOfRange(uint8 valueDecimals);
    error ReputationValueOutOfRange(int128 value);
    error ReputationFeedbackUnknown(uint256 agentId, address client, uint64 feedbackIndex);
    error ReputationAlreadyRevoked(uint256 agentId, address client, uint64 feedbackIndex);
    error ReputationClientsRequired();
    error ReputationResponseEmpty();
    error ReputationSummaryOutOfRange(int256 average);

    event NewFeedback(
        uint256 indexed agentId,
        address indexed clientAddress,
        uint64 feedbackIndex,
        int128 value,
        uint8 valueDecimals,
        string indexed indexedTag1,
        string tag1,
        string tag2,
        string endpoint,
        string feedbackURI,
        bytes32 feedbackHash
    );
    event FeedbackRevoked(
        uint256 indexed agentId, address indexed clientAddress, uint64 indexed feedbackIndex
    );
    event ResponseAppended(
        uint256 indexed agentId,
        address indexed clientAddress,
        uint64 feedbackIndex,
        address indexed responder,
        string responseURI,
        bytes32 responseHash
    );

    function getIdentityRegistry() external view returns (address);
    /// @notice Caller: anybody but the agent's owner, operators and approved address.
    /// @param value at most 1e38 either way. @param valueDecimals at most 18.
    function giveFeedback(
        uint256 agentId,
        int128 value,
        uint8 valueDecimals,
        string calldata tag1,
        string calldata tag2,
        string calldata endpoint,
        string calldata feedbackURI,
        bytes32 feedbackHash
    ) external;
    /// @param feedbackIndex of the caller's own feedback, counted from 1.
    function revokeFeedback(uint256 agentId, uint64 feedbackIndex) external;
    /// @notice Caller: anybody. A comment, no more.
    function appendResponse(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        string calldata responseURI,
        bytes32 responseHash
    ) external;
    /// @param clientAddresses whose feedback counts; must not be empty.
    /// @param tag1 and `tag2`: empty matches all.
    /// @return count unrevoked entries that match.
    /// @return summaryValue their mean, cut towards zero, in the decimals used most (the fewest if tied).
    /// @return summaryValueDecimals those decimals.
    function getSummary(
        uint256 agentId,
        address[] calldata clientAddresses,
        string calldata tag1,
        string calldata tag2
    ) external view returns (uint64 count, int128 summaryValue, uint8 summaryValueDecimals);
    function readFeedback(uint256 agentId, address clientAddress, uint64 feedbackIndex)
        external
        view
        returns (int128 value, uint8 valueDecimals, string memory tag1, string memory tag2, bool isRevoked);
    /// @param clientAddresses empty means every client there is.
    function readAllFeedback(
        uint256 agentId,
        address[] calldata clientAddresses,
        string calldata tag1,
        string calldata tag2,
        bool includeRevoked
    )
        external
        view
        returns (
            address[] memory clients,
            uint64[] memory feedbackIndexes,
            int128[] memory values,
            uint8[] memory valueDecimals,
            string[] memory tag1s,
            string[] memory tag2s,
            bool[] memory revokedStatuses
        );
    /// @param clientAddress zero means all clients. @param feedbackIndex zero means all of a client.
    /// @param responders empty means everybody.
    function getResponseCount(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        address[] calldata responders
    ) external view returns (uint64 count);
    function getClients(uint256 agentId) external view returns (address[] memory);
    function getLastIndex(uint256 agentId, address clientAddress) external view returns (uint64);
    function getVersion() external pure returns (string memory);
}
