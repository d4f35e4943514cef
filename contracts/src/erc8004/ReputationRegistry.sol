// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IIdentityRegistry} from "../interfaces/IIdentityRegistry.sol";
import {IReputationRegistry} from "../interfaces/IReputationRegistry.sol";
import {AddressSets} from "../libraries/AddressSets.sol";

contract ReputationRegistry is IReputationRegistry {
    struct Feedback {
        int128 value;
        uint8 valueDecimals;
        bool isRevoked;
        string tag1;
        string tag2;
    }

    /// @dev What is emitted and not stored.
    struct Pointer {
        string endpoint;
        string feedbackURI;
        bytes32 feedbackHash;
    }

    /// @dev Entries that pass a filter, in order; `count` of each array are in use.
    struct Matches {
        uint256 agentId;
        uint256 count;
        address[] clients;
        uint64[] indexes;
    }

    uint8 private constant MAX_DECIMALS = 18;
    int128 private constant MAX_VALUE = 1e38;

    IIdentityRegistry private immutable _identity;

    mapping(uint256 agentId => address[]) private _clients;
    /// @dev Feedback is counted from 1: entry i sits at index i - 1.
    // Filled by `push`.
    // slither-disable-next-line uninitialized-state
    mapping(uint256 agentId => mapping(address client => Feedback[])) private _feedback;
    mapping(bytes32 feedbackKey => mapping(address responder => uint64)) private _responses;
    mapping(bytes32 feedbackKey => address[]) private _responders;

    constructor(IIdentityRegistry identity) {
        _identity = identity;
    }

    /// @inheritdoc IReputationRegistry
    function giveFeedback(
        uint256 agentId,
        int128 value,
        uint8 valueDecimals,
        string calldata tag1,
        string calldata tag2,
        string calldata endpoint,
        string calldata feedbackURI,
        bytes32 feedbackHash
    ) external {
        _give(
            agentId,
            Feedback(value, valueDecimals, false, tag1, tag2),
            Pointer(endpoint, feedbackURI, feedbackHash)
        );
    }

    /// @inheritdoc IReputationRegistry
    function revokeFeedback(uint256 agentId, uint64 feedbackIndex) external {
        Feedback storage entry = _entry(agentId, msg.sender, feedbackIndex);
        require(!entry.isRevoked, ReputationAlreadyRevoked(agentId, msg.sender, feedbackIndex));

        entry.isRevoked = true;
        emit FeedbackRevoked(agentId, msg.sender, feedbackIndex);
    }

    /// @inheritdoc IReputationRegistry
    function appendResponse(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        string calldata responseURI,
        bytes32 responseHash
    ) external {
        _entry(agentId, clientAddress, feedbackIndex);
        require(bytes(responseURI).length != 0, ReputationResponseEmpty());

        bytes32 key = _key(agentId, clientAddress, feedbackIndex);
        if (_responses[key][msg.sender]++ == 0) _responders[key].push(msg.sender);

        emit ResponseAppended(agentId, clientAddress, feedbackIndex, msg.sender, responseURI, responseHash);
    }

    /// @inheritdoc IReputationRegistry
    function getSummary(
        uint256 agentId,
        address[] calldata clientAddresses,
        string calldata tag1,
        string calldata tag2
    ) external view returns (uint64 count, int128 summaryValue, uint8 summaryValueDecimals) {
        require(clientAddresses.length != 0, ReputationClientsRequired());
        Matches memory matches = _matches(agentId, AddressSets.distinct(clientAddresses), tag1, tag2, false);
        if (matches.count == 0) return (0, 0, 0);

        int256 sum;
        (sum, summaryValueDecimals) = _sum(matches);
        int256 average =
            sum / int256(matches.count) / int256(10 ** uint256(MAX_DECIMALS - summaryValueDecimals));
        require(
            average >= type(int128).min && average <= type(int128).max, ReputationSummaryOutOfRange(average)
        );
        return (uint64(matches.count), int128(average), summaryValueDecimals);
    }

    /// @inheritdoc IReputationRegistry
    function readAllFeedback(
        uint256 agentId,
        address[] memory clientAddresses,
        string memory tag1,
        string memory tag2,
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
        )
    {
        if (clientAddresses.length == 0) clientAddresses = _clients[agentId];
        Matches memory matches = _matches(agentId, clientAddresses, tag1, tag2, includeRevoked);
        clients = new address[](matches.count);
        feedbackIndexes = new uint64[](matches.count);
        values = new int128[](matches.count);
        valueDecimals = new uint8[](matches.count);
        tag1s = new string[](matches.count);
        tag2s = new string[](matches.count);
        revokedStatuses = new bool[](matches.count);
        for (uint256 i = 0; i < matches.count; ++i) {
            Feedback memory entry = _match(matches, i);
            clients[i] = matches.clients[i];
            feedbackIndexes[i] = matches.indexes[i];
            values[i] = entry.value;
            valueDecimals[i] = entry.valueDecimals;
            tag1s[i] = entry.tag1;
            tag2s[i] = entry.tag2;
            revokedStatuses[i] = entry.isRevoked;
        }
    }

    /// @inheritdoc IReputationRegistry
    function readFeedback(uint256 agentId, address clientAddress, uint64 feedbackIndex)
        external
        view
        returns (int128 value, uint8 valueDecimals, string memory tag1, string memory tag2, bool isRevoked)
    {
        Feedback storage entry = _entry(agentId, clientAddress, feedbackIndex);
        return (entry.value, entry.valueDecimals, entry.tag1, entry.tag2, entry.isRevoked);
    }

    /// @inheritdoc IReputationRegistry
    function getResponseCount(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        address[] calldata responders
    ) external view returns (uint64 count) {
        address[] memory clients = _clients[agentId];
        if (clientAddress != address(0)) {
            clients = new address[](1);
            clients[0] = clientAddress;
        }
        for (uint256 c = 0; c < clients.length; ++c) {
            uint256 last = feedbackIndex == 0 ? _feedback[agentId][clients[c]].length : feedbackIndex;
            for (uint256 i = feedbackIndex == 0 ? 1 : feedbackIndex; i <= last; ++i) {
                count += _countResponses(_key(agentId, clients[c], uint64(i)), responders);
            }
        }
    }

    /// @inheritdoc IReputationRegistry
    function getClients(uint256 agentId) external view returns (address[] memory) {
        return _clients[agentId];
    }

    /// @inheritdoc IReputationRegistry
    function getLastIndex(uint256 agentId, address clientAddress) external view returns (uint64) {
        return uint64(_feedback[agentId][clientAddress].length);
    }

    /// @inheritdoc IReputationRegistry
    function getIdentityRegistry() external view returns (address) {
        return address(_identity);
    }

    /// @inheritdoc IReputationRegistry
    function getVersion() external pure returns (string memory) {
        return "2.0.0";
    }

    function _give(uint256 agentId, Feedback memory given, Pointer memory pointer) private {
        require(given.valueDecimals <= MAX_DECIMALS, ReputationDecimalsOutOfRange(given.valueDecimals));
        require(given.value >= -MAX_VALUE && given.value <= MAX_VALUE, ReputationValueOutOfRange(given.value));
        require(
            !_identity.isAuthorizedOrOwner(msg.sender, agentId), ReputationSelfFeedback(agentId, msg.sender)
        );

        Feedback[] storage entries = _feedback[agentId][msg.sender];
        if (entries.length == 0) _clients[agentId].push(msg.sender);
        entries.push(given);

        emit NewFeedback(
            agentId,
            msg.sender,
            uint64(entries.length),
            given.value,
            given.valueDecimals,
            given.tag1,
            given.tag1,
            given.tag2,
            pointer.endpoint,
            pointer.feedbackURI,
            pointer.feedbackHash
        );
    }

    function _matches(
        uint256 agentId,
        address[] memory clients,
        string memory tag1,
        string memory tag2,
        bool includeRevoked
    ) private view returns (Matches memory matches) {
        uint256 most;
        for (uint256 c = 0; c < clients.length; ++c) {
            most += _feedback[agentId][clients[c]].length;
        }
        matches.agentId = agentId;
        matches.clients = new address[](most);
        matches.indexes = new uint64[](most);
        for (uint256 c = 0; c < clients.length; ++c) {
            Feedback[] storage entries = _feedback[agentId][clients[c]];
            for (uint256 i = 0; i < entries.length; ++i) {
                if (entries[i].isRevoked && !includeRevoked) continue;
                if (!_fits(entries[i].tag1, tag1) || !_fits(entries[i].tag2, tag2)) continue;
                matches.clients[matches.count] = clients[c];
                matches.indexes[matches.count++] = uint64(i + 1);
            }
        }
    }

    /// @return The i-th match.
    function _match(Matches memory matches, uint256 i) private view returns (Feedback storage) {
        return _feedback[matches.agentId][matches.clients[i]][matches.indexes[i] - 1];
    }

    /// @return sum in units of 10^-MAX_DECIMALS.
    /// @return mode the decimals used most, the fewest if tied.
    function _sum(Matches memory matches) private view returns (int256 sum, uint8 mode) {
        uint256[MAX_DECIMALS + 1] memory uses;
        for (uint256 i = 0; i < matches.count; ++i) {
            Feedback storage entry = _match(matches, i);
            sum += int256(entry.value) * int256(10 ** (MAX_DECIMALS - entry.valueDecimals));
            ++uses[entry.valueDecimals];
        }
        for (uint8 d = 1; d <= MAX_DECIMALS; ++d) {
            if (uses[d] > uses[mode]) mode = d;
        }
    }

    function _countResponses(bytes32 key, address[] calldata responders) private view returns (uint64 count) {
        address[] memory chosen = AddressSets.distinct(responders);
        if (chosen.length == 0) chosen = _responders[key];
        for (uint256 i = 0; i < chosen.length; ++i) {
            count += _responses[key][chosen[i]];
        }
    }

    function _entry(uint256 agentId, address client, uint64 feedbackIndex)
        private
        view
        returns (Feedback storage)
    {
        Feedback[] storage entries = _feedback[agentId][client];
        require(
            feedbackIndex != 0 && feedbackIndex <= entries.length,
            ReputationFeedbackUnknown(agentId, client, feedbackIndex)
        );
        return entries[feedbackIndex - 1];
    }

    function _fits(string memory tag, string memory wanted) private pure returns (bool) {
        return bytes(wanted).length == 0 || keccak256(bytes(tag)) == keccak256(bytes(wanted));
    }

    function _key(uint256 agentId, address client, uint64 feedbackIndex) private pure returns (bytes32) {
        return keccak256(abi.encode(agentId, client, feedbackIndex));
    }
}
