// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ExamBase} from "./exams/ExamBase.sol";
import {ExamDesk} from "./exams/ExamDesk.sol";
import {ExamDoubts} from "./exams/ExamDoubts.sol";
import {ICapability} from "./interfaces/ICapability.sol";
import {
    Capability,
    Exam,
    IExamBook,
    Section,
    SectionKey,
    Sheet,
    Sitting,
    SittingState,
    Stage
} from "./interfaces/IExamBook.sol";
import {ExamTerms, IExamRules} from "./interfaces/IExamRules.sol";
import {IIdentityRegistry} from "./interfaces/IIdentityRegistry.sol";
import {IProfileRegistry} from "./interfaces/IProfileRegistry.sol";
import {IValidationRegistry} from "./interfaces/IValidationRegistry.sol";
import {ExamSheets} from "./libraries/ExamSheets.sol";

// Stages, hashes and exact payments are compared, never a balance or a moment.
// slither-disable-start incorrect-equality
/// @title Proof of capability: sealed keys, sealed sheets, and the count made here.
contract ExamBook is ExamDesk, ExamDoubts {
    /// @dev What all candidates of an exam are graded by.
    struct Grading {
        bytes32 profileId;
        uint256 tolerance;
        uint256 items;
        uint256 mark;
        uint256 sectionMark;
        uint40 until;
    }

    /// @param deployer who may name the courts, once.
    constructor(
        IIdentityRegistry identity,
        IProfileRegistry profiles,
        IValidationRegistry validation,
        IExamRules rules,
        address deployer
    ) ExamBase(identity, profiles, rules, deployer) ExamDoubts(validation) {}

    /// @inheritdoc IExamBook
    function grade(uint256 examId, SectionKey[] calldata keys, Sheet[] calldata sheets) external {
        _requireStage(examId, Stage.Grading);
        Exam storage exam = _exams[examId];
        ExamTerms memory terms = _termsOf(examId);
        uint256 end = uint256(exam.gradesFrom) + terms.gradeWindow;
        require(block.timestamp < end, ExamLate(examId, end));
        _requireKeys(examId, keys, exam.sections);

        bytes32 profileId = terms.profileId;
        Grading memory g = Grading({
            profileId: profileId,
            tolerance: _profiles.profile(profileId).tolerance,
            items: uint256(terms.items) * keys.length,
            mark: terms.mark,
            sectionMark: terms.sectionMark,
            until: uint40(block.timestamp) + terms.validity
        });
        uint256 graded = 0;
        for (uint256 i = 0; i < sheets.length; ++i) {
            if (_grade(examId, keys, sheets[i], g)) ++graded;
        }
        exam.graded += uint32(graded);
    }

    /// @inheritdoc IExamBook
    function conclude(uint256 examId) external {
        Exam storage exam = _exams[examId];
        if (stageOf(examId) == Stage.Opening && exam.candidates == 0) return _conclude(examId, 0);
        _requireStage(examId, Stage.Grading);
        uint256 due = uint256(exam.gradesFrom) + _termsOf(examId).gradeWindow;
        require(exam.graded == exam.candidates || block.timestamp >= due, ExamNotDue(examId, due));
        _conclude(examId, uint256(exam.fee) * exam.candidates);
    }

    /// @inheritdoc IExamBook
    function cancel(uint256 examId) external {
        Exam storage exam = _exams[examId];
        if (exam.stage == Stage.Preparing) {
            require(block.timestamp >= exam.closesAt, ExamNotDue(examId, exam.closesAt));
            return _void(examId, 0);
        }
        _requireStage(examId, Stage.Opening);
        uint256 due = uint256(exam.closesAt) + _termsOf(examId).keyWindow;
        require(block.timestamp >= due, ExamNotDue(examId, due));
        // Of an exam that nobody sat no key is owed: it is concluded.
        require(exam.candidates != 0, ExamNobodySat(examId));

        uint256 silent = 0;
        uint256 sections = exam.posted;
        for (uint256 i = 0; i < sections; ++i) {
            if (!_sections[examId][i].opened) {
                silent |= 1 << i;
                burned += exam.bond;
            }
        }
        _void(examId, silent);
    }

    /// @inheritdoc IExamBook
    function refund(uint256 examId, address owner) external {
        _requireStage(examId, Stage.Void);
        Sitting storage sitting = _sittings[examId][owner];
        require(sitting.state == SittingState.Sat, ExamNothingToRefund(examId, owner));
        sitting.state = SittingState.Refunded;

        emit Refunded(examId, owner);
        _credit(sitting.payer, _exams[examId].fee);
    }

    /// @inheritdoc ICapability
    function isCapable(uint256 agentId, address owner, bytes32 profileId) external view returns (bool) {
        uint256 from = rules.gatedFrom(profileId);
        if (from == 0 || block.timestamp < from) return true;
        Capability memory capability = _capabilities[profileId][agentId];
        return capability.owner == owner && block.timestamp < capability.until;
    }

    function _requireKeys(uint256 examId, SectionKey[] calldata keys, uint256 sections) private view {
        require(keys.length == sections, ExamSectionUnknown(keys.length));
        for (uint256 i = 0; i < sections; ++i) {
            Section storage s = _sections[examId][i];
            require(ExamSheets.hashOf(keys[i]) == s.key, ExamKeyMismatch(examId, i));
        }
    }

    /// @return Whether it was this call that graded it.
    function _grade(uint256 examId, SectionKey[] calldata keys, Sheet calldata sheet, Grading memory g)
        private
        returns (bool)
    {
        Sitting storage sitting = _sittings[examId][sheet.owner];
        if (sitting.state == SittingState.Graded) return false;
        // A sheet of another length is one that no mark can be given for: it fails like one never opened.
        require(
            sitting.commitment == _bound(sheet.agentId, commitmentOf(examId, sheet))
                && sheet.digests.length == g.items,
            ExamSheetMismatch(examId, sheet.owner)
        );
        sitting.state = SittingState.Graded;

        (uint256 right, uint256 marks, uint256 least) = ExamSheets.count(keys, sheet.digests, g.tolerance);
        bool passed = right >= g.mark && least >= g.sectionMark;

        emit Graded(examId, sheet.agentId, sheet.owner, marks, passed);
        if (passed) _admit(sheet.agentId, sheet.owner, g);
        return true;
    }

    function _admit(uint256 agentId, address owner, Grading memory g) private {
        _capabilities[g.profileId][agentId] = Capability(owner, g.until);

        emit CapabilityGranted(g.profileId, agentId, owner, g.until);
    }

    /// @dev What does not divide by the examiners is burned.
    function _conclude(uint256 examId, uint256 earned) private {
        Exam storage exam = _exams[examId];
        exam.stage = Stage.Concluded;

        emit ExamConcluded(examId, earned);

        uint256 sections = exam.posted;
        uint256 share = earned / sections;
        burned += earned % sections;
        uint256 bond = exam.bond;
        for (uint256 i = 0; i < sections; ++i) {
            _credit(_sections[examId][i].poster, bond + share);
        }
    }
}
// slither-disable-end incorrect-equality
