// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {DateTimeLib} from "solady/utils/DateTimeLib.sol";

import {IFeedbackPublisher} from "./interfaces/IFeedbackPublisher.sol";
import {IReputationRegistry} from "./interfaces/IReputationRegistry.sol";
import {IVerificationRounds, Phase, Round, Verdict} from "./interfaces/IVerificationRounds.sol";

contract FeedbackPublisher is IFeedbackPublisher {
    using Strings for uint256;
    using Strings for address;

    /// @dev Of ERC-8004's own list: a share of successes, in percent.
    string private constant TAG = "successRate";
    string private constant KIND = "assay/round/1";

    IReputationRegistry private immutable _reputation;
    IVerificationRounds private immutable _rounds;

    /// @inheritdoc IFeedbackPublisher
    mapping(bytes32 requestHash => bool) public isPublished;

    constructor(IReputationRegistry reputation, IVerificationRounds rounds) {
        _reputation = reputation;
        _rounds = rounds;
    }

    /// @inheritdoc IFeedbackPublisher
    function publish(bytes32 requestHash) external {
        Round memory r = _rounds.round(requestHash);
        require(r.phase == Phase.Final, PublisherNotFinal(requestHash));
        require(!isPublished[requestHash], PublisherAlreadyPublished(requestHash));
        bool accepted = r.verdict == Verdict.Accepted;
        require(accepted || r.verdict == Verdict.Rejected, PublisherNoVerdict(requestHash, r.verdict));
        require(!accepted || !r.selfVerified, PublisherSelfVerified(requestHash));

        isPublished[requestHash] = true;
        uint8 value = accepted ? 100 : 0;

        emit FeedbackPublished(requestHash, r.agentId, value);

        bytes memory file = bytes(fileOf(r.agentId, requestHash, value, block.timestamp));
        _reputation.giveFeedback(
            r.agentId,
            int128(uint128(value)),
            0,
            TAG,
            KIND,
            "",
            string.concat("data:application/json;base64,", Base64.encode(file)),
            keccak256(file)
        );
    }

    /// @inheritdoc IFeedbackPublisher
    function fileOf(uint256 agentId, bytes32 requestHash, uint8 value, uint256 createdAt)
        public
        view
        returns (string memory)
    {
        return string.concat(
            '{"agentId":',
            agentId.toString(),
            ',"agentRegistry":"',
            _caip10(_reputation.getIdentityRegistry()),
            '","clientAddress":"',
            _caip10(address(this)),
            '","createdAt":"',
            _isoTime(createdAt),
            '","requestHash":"',
            uint256(requestHash).toHexString(32),
            '","tag1":"successRate","tag2":"assay/round/1","value":',
            uint256(value).toString(),
            ',"valueDecimals":0}'
        );
    }

    function _caip10(address account) private view returns (string memory) {
        return string.concat("eip155:", block.chainid.toString(), ":", account.toChecksumHexString());
    }

    function _isoTime(uint256 timestamp) private pure returns (string memory) {
        (uint256 y, uint256 m, uint256 d, uint256 h, uint256 min, uint256 s) =
            DateTimeLib.timestampToDateTime(timestamp);
        return string.concat(
            y.toString(), "-", _two(m), "-", _two(d), "T", _two(h), ":", _two(min), ":", _two(s), "Z"
        );
    }

    function _two(uint256 number) private pure returns (string memory) {
        return string.concat(number < 10 ? "0" : "", number.toString());
    }
}
