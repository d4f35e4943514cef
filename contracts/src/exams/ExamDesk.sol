// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {
    Exam,
    IExamBook,
    Section,
    SectionKey,
    Sitting,
    SittingState,
    Stage
} from "../interfaces/IExamBook.sol";
import {ExamTerms} from "../interfaces/IExamRules.sol";
import {AgentAuth} from "../libraries/AgentAuth.sol";
import {ExamSheets} from "../libraries/ExamSheets.sol";
import {ExamBase} from "./ExamBase.sol";

// Stages, hashes and exact payments are compared, never a balance or a moment.
// slither-disable-start incorrect-equality
/// @dev From the announcement to the opened keys.
abstract contract ExamDesk is ExamBase {
    using SafeCast for uint256;

    /// @dev An examiner's place: who it is, among how many.
    struct Seat {
        uint256 agentId;
        uint8 sections;
    }

    /// @inheritdoc IExamBook
    function announce(bytes32 profileId, uint256 section) external returns (uint256 examId) {
        require(_courts.wired, ExamNotWired());
        uint256 termsId = rules.currentTerms(profileId);
        ExamTerms memory terms = rules.termsOf(termsId);
        uint8 sections = _requireExaminer(termsId, section).sections;

        examId = ++examCount;
        // Whoever announces chooses the block, and so one of many keys. It is no secret from then on, and no
        // key is better than another for anybody: answers are digests of outputs that tasks fix.
        bytes32 key = keccak256(abi.encode(block.chainid, address(this), examId, blockhash(block.number - 1)));
        Exam storage exam = _exams[examId];
        (exam.termsId, exam.stage, exam.sections) = (termsId.toUint32(), Stage.Preparing, sections);
        exam.closesAt = uint40(block.timestamp) + terms.prepareWindow;
        (exam.fee, exam.bond, exam.key) = (terms.fee, terms.bond, key);

        emit ExamAnnounced(examId, profileId, termsId, key, exam.closesAt);
    }

    /// @inheritdoc IExamBook
    function post(
        uint256 examId,
        uint256 section,
        bytes32 itemsRoot,
        bytes32 sealedKey,
        string calldata itemsURI
    ) external payable {
        _requireStage(examId, Stage.Preparing);
        Exam storage exam = _exams[examId];
        uint256 agentId = _requireExaminer(exam.termsId, section).agentId;
        require(block.timestamp < exam.closesAt, ExamLate(examId, exam.closesAt));
        require(msg.value == exam.bond, ExamWrongValue(msg.value, exam.bond));
        require(itemsRoot != bytes32(0) && sealedKey != bytes32(0), ExamCommitmentEmpty());
        Section storage s = _sections[examId][section];
        require(s.poster == address(0), ExamSectionPosted(examId, section));
        address owner = _identity.ownerOf(agentId);
        require(!_isExaminer(examId, owner), ExamExaminersShareOwner(owner));

        (s.itemsRoot, s.key) = (itemsRoot, sealedKey);
        (s.poster, s.owner, s.agentId) = (msg.sender, owner, agentId);
        uint8 posted = ++exam.posted;

        emit SectionPosted(examId, section, agentId, itemsRoot, sealedKey, itemsURI);

        if (posted == exam.sections) {
            exam.stage = Stage.Sitting;
            exam.closesAt = uint40(block.timestamp) + _termsOf(examId).sitWindow;
            emit SittingOpened(examId, exam.closesAt);
        }
    }

    /// @inheritdoc IExamBook
    function sit(uint256 examId, uint256 agentId, bytes32 commitment) external payable {
        _requireStage(examId, Stage.Sitting);
        Exam storage exam = _exams[examId];
        require(AgentAuth.isOperator(_identity, agentId, msg.sender), ExamNotOperator(agentId, msg.sender));
        require(msg.value == exam.fee, ExamWrongValue(msg.value, exam.fee));
        require(commitment != bytes32(0), ExamCommitmentEmpty());
        address owner = _identity.ownerOf(agentId);
        require(!_isExaminer(examId, owner), ExamExaminerSits(examId, owner));
        Sitting storage sitting = _sittings[examId][owner];
        require(sitting.state == SittingState.None, ExamAlreadySat(examId, owner));

        sitting.commitment = _bound(agentId, commitment);
        (sitting.payer, sitting.state) = (msg.sender, SittingState.Sat);
        ++exam.candidates;

        emit Sat(examId, agentId, owner, msg.sender, commitment);
    }

    /// @inheritdoc IExamBook
    function openKey(
        uint256 examId,
        uint256 section,
        SectionKey calldata key,
        bytes32[] calldata contents,
        bytes32 salt
    ) external {
        _requireStage(examId, Stage.Opening);
        Exam storage exam = _exams[examId];
        ExamTerms memory terms = _termsOf(examId);
        uint256 sections = exam.sections;
        require(section < sections, ExamSectionUnknown(section));
        uint256 due = uint256(exam.closesAt) + terms.keyWindow;
        require(block.timestamp < due, ExamLate(examId, due));
        Section storage s = _sections[examId][section];
        require(!s.opened, ExamKeyOpened(examId, section));
        require(
            key.digests.length == terms.items && ExamSheets.areContents(key, contents)
                && sealedKeyOf(examId, section, key, salt) == s.key,
            ExamKeyMismatch(examId, section)
        );

        (s.key, s.opened) = (ExamSheets.hashOf(key), true);
        uint8 opened = ++exam.opened;

        emit KeyOpened(examId, section, key.digests, contents);

        if (opened == sections) {
            exam.stage = Stage.Doubting;
            exam.closesAt = uint40(block.timestamp) + terms.challengeWindow;
            exam.gradesFrom = exam.closesAt;
            emit KeysComplete(examId, exam.closesAt);
        }
    }

    /// @inheritdoc IExamBook
    function sealedKeyOf(uint256 examId, uint256 section, SectionKey calldata key, bytes32 salt)
        public
        view
        returns (bytes32)
    {
        return keccak256(
            abi.encode(block.chainid, address(this), examId, section, ExamSheets.hashOf(key), salt)
        );
    }

    /// @dev What is kept of a commitment, so that it counts for the agent it was handed in for.
    function _bound(uint256 agentId, bytes32 commitment) internal pure returns (bytes32) {
        return keccak256(abi.encode(agentId, commitment));
    }

    function _isExaminer(uint256 examId, address owner) private view returns (bool) {
        uint256 sections = _exams[examId].sections;
        for (uint256 i = 0; i < sections; ++i) {
            if (_sections[examId][i].owner == owner) return true;
        }
        return false;
    }

    function _requireExaminer(uint256 termsId, uint256 section) private view returns (Seat memory seat) {
        uint256[] memory examiners = rules.examinersOf(termsId);
        require(section < examiners.length, ExamSectionUnknown(section));
        seat = Seat(examiners[section], uint8(examiners.length));
        require(
            AgentAuth.isOperator(_identity, seat.agentId, msg.sender),
            ExamNotOperator(seat.agentId, msg.sender)
        );
    }
}
// slither-disable-end incorrect-equality
