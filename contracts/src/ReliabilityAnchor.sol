// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {AnchorBase} from "./anchor/AnchorBase.sol";
import {AnchorDisputes} from "./anchor/AnchorDisputes.sol";
import {AnchorTerms, Header, IReliabilityAnchor} from "./interfaces/IReliabilityAnchor.sol";
import {IValidationRegistry} from "./interfaces/IValidationRegistry.sol";
import {IVerificationRounds} from "./interfaces/IVerificationRounds.sol";
import {SourceScore, SourceScores} from "./libraries/SourceScores.sol";

/// @title Reliability of sources, an epoch at a time, from one reporter.
/// @dev `multicall` publishes an epoch and stores the words of an earlier one in one transaction.
contract ReliabilityAnchor is AnchorDisputes, Multicall {
    using SourceScores for SourceScore;

    mapping(uint256 word => uint256) private _words;
    mapping(bytes32 place => uint256 indexPlusOne) private _places;
    /// @notice Sources listed so far.
    uint256 public listed;

    constructor(AnchorTerms memory terms, IVerificationRounds court_, IValidationRegistry validation_)
        AnchorBase(terms)
        AnchorDisputes(court_, validation_)
    {}

    /// @inheritdoc IReliabilityAnchor
    function publish(uint64 epoch, bytes32 root, bytes32 bundleHash, bytes32 wordsHash)
        external
        onlyReporter
    {
        _publish(Header(epoch, uint64(block.timestamp), root, bundleHash, wordsHash));
    }

    /// @inheritdoc IReliabilityAnchor
    function publishSigned(
        uint64 epoch,
        bytes32 root,
        bytes32 bundleHash,
        bytes32 wordsHash,
        bytes32 r,
        bytes32 vs
    ) external {
        // What is no signature is nobody's, and nobody is no reporter.
        // slither-disable-next-line unused-return
        (address signer,,) = ECDSA.tryRecover(digestOf(epoch, root, bundleHash, wordsHash), r, vs);
        require(signer == reporter, AnchorNotReporter(signer));
        _publish(Header(epoch, uint64(block.timestamp), root, bundleHash, wordsHash));
    }

    /// @inheritdoc IReliabilityAnchor
    function applyWords(Header calldata header, bytes32[] calldata words) external {
        _requireFinal(header);
        require(keccak256(abi.encodePacked(words)) == header.wordsHash, AnchorWrongWords());
        uint64 applied = _clock.applied;
        require(header.epoch > applied, AnchorAlreadyApplied(header.epoch, applied));

        (_clock.applied, _clock.words) = (header.epoch, uint32(words.length));
        for (uint256 i = 0; i < words.length; ++i) {
            _words[i] = uint256(words[i]);
        }

        emit WordsApplied(header.epoch, words.length);
    }

    /// @inheritdoc IReliabilityAnchor
    function list(uint256 source, bytes32 domain) external onlyReporter returns (uint256 index) {
        bytes32 place = keccak256(abi.encode(source, domain));
        require(_places[place] == 0, AnchorAlreadyListed(source, domain));
        index = listed++;
        _places[place] = index + 1;

        emit SourceListed(index, source, domain);
    }

    /// @inheritdoc IReliabilityAnchor
    function verifyScore(Header calldata header, SourceScore calldata score, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        _requireFinal(header);
        return score.isUnder(proof, header.root);
    }

    /// @inheritdoc IReliabilityAnchor
    function scoreAt(uint256 index) external view returns (int16 lowerBps, uint64 epoch) {
        Clock memory clock = _clock;
        uint256 word = index / SourceScores.PER_WORD;
        if (word >= clock.words) return (SourceScores.UNKNOWN, clock.applied);
        return (SourceScores.unpack(_words[word], index % SourceScores.PER_WORD), clock.applied);
    }

    /// @inheritdoc IReliabilityAnchor
    function indexOf(uint256 source, bytes32 domain) external view returns (uint256 index) {
        uint256 found = _places[keccak256(abi.encode(source, domain))];
        require(found != 0, AnchorNotListed(source, domain));
        return found - 1;
    }

    function clockOf() external view returns (Clock memory) {
        return _clock;
    }

    function _publish(Header memory header) private {
        Clock memory clock = _clock;
        uint64 epoch = header.epoch;
        require(epoch == clock.latest + 1, AnchorNotNext(epoch, clock.latest + 1));
        require(clock.bonded, AnchorNoBond(bond));
        require(!clock.disputed, AnchorDisputed(epoch));
        uint256 notBefore = uint256(clock.latestAt) + window / EPOCHS_PER_WINDOW;
        require(block.timestamp >= notBefore, AnchorTooSoon(notBefore));

        (clock.latest, clock.latestAt) = (epoch, uint40(header.publishedAt));
        _clock = clock;
        _headers[_slotOf(epoch)] = hashOf(header);

        emit Anchored(epoch, header.publishedAt, header.root, header.bundleHash, header.wordsHash);
    }
}
