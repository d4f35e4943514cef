// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SourceScore} from "../libraries/SourceScores.sol";
import {Receipt} from "./IVerificationRounds.sol";

/// @notice What an epoch is anchored as. The chain keeps its hash only; events hold the rest.
struct Header {
    uint64 epoch;
    uint64 publishedAt;
    bytes32 root; // over SourceScore leaves
    bytes32 bundleHash; // keccak256 of the evidence bundle
    bytes32 wordsHash; // keccak256 of the packed words
}

/// @notice The clock, the money and the court of one anchor. Immutable.
struct AnchorTerms {
    uint256 agentId; // the reporter's ERC-8004 identity: the provider in rounds about its roots
    address reporter; // signs epochs
    bytes32 profileId; // of family `exact`: how a challenged root is recomputed
    uint64 window; // seconds in which an epoch may be challenged, and before which nobody reads it
    uint64 answerWindow; // seconds for the reporter to open the round
    uint64 courtWindow; // seconds for that round to end, and for its output to be shown
    uint64 slots; // epochs kept: 0 for all, else the latest so many
    uint128 bond; // wei of the reporter's, while it publishes
    uint128 challengeBond; // wei of a challenger's
}

/// @title Scores of many sources, an epoch at a time: one Merkle root for all, packed words for a few.
/// @dev A challenged epoch is decided by a round of the court, in which a committee recomputes it.
interface IReliabilityAnchor {
    error AnchorTermsInvalid(string reason);
    error AnchorNotReporter(address signer);
    error AnchorNotNext(uint256 epoch, uint256 next);
    error AnchorTooSoon(uint256 notBefore);
    error AnchorNoBond(uint256 bond);
    error AnchorUnknownEpoch(uint256 epoch);
    error AnchorNotFinal(uint256 epoch, uint256 finalAt);
    error AnchorFinal(uint256 epoch, uint256 finalAt);
    error AnchorDisputed(uint256 epoch);
    error AnchorNotDisputed();
    error AnchorWrongBond(uint256 sent, uint256 required);
    error AnchorBondInUse(uint256 until);
    error AnchorAnswered(bytes32 requestHash);
    error AnchorAnswerLate(uint256 closedAt);
    error AnchorWrongWork();
    error AnchorNotTheOutput();
    error AnchorUndecided(uint256 until);
    error AnchorWrongWords();
    error AnchorAlreadyApplied(uint256 epoch, uint256 applied);
    error AnchorAlreadyListed(uint256 source, bytes32 domain);
    error AnchorNotListed(uint256 source, bytes32 domain);
    error AnchorNothingOwed(address account);
    error AnchorTransferFailed(address account, uint256 amount);

    event Anchored(
        uint64 indexed epoch, uint64 publishedAt, bytes32 root, bytes32 bundleHash, bytes32 wordsHash
    );
    event WordsApplied(uint64 indexed epoch, uint256 words);
    event SourceListed(uint256 indexed index, uint256 indexed source, bytes32 indexed domain);
    event Bonded(uint256 amount);
    event BondReleased(uint256 amount);
    event Challenged(uint64 indexed epoch, address indexed challenger, uint256 answerBy);
    event Answered(uint64 indexed epoch, bytes32 indexed requestHash, uint256 decideBy);
    event Upheld(uint64 indexed epoch);
    event RolledBack(uint64 indexed first, uint64 indexed last, bool proven);
    event Credited(address indexed account, uint256 amount);
    event Withdrawn(address indexed account, uint256 amount);

    /// @notice Anchors an epoch. Caller: the reporter. Epochs count from 1 without a gap.
    /// @dev An epoch continues the highest one before it that was not rolled back; a committee checks it.
    function publish(uint64 epoch, bytes32 root, bytes32 bundleHash, bytes32 wordsHash) external;
    /// @notice The same for anybody, with the reporter's signature (EIP-712, ERC-2098) over `digestOf`.
    function publishSigned(
        uint64 epoch,
        bytes32 root,
        bytes32 bundleHash,
        bytes32 wordsHash,
        bytes32 r,
        bytes32 vs
    ) external;
    /// @notice Stores the packed words of an epoch past its window, for contracts to read.
    function applyWords(Header calldata header, bytes32[] calldata words) external;
    /// @notice Gives a source the next place in the packed words. Caller: the reporter.
    function list(uint256 source, bytes32 domain) external returns (uint256 index);
    function deposit() external payable;
    /// @notice Takes the reporter's bond back once nothing of it can be challenged. Caller: the reporter.
    function release() external;

    /// @notice Doubts an epoch within its window. It and all that build on it are unreadable until it is
    /// settled, and nothing is published in between.
    function challenge(Header calldata header) external payable;
    /// @notice Names the round in which the epoch is recomputed: the reporter's agent is its provider.
    function answer(Receipt calldata receipt, bytes32 nonce) external;
    /// @notice Ends a challenge by the round's output, which was accepted: upheld if it ends with the
    /// epoch's words' hash and root, else proven false.
    function settle(bytes32 salt, bytes calldata transcript) external;
    /// @notice Ends a challenge without an accepted output: not answered or rejected, the reporter is
    /// slashed; without a verdict in time, the epoch is rolled back and bonds stay whose they were.
    function settleUnproven() external;
    function withdraw() external;

    /// @notice Whether `score` is under the root of an epoch past its window. Reverts for any other epoch.
    function verifyScore(Header calldata header, SourceScore calldata score, bytes32[] calldata proof)
        external
        view
        returns (bool);
    /// @return lowerBps lower bound in basis points, −1 where unknown.
    /// @return epoch the epoch that it is of.
    function scoreAt(uint256 index) external view returns (int16 lowerBps, uint64 epoch);
    /// @return index place of a listed source; reverts AnchorNotListed for another.
    function indexOf(uint256 source, bytes32 domain) external view returns (uint256 index);
    function isFinal(Header calldata header) external view returns (bool);
    function hashOf(Header calldata header) external pure returns (bytes32);
    /// @notice The task (`assay/task/1`) that a committee is given to recompute an epoch.
    function taskOf(Header calldata header) external view returns (bytes memory);
    /// @notice What the reporter signs:
    /// Anchor(uint64 epoch,bytes32 root,bytes32 bundleHash,bytes32 wordsHash).
    function digestOf(uint64 epoch, bytes32 root, bytes32 bundleHash, bytes32 wordsHash)
        external
        view
        returns (bytes32);
}
