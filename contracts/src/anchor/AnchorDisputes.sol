// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {Header, IReliabilityAnchor} from "../interfaces/IReliabilityAnchor.sol";
import {IValidationRegistry} from "../interfaces/IValidationRegistry.sol";
import {IVerificationRounds, Receipt} from "../interfaces/IVerificationRounds.sol";
import {CourtAnswers} from "../libraries/CourtAnswers.sol";
import {AnchorBase} from "./AnchorBase.sol";

/// @dev Bonds, challenges and what follows from them. Balance = bond held + challenger's bond + Σ credits
/// + burned.
abstract contract AnchorDisputes is AnchorBase, ReentrancyGuardTransient {
    using CourtAnswers for IValidationRegistry;
    using CourtAnswers for IVerificationRounds;

    struct Dispute {
        address challenger;
        uint64 deadline; // to answer; once answered, to decide
        bytes32 root;
        bytes32 wordsHash;
        bytes32 taskHash;
        bytes32 requestHash; // 0 until answered
        bytes32 outputHash;
        uint64 epoch;
    }

    /// @dev Of a slashed bond: one part to whoever was right, the rest is burned (DESIGN: at most a quarter).
    uint256 private constant REWARD_PART = 4;
    uint256 private constant WORD = 32;

    IVerificationRounds public immutable court;
    IValidationRegistry public immutable validation;

    Dispute private _dispute;
    mapping(address account => uint256) private _credits;
    /// @notice Wei slashed so far, which stay here for ever.
    uint256 public burned;

    constructor(IVerificationRounds court_, IValidationRegistry validation_) {
        (court, validation) = (court_, validation_);
    }

    /// @inheritdoc IReliabilityAnchor
    function deposit() external payable {
        require(msg.value == bond && !_clock.bonded, AnchorWrongBond(msg.value, _clock.bonded ? 0 : bond));
        _clock.bonded = true;

        emit Bonded(msg.value);
    }

    /// @inheritdoc IReliabilityAnchor
    function release() external onlyReporter {
        Clock memory clock = _clock;
        require(clock.bonded, AnchorNoBond(bond));
        require(!clock.disputed, AnchorDisputed(_dispute.epoch));
        uint256 until = uint256(clock.latestAt) + window;
        require(clock.latest == 0 || block.timestamp >= until, AnchorBondInUse(until));
        _clock.bonded = false;

        emit BondReleased(bond);
        _credit(reporter, bond);
    }

    /// @inheritdoc IReliabilityAnchor
    function challenge(Header calldata header) external payable {
        require(msg.value == challengeBond, AnchorWrongBond(msg.value, challengeBond));
        require(!_clock.disputed, AnchorDisputed(_dispute.epoch));
        _requireKnown(header);
        uint256 finalAt = _finalAt(header);
        require(block.timestamp < finalAt, AnchorFinal(header.epoch, finalAt));

        _clock.disputed = true;
        uint64 deadline = uint64(block.timestamp) + answerWindow;
        _dispute = Dispute({
            challenger: msg.sender,
            deadline: deadline,
            root: header.root,
            wordsHash: header.wordsHash,
            taskHash: keccak256(taskOf(header)),
            requestHash: bytes32(0),
            outputHash: bytes32(0),
            epoch: header.epoch
        });

        emit Challenged(header.epoch, msg.sender, deadline);
    }

    /// @inheritdoc IReliabilityAnchor
    function answer(Receipt calldata receipt, bytes32 nonce) external {
        Dispute storage d = _openDispute();
        require(d.requestHash == bytes32(0), AnchorAnswered(d.requestHash));
        require(block.timestamp < d.deadline, AnchorAnswerLate(d.deadline));
        require(
            receipt.agentId == agentId && receipt.profileId == profileId && receipt.taskHash == d.taskHash,
            AnchorWrongWork()
        );
        bytes32 requestHash = court.roundOf(receipt, nonce);
        require(requestHash != bytes32(0), AnchorWrongWork());

        (d.requestHash, d.outputHash) = (requestHash, receipt.outputHash);
        d.deadline = uint64(block.timestamp) + courtWindow;

        emit Answered(d.epoch, requestHash, d.deadline);
    }

    /// @inheritdoc IReliabilityAnchor
    function settle(bytes32 salt, bytes calldata transcript) external {
        Dispute memory d = _openDispute();
        require(d.requestHash != bytes32(0), AnchorUndecided(d.deadline));
        // Undecided is not accepted either.
        // slither-disable-next-line unused-return
        (, bool accepted) = validation.verdictOf(d.requestHash);
        require(accepted, AnchorUndecided(d.deadline));
        require(CourtAnswers.isOutput(d.outputHash, salt, transcript), AnchorNotTheOutput());

        if (!_endsWith(transcript, d.wordsHash, d.root)) return _slashReporter(d);
        _held = Held(d.epoch, _clock.latest, uint64(block.timestamp));
        _close();
        emit Upheld(d.epoch);
        // The reporter paid for the round that proved it right.
        _reward(reporter, challengeBond);
    }

    /// @inheritdoc IReliabilityAnchor
    function settleUnproven() external {
        Dispute memory d = _openDispute();
        bool late = block.timestamp >= d.deadline;
        if (d.requestHash == bytes32(0)) {
            require(late, AnchorUndecided(d.deadline));
            return _slashReporter(d);
        }
        (bool decided, bool accepted) = validation.verdictOf(d.requestHash);
        if (decided && !accepted) return _slashReporter(d);
        // Accepted, but its output was not shown here; or the round ended, or did not, without a verdict.
        require(late, AnchorUndecided(d.deadline));
        _rollBack(d, false);
        _credit(d.challenger, challengeBond);
    }

    /// @inheritdoc IReliabilityAnchor
    function withdraw() external nonReentrant {
        uint256 amount = _credits[msg.sender];
        require(amount != 0, AnchorNothingOwed(msg.sender));

        _credits[msg.sender] = 0;

        emit Withdrawn(msg.sender, amount);

        (bool sent,) = msg.sender.call{value: amount}("");
        require(sent, AnchorTransferFailed(msg.sender, amount));
    }

    function creditOf(address account) external view returns (uint256) {
        return _credits[account];
    }

    function disputeOf() external view returns (Dispute memory) {
        return _dispute;
    }

    function _isDisputed(uint64 epoch) internal view override returns (bool) {
        return _clock.disputed && epoch >= _dispute.epoch;
    }

    function _slashReporter(Dispute memory d) private {
        _clock.bonded = false;
        _rollBack(d, true);
        _reward(d.challenger, bond);
        _credit(d.challenger, challengeBond);
    }

    /// @dev Clears the epoch and what builds on it: at most those of one window, as nothing is published
    /// during a dispute.
    function _rollBack(Dispute memory d, bool proven) private {
        uint64 latest = _clock.latest;
        for (uint64 epoch = d.epoch; epoch <= latest; ++epoch) {
            delete _headers[_slotOf(epoch)];
        }
        _close();

        emit RolledBack(d.epoch, latest, proven);
    }

    function _close() private {
        _clock.disputed = false;
        delete _dispute;
    }

    function _openDispute() private view returns (Dispute storage) {
        require(_clock.disputed, AnchorNotDisputed());
        return _dispute;
    }

    function _reward(address account, uint256 amount) private {
        uint256 part = amount / REWARD_PART;
        burned += amount - part;
        _credit(account, part);
    }

    function _credit(address account, uint256 amount) private {
        _credits[account] += amount;

        emit Credited(account, amount);
    }

    function _endsWith(bytes calldata transcript, bytes32 wordsHash, bytes32 root)
        private
        pure
        returns (bool)
    {
        uint256 size = transcript.length;
        if (size < 2 * WORD) return false;
        return bytes32(transcript[size - 2 * WORD:size - WORD]) == wordsHash
            && bytes32(transcript[size - WORD:]) == root;
    }
}
