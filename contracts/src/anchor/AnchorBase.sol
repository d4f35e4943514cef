// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {AnchorTerms, Header, IReliabilityAnchor} from "../interfaces/IReliabilityAnchor.sol";

/// @dev What is stored and how it is named. One slot per epoch, one for the clock.
abstract contract AnchorBase is IReliabilityAnchor, EIP712 {
    /// @dev One slot, written once per epoch.
    struct Clock {
        uint64 latest; // epoch published last, rolled back or not
        uint64 applied; // epoch whose packed words are stored
        uint32 words; // how many they are
        uint40 latestAt;
        bool bonded;
        bool disputed;
    }

    /// @dev While an epoch was disputed, and upheld at last, those after it could not be challenged.
    struct Held {
        uint64 upheld;
        uint64 upTo;
        uint64 since;
    }

    bytes32 internal constant ANCHOR_TYPEHASH =
        keccak256("Anchor(uint64 epoch,bytes32 root,bytes32 bundleHash,bytes32 wordsHash)");
    /// @dev Epochs in one window at most, so that a rollback is bounded work and reaches what is kept.
    uint64 internal constant EPOCHS_PER_WINDOW = 8;
    uint256 internal constant HEADER_BYTES = 160;
    uint64 internal constant FEWEST_SLOTS = 2 * EPOCHS_PER_WINDOW;

    uint256 public immutable agentId;
    address public immutable reporter;
    bytes32 public immutable profileId;
    uint64 public immutable window;
    uint64 public immutable answerWindow;
    uint64 public immutable courtWindow;
    uint64 public immutable slots;
    uint256 public immutable bond;
    uint256 public immutable challengeBond;

    Clock internal _clock;
    Held internal _held;
    /// @dev By epoch, or epoch modulo `slots`; of an epoch that was rolled back, zero.
    mapping(uint256 slot => bytes32 headerHash) internal _headers;

    constructor(AnchorTerms memory terms) EIP712("Assay", "1") {
        require(terms.reporter != address(0), AnchorTermsInvalid("no reporter"));
        require(terms.window >= EPOCHS_PER_WINDOW, AnchorTermsInvalid("window"));
        require(terms.answerWindow != 0 && terms.courtWindow != 0, AnchorTermsInvalid("window of a dispute"));
        require(terms.slots == 0 || terms.slots >= FEWEST_SLOTS, AnchorTermsInvalid("too few slots"));
        require(terms.bond != 0 && terms.challengeBond != 0, AnchorTermsInvalid("no bond"));
        (agentId, reporter, profileId) = (terms.agentId, terms.reporter, terms.profileId);
        (window, answerWindow, courtWindow) = (terms.window, terms.answerWindow, terms.courtWindow);
        (slots, bond, challengeBond) = (terms.slots, terms.bond, terms.challengeBond);
    }

    modifier onlyReporter() {
        require(msg.sender == reporter, AnchorNotReporter(msg.sender));
        _;
    }

    /// @inheritdoc IReliabilityAnchor
    function hashOf(Header memory header) public pure returns (bytes32 hash) {
        // keccak256(abi.encode(header)), whose words lie so in memory already.
        assembly ("memory-safe") {
            hash := keccak256(header, HEADER_BYTES)
        }
    }

    /// @inheritdoc IReliabilityAnchor
    function digestOf(uint64 epoch, bytes32 root, bytes32 bundleHash, bytes32 wordsHash)
        public
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(keccak256(abi.encode(ANCHOR_TYPEHASH, epoch, root, bundleHash, wordsHash)));
    }

    /// @inheritdoc IReliabilityAnchor
    function isFinal(Header calldata header) external view returns (bool) {
        return _stored(header.epoch) == hashOf(header) && block.timestamp >= _finalAt(header)
            && !_isDisputed(header.epoch);
    }

    /// @inheritdoc IReliabilityAnchor
    function taskOf(Header memory header) public view returns (bytes memory) {
        return bytes.concat(
            '{"modality":"text","model":"assay/recompute/1","parameters":{},"profile":"',
            bytes(Strings.toHexString(uint256(profileId), 32)),
            '","prompt":"',
            bytes(Strings.toHexString(uint256(header.bundleHash), 32)),
            " for epoch ",
            bytes(Strings.toString(header.epoch)),
            " of ",
            bytes(Strings.toHexString(address(this))),
            '","schema":"assay/task/1"}'
        );
    }

    function _requireFinal(Header calldata header) internal view {
        _requireKnown(header);
        require(!_isDisputed(header.epoch), AnchorDisputed(header.epoch));
        uint256 finalAt = _finalAt(header);
        require(block.timestamp >= finalAt, AnchorNotFinal(header.epoch, finalAt));
    }

    function _requireKnown(Header calldata header) internal view {
        require(_stored(header.epoch) == hashOf(header), AnchorUnknownEpoch(header.epoch));
    }

    function _stored(uint64 epoch) internal view returns (bytes32) {
        return _headers[_slotOf(epoch)];
    }

    function _slotOf(uint64 epoch) internal view returns (uint256) {
        return slots == 0 ? epoch : epoch % slots;
    }

    /// @dev Nobody gains from a dispute about one epoch that the next ones cannot be challenged meanwhile.
    function _finalAt(Header calldata header) internal view returns (uint256) {
        uint256 since = header.publishedAt;
        Held memory held = _held;
        if (header.epoch > held.upheld && header.epoch <= held.upTo && held.since > since) {
            since = held.since;
        }
        return since + window;
    }

    /// @dev Whether the epoch, or one that it builds on, is being challenged.
    function _isDisputed(uint64 epoch) internal view virtual returns (bool);
}
