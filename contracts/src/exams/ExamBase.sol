// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {Capability, Exam, IExamBook, Section, Sheet, Sitting, Stage} from "../interfaces/IExamBook.sol";
import {ExamTerms, IExamRules} from "../interfaces/IExamRules.sol";
import {IIdentityRegistry} from "../interfaces/IIdentityRegistry.sol";
import {Family, IProfileRegistry} from "../interfaces/IProfileRegistry.sol";
import {Courts} from "../libraries/Courts.sol";

// Stages, hashes and exact payments are compared, never a balance or a moment.
// slither-disable-start incorrect-equality
/// @dev What is kept of an exam, and money. Balance = Σ bonds of sections and fees of exams that did not end
/// + Σ fees of void exams not given back + Σ bonds of open doubts + Σ credits + burned.
abstract contract ExamBase is IExamBook, ReentrancyGuardTransient {
    using Courts for Courts.Set;

    /// @dev Of what a party loses: one part to the other, the rest is burned.
    uint256 internal constant REWARD_PART = 4;

    IIdentityRegistry internal immutable _identity;
    IProfileRegistry internal immutable _profiles;
    /// @inheritdoc IExamBook
    IExamRules public immutable rules;

    Courts.Set internal _courts;
    /// @inheritdoc IExamBook
    uint256 public examCount;
    /// @inheritdoc IExamBook
    uint256 public burned;
    mapping(uint256 examId => Exam) internal _exams;
    mapping(uint256 examId => mapping(uint256 section => Section)) internal _sections;
    mapping(uint256 examId => mapping(address owner => Sitting)) internal _sittings;
    mapping(bytes32 profileId => mapping(uint256 agentId => Capability)) internal _capabilities;
    mapping(address account => uint256) private _credits;

    constructor(IIdentityRegistry identity, IProfileRegistry profiles, IExamRules rules_, address deployer) {
        (_identity, _profiles, rules) = (identity, profiles, rules_);
        _courts.deployer = deployer;
    }

    /// @inheritdoc IExamBook
    function wire(address[] calldata courts) external {
        require(msg.sender == _courts.deployer, ExamNotDeployer(msg.sender));
        require(!_courts.wired, ExamAlreadyWired());
        _courts.wire(courts);

        emit Wired(courts);
    }

    /// @inheritdoc IExamBook
    function withdraw() external nonReentrant {
        uint256 amount = _credits[msg.sender];
        require(amount != 0, ExamNothingOwed(msg.sender));

        _credits[msg.sender] = 0;

        emit Withdrawn(msg.sender, amount);

        (bool sent,) = msg.sender.call{value: amount}("");
        require(sent, ExamTransferFailed(msg.sender, amount));
    }

    /// @inheritdoc IExamBook
    function examOf(uint256 examId) external view returns (Exam memory) {
        return _exams[examId];
    }

    /// @inheritdoc IExamBook
    function sectionOf(uint256 examId, uint256 section) external view returns (Section memory) {
        return _sections[examId][section];
    }

    /// @inheritdoc IExamBook
    function sittingOf(uint256 examId, address owner) external view returns (Sitting memory) {
        return _sittings[examId][owner];
    }

    /// @inheritdoc IExamBook
    function capabilityOf(bytes32 profileId, uint256 agentId) external view returns (Capability memory) {
        return _capabilities[profileId][agentId];
    }

    /// @inheritdoc IExamBook
    function creditOf(address account) external view returns (uint256) {
        return _credits[account];
    }

    /// @inheritdoc IExamBook
    function stageOf(uint256 examId) public view returns (Stage) {
        Exam memory exam = _exams[examId];
        if (exam.stage == Stage.Sitting && block.timestamp >= exam.closesAt) return Stage.Opening;
        if (exam.stage == Stage.Doubting && exam.doubts == 0 && block.timestamp >= exam.gradesFrom) {
            return Stage.Grading;
        }
        return exam.stage;
    }

    /// @inheritdoc IExamBook
    function commitmentOf(uint256 examId, Sheet calldata sheet) public view returns (bytes32) {
        return keccak256(
            abi.encode(
                block.chainid,
                address(this),
                examId,
                sheet.agentId,
                sheet.owner,
                sheet.salt,
                keccak256(abi.encodePacked(sheet.digests))
            )
        );
    }

    function _requireStage(uint256 examId, Stage required) internal view {
        Stage actual = stageOf(examId);
        require(actual != Stage.None, ExamUnknown(examId));
        require(actual == required, ExamWrongStage(examId, actual, required));
    }

    /// @dev Ends an exam without a result. Whoever is slashed loses its bond, the others get theirs back;
    /// candidates call `refund`.
    /// @param slashed bit i: section i.
    function _void(uint256 examId, uint256 slashed) internal {
        Exam storage exam = _exams[examId];
        exam.stage = Stage.Void;

        emit ExamVoided(examId, slashed);

        (uint256 bond, uint256 sections) = (exam.bond, exam.sections);
        for (uint256 i = 0; i < sections; ++i) {
            address poster = _sections[examId][i].poster;
            if (poster != address(0) && (slashed >> i) & 1 == 0) _credit(poster, bond);
        }
    }

    function _credit(address account, uint256 amount) internal {
        _credits[account] += amount;

        emit Credited(account, amount);
    }

    /// @dev Of what somebody lost, to whoever was right.
    function _reward(address account, uint256 amount) internal {
        uint256 part = amount / REWARD_PART;
        burned += amount - part;
        _credit(account, part);
    }

    function _termsOf(uint256 examId) internal view returns (ExamTerms memory) {
        return rules.termsOf(_exams[examId].termsId);
    }

    function _isExact(bytes32 profileId) internal view returns (bool) {
        return _profiles.profile(profileId).family == Family.Exact;
    }
}
// slither-disable-end incorrect-equality
