// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {
    Doubt,
    DoubtKind,
    DoubtState,
    Exam,
    IExamBook,
    Item,
    Section,
    SectionKey,
    Stage
} from "../interfaces/IExamBook.sol";
import {ExamTerms} from "../interfaces/IExamRules.sol";
import {IValidationRegistry} from "../interfaces/IValidationRegistry.sol";
import {IVerificationRounds, Receipt} from "../interfaces/IVerificationRounds.sol";
import {CourtAnswers} from "../libraries/CourtAnswers.sol";
import {Digest} from "../libraries/Digest.sol";
import {ExamSheets} from "../libraries/ExamSheets.sol";
import {ExamBase} from "./ExamBase.sol";

// Stages, hashes and exact payments are compared, never a balance or a moment.
// slither-disable-start incorrect-equality
/// @dev Doubts about keys. Each item has doubts of its own, side by side: a friend of the examiner who
/// doubts a true item keeps nobody from doubting the false one next to it.
abstract contract ExamDoubts is ExamBase {
    using CourtAnswers for IValidationRegistry;
    using CourtAnswers for IVerificationRounds;
    using SafeCast for uint256;

    IValidationRegistry private immutable _validation;

    mapping(bytes32 doubtId => Doubt) private _doubts;

    constructor(IValidationRegistry validation) {
        _validation = validation;
    }

    /// @inheritdoc IExamBook
    function doubt(
        uint256 examId,
        DoubtKind kind,
        Item calldata item,
        SectionKey calldata key,
        bytes32[] calldata contents
    ) external payable returns (bytes32 doubtId) {
        ExamTerms memory terms = _doubtableTerms(examId, kind, item);
        require(msg.value == terms.challengeBond, ExamWrongValue(msg.value, terms.challengeBond));
        _requireItem(examId, item, key, contents);
        doubtId = doubtIdOf(examId, item.section, item.index, kind);
        require(_doubts[doubtId].state == DoubtState.None, ExamAlreadyDoubted(doubtId));

        bytes32 contentHash = contents[item.index];
        ++_exams[examId].doubts;
        uint40 deadline = uint40(block.timestamp) + terms.answerWindow;
        bytes32 taskHash =
            kind == DoubtKind.Output ? item.taskHash : keccak256(digestTaskOf(examId, contentHash));
        _doubts[doubtId] = Doubt({
            challenger: msg.sender,
            deadline: deadline,
            state: DoubtState.Open,
            section: item.section,
            kind: kind,
            examId: examId.toUint32(),
            taskHash: taskHash,
            contentHash: contentHash,
            digest: key.digests[item.index],
            requestHash: bytes32(0),
            outputHash: bytes32(0)
        });

        emit Doubted(doubtId, examId, msg.sender, item.section, item.index, kind, taskHash, uint256(deadline));
    }

    /// @inheritdoc IExamBook
    function answer(bytes32 doubtId, IVerificationRounds court, Receipt calldata receipt, bytes32 nonce)
        external
    {
        Doubt storage d = _openDoubt(doubtId);
        require(d.state == DoubtState.Open, ExamAnswered(d.requestHash));
        require(block.timestamp < d.deadline, ExamAnswerLate(d.deadline));
        ExamTerms memory terms = _termsOf(d.examId);
        require(
            receipt.agentId == _sections[d.examId][d.section].agentId && receipt.taskHash == d.taskHash
                && receipt.profileId
                    == (d.kind == DoubtKind.Output ? terms.profileId : terms.recomputeProfileId),
            ExamWrongWork()
        );
        bytes32 requestHash = _courts.contains[address(court)] ? court.roundOf(receipt, nonce) : bytes32(0);
        require(requestHash != bytes32(0), ExamWrongWork());

        (d.requestHash, d.outputHash, d.state) = (requestHash, receipt.outputHash, DoubtState.Answered);
        d.deadline = uint40(block.timestamp) + terms.courtWindow;

        emit DoubtAnswered(doubtId, requestHash, d.deadline);
    }

    /// @inheritdoc IExamBook
    function settle(bytes32 doubtId, bytes32 salt, bytes calldata output) external {
        Doubt storage d = _openDoubt(doubtId);
        require(
            d.state == DoubtState.Answered && _exams[d.examId].stage == Stage.Doubting,
            ExamUndecided(d.deadline)
        );
        // Undecided is not accepted either.
        // slither-disable-next-line unused-return
        (, bool accepted) = _validation.verdictOf(d.requestHash);
        require(accepted, ExamUndecided(d.deadline));
        require(CourtAnswers.isOutput(d.outputHash, salt, output), ExamNotTheOutput());

        if (!_agrees(d, output)) return _slash(d);
        _uphold(doubtId, d);
    }

    /// @inheritdoc IExamBook
    function settleUnproven(bytes32 doubtId) external {
        Doubt storage d = _openDoubt(doubtId);
        if (_exams[d.examId].stage == Stage.Void) return _giveBack(d);
        bool late = block.timestamp >= d.deadline;
        if (d.state == DoubtState.Open) {
            require(late, ExamUndecided(d.deadline));
            return _slash(d);
        }
        (bool decided, bool accepted) = _validation.verdictOf(d.requestHash);
        if (decided && !accepted) return _slash(d);
        // Accepted, but its output was not shown here; or the round ended, or did not, without a verdict.
        require(late, ExamUndecided(d.deadline));
        _giveBack(d);
        _void(d.examId, 0);
    }

    /// @inheritdoc IExamBook
    function doubtOf(bytes32 doubtId) external view returns (Doubt memory) {
        return _doubts[doubtId];
    }

    /// @inheritdoc IExamBook
    function doubtIdOf(uint256 examId, uint8 section, uint8 index, DoubtKind kind)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(examId, section, index, kind));
    }

    /// @inheritdoc IExamBook
    function digestTaskOf(uint256 examId, bytes32 contentHash) public view returns (bytes memory) {
        ExamTerms memory terms = _termsOf(examId);
        return bytes.concat(
            '{"modality":"text","model":"assay/recompute/1","parameters":{},"profile":"',
            bytes(Strings.toHexString(uint256(terms.recomputeProfileId), 32)),
            '","prompt":"digest of ',
            bytes(Strings.toHexString(uint256(contentHash), 32)),
            " under ",
            bytes(Strings.toHexString(uint256(terms.profileId), 32)),
            " keyed ",
            bytes(Strings.toHexString(uint256(_exams[examId].key), 32)),
            '","schema":"assay/task/1"}'
        );
    }

    /// @dev Outputs can be doubted for one window. An upheld output is public, and then for another window
    /// what its digest is: before, a committee could not compute it.
    function _doubtableTerms(uint256 examId, DoubtKind kind, Item calldata item)
        private
        view
        returns (ExamTerms memory)
    {
        Exam memory exam = _exams[examId];
        require(exam.stage != Stage.None, ExamUnknown(examId));
        require(exam.stage == Stage.Doubting, ExamWrongStage(examId, stageOf(examId), Stage.Doubting));
        bool open = block.timestamp < exam.closesAt;
        if (kind == DoubtKind.Digest) {
            Doubt storage first = _doubts[doubtIdOf(examId, item.section, item.index, DoubtKind.Output)];
            open = first.state == DoubtState.Upheld && block.timestamp < first.deadline;
        }
        require(open, ExamItemNotDoubtable(item.section, item.index));
        return _termsOf(examId);
    }

    function _requireItem(
        uint256 examId,
        Item calldata item,
        SectionKey calldata key,
        bytes32[] calldata contents
    ) private view {
        Section storage section = _sections[examId][item.section];
        require(
            section.opened && ExamSheets.hashOf(key) == section.key && ExamSheets.areContents(key, contents),
            ExamKeyMismatch(examId, item.section)
        );
        require(
            item.index < key.digests.length
                && ExamSheets.isItem(section.itemsRoot, item.index, item.taskHash, item.taskProof),
            ExamItemUnproven(item.section, item.index)
        );
    }

    function _agrees(Doubt storage d, bytes calldata output) private view returns (bool) {
        if (d.kind == DoubtKind.Digest) return ExamSheets.endsWith(output, d.digest);
        if (keccak256(output) != d.contentHash) return false;
        if (!_isExact(_termsOf(d.examId).profileId)) return true;
        return Digest.exact(_exams[d.examId].key, output) == d.digest;
    }

    function _uphold(bytes32 doubtId, Doubt storage d) private {
        uint256 examId = d.examId;
        Exam storage exam = _exams[examId];
        ExamTerms memory terms = _termsOf(examId);
        --exam.doubts;
        d.state = DoubtState.Upheld;
        bool digestIsLeft = d.kind == DoubtKind.Output && !_isExact(terms.profileId);
        d.deadline = uint40(block.timestamp) + (digestIsLeft ? terms.challengeWindow : 0);
        exam.gradesFrom = uint40(Math.max(exam.gradesFrom, d.deadline));

        emit DoubtUpheld(doubtId, examId);
        // The examiner paid for the round that proved it right.
        _reward(_sections[examId][d.section].poster, terms.challengeBond);
    }

    function _slash(Doubt storage d) private {
        uint256 examId = d.examId;
        _void(examId, 1 << d.section);
        _reward(d.challenger, _exams[examId].bond);
        _giveBack(d);
    }

    function _giveBack(Doubt storage d) private {
        d.state = DoubtState.Closed;
        _credit(d.challenger, _termsOf(d.examId).challengeBond);
    }

    function _openDoubt(bytes32 doubtId) private view returns (Doubt storage d) {
        d = _doubts[doubtId];
        require(d.state == DoubtState.Open || d.state == DoubtState.Answered, ExamNotDoubted(doubtId));
    }
}
// slither-disable-end incorrect-equality
