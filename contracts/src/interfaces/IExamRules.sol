// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice How a profile is examined. Windows in seconds, amounts in wei. Never changes: an exam keeps the
/// terms it was announced under.
struct ExamTerms {
    bytes32 profileId; // whose digests and tolerance count; its work is examined
    bytes32 recomputeProfileId; // of family `exact`: in it a doubted digest is computed anew
    uint96 fee; // of a candidate, for the examiners
    uint96 bond; // of an examiner, for a section
    uint96 challengeBond; // of whoever doubts a key
    uint8 items; // in a section
    uint16 mark; // right answers needed in all
    uint8 sectionMark; // and in each section
    uint32 prepareWindow; // for the examiners to post their sections
    uint32 sitWindow; // for candidates to hand in their sealed sheets
    uint32 keyWindow; // for the examiners to open their keys
    uint32 challengeWindow; // to doubt an item of a key
    uint32 answerWindow; // for the examiner to open a round about it
    uint32 courtWindow; // for that round to end
    uint32 gradeWindow; // to hand in opened sheets
    uint32 validity; // how long a pass lasts
}

/// @title How profiles are examined, by whom, and which of them take nobody without a pass.
interface IExamRules {
    error ExamTermsInvalid(string reason);
    error ExamNoTerms(bytes32 profileId);
    error ExamAlreadyGated(bytes32 profileId, uint256 from);

    event TermsSet(uint256 indexed termsId, bytes32 indexed profileId, ExamTerms terms, uint256[] examiners);
    /// @notice From then on a profile takes nobody without a capability.
    event Gated(bytes32 indexed profileId, uint256 from);

    /// @notice How exams of a profile are held from now on, and by whom, a section each. Caller: the registrar.
    /// @param examiners agents, ascending.
    function setTerms(ExamTerms calldata terms, uint256[] calldata examiners)
        external
        returns (uint256 termsId);
    /// @notice From `from` on the profile takes nobody who has not passed. Once. Caller: the registrar.
    function gate(bytes32 profileId, uint40 from) external;

    function termsOf(uint256 termsId) external view returns (ExamTerms memory);
    function examinersOf(uint256 termsId) external view returns (uint256[] memory);
    /// @return termsId of exams announced now. Reverts ExamNoTerms.
    function currentTerms(bytes32 profileId) external view returns (uint256 termsId);
    /// @notice Since when the profile takes nobody who has not passed; 0 if it takes everybody.
    function gatedFrom(bytes32 profileId) external view returns (uint256);
}
