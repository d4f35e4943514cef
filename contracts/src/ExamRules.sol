// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {ExamTerms, IExamRules} from "./interfaces/IExamRules.sol";
import {Family, IProfileRegistry, Profile} from "./interfaces/IProfileRegistry.sol";
import {Disputes} from "./libraries/Disputes.sol";

/// @dev Terms never change: new ones of a profile count for exams announced from then on.
contract ExamRules is IExamRules, Ownable2Step {
    uint256 private constant FEWEST_SECTIONS = 3;
    uint256 private constant MOST_SECTIONS = 16;
    /// @dev A grading of one sheet has to fit in a transaction with room for many.
    uint256 private constant MOST_ITEMS = 255;
    uint256 private constant MAX_WINDOW = 30 days;
    uint256 private constant MAX_VALIDITY = 1000 days;

    IProfileRegistry private immutable _profiles;

    /// @dev By termsId less one.
    ExamTerms[] private _terms;
    mapping(uint256 termsId => uint256[]) private _examiners;
    mapping(bytes32 profileId => uint256) private _current;
    /// @inheritdoc IExamRules
    mapping(bytes32 profileId => uint256) public gatedFrom;

    /// @param registrar who sets terms and gates profiles.
    constructor(IProfileRegistry profiles, address registrar) Ownable(registrar) {
        _profiles = profiles;
    }

    /// @inheritdoc IExamRules
    function setTerms(ExamTerms calldata terms, uint256[] calldata examiners)
        external
        onlyOwner
        returns (uint256 termsId)
    {
        _checkBoard(terms, examiners);
        _checkMoneyAndTime(terms);
        // Reverts for a profile that is not registered.
        Profile memory examined = _profiles.profile(terms.profileId);
        Profile memory recompute = _profiles.profile(terms.recomputeProfileId);
        require(recompute.family == Family.Exact, ExamTermsInvalid("digests are recomputed inexactly"));
        // Else a doubt could end without a verdict though the examiner answered it falsely.
        require(
            terms.courtWindow > Disputes.longest(examined) && terms.courtWindow > Disputes.longest(recompute),
            ExamTermsInvalid("courtWindow is not longer than a round")
        );

        _terms.push(terms);
        termsId = _terms.length;
        _examiners[termsId] = examiners;
        _current[terms.profileId] = termsId;

        emit TermsSet(termsId, terms.profileId, terms, examiners);
    }

    /// @inheritdoc IExamRules
    function gate(bytes32 profileId, uint40 from) external onlyOwner {
        require(_current[profileId] != 0, ExamNoTerms(profileId));
        require(gatedFrom[profileId] == 0, ExamAlreadyGated(profileId, gatedFrom[profileId]));
        require(from != 0, ExamTermsInvalid("no time to gate from"));
        gatedFrom[profileId] = from;

        emit Gated(profileId, from);
    }

    /// @inheritdoc IExamRules
    function termsOf(uint256 termsId) external view returns (ExamTerms memory) {
        return _terms[termsId - 1];
    }

    /// @inheritdoc IExamRules
    function examinersOf(uint256 termsId) external view returns (uint256[] memory) {
        return _examiners[termsId];
    }

    /// @inheritdoc IExamRules
    function currentTerms(bytes32 profileId) external view returns (uint256 termsId) {
        termsId = _current[profileId];
        require(termsId != 0, ExamNoTerms(profileId));
    }

    function _checkBoard(ExamTerms calldata t, uint256[] calldata examiners) private pure {
        uint256 sections = examiners.length;
        uint256 items = sections * t.items;
        require(
            sections >= FEWEST_SECTIONS && sections <= MOST_SECTIONS,
            ExamTermsInvalid("there are not 3 to 16 examiners")
        );
        for (uint256 i = 1; i < sections; ++i) {
            // Ascending, and so all different.
            require(examiners[i] > examiners[i - 1], ExamTermsInvalid("examiners do not ascend"));
        }
        require(items != 0 && items <= MOST_ITEMS, ExamTermsInvalid("there are not 1 to 255 items"));
        require(
            t.sectionMark <= t.items && t.mark <= items && t.mark != 0,
            ExamTermsInvalid("a mark is zero or above what can be had")
        );
    }

    function _checkMoneyAndTime(ExamTerms calldata t) private pure {
        require(t.bond != 0 && t.challengeBond != 0, ExamTermsInvalid("no bond"));
        require(
            _isWindow(t.prepareWindow) && _isWindow(t.sitWindow) && _isWindow(t.keyWindow)
                && _isWindow(t.challengeWindow) && _isWindow(t.answerWindow) && _isWindow(t.courtWindow)
                && _isWindow(t.gradeWindow),
            ExamTermsInvalid("a window is zero or above 30 days")
        );
        require(
            t.validity != 0 && t.validity <= MAX_VALIDITY,
            ExamTermsInvalid("validity is zero or above 1000 days")
        );
    }

    function _isWindow(uint32 window) private pure returns (bool) {
        return window != 0 && window <= MAX_WINDOW;
    }
}
