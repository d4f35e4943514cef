// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ExamTerms, IExamRules} from "../../src/interfaces/IExamRules.sol";
import {IProfileRegistry} from "../../src/interfaces/IProfileRegistry.sol";
import {ExamSetup} from "./ExamSetup.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// @dev Terms that make no sense are refused, and only the registrar sets any.
contract RulesTest is ExamSetup {
    function _refused(ExamTerms memory terms, uint256[] memory board, string memory reason) private {
        vm.prank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IExamRules.ExamTermsInvalid.selector, reason));
        rules.setTerms(terms, board);
    }

    function test_setTerms__when_not_the_registrar__then_refused() external {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        rules.setTerms(_terms(), _board());
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        rules.gate(examined, 1);
    }

    function test_setTerms__when_the_board_is_small_large_or_not_ascending__then_refused() external {
        uint256[] memory board = new uint256[](2);
        board[1] = 1;
        _refused(_terms(), board, "there are not 3 to 16 examiners");
        _refused(_terms(), new uint256[](17), "there are not 3 to 16 examiners");
        _refused(_terms(), new uint256[](3), "examiners do not ascend");
    }

    function test_setTerms__when_items_or_marks_make_no_sense__then_refused() external {
        ExamTerms memory t = _terms();
        t.items = 0;
        _refused(t, _board(), "there are not 1 to 255 items");
        t.items = 86;
        _refused(t, _board(), "there are not 1 to 255 items");
        string memory mark = "a mark is zero or above what can be had";
        t = _terms();
        t.mark = 0;
        _refused(t, _board(), mark);
        t.mark = 49;
        _refused(t, _board(), mark);
        t = _terms();
        t.sectionMark = 17;
        _refused(t, _board(), mark);
    }

    function test_setTerms__when_there_is_no_bond_or_time__then_refused() external {
        ExamTerms memory t = _terms();
        t.bond = 0;
        _refused(t, _board(), "no bond");
        t = _terms();
        t.challengeBond = 0;
        _refused(t, _board(), "no bond");
        for (uint256 i = 0; i < 14; ++i) {
            t = _terms();
            uint32 window = i < 7 ? 0 : uint32(30 days + 1);
            if (i % 7 == 0) t.prepareWindow = window;
            if (i % 7 == 1) t.sitWindow = window;
            if (i % 7 == 2) t.keyWindow = window;
            if (i % 7 == 3) t.challengeWindow = window;
            if (i % 7 == 4) t.answerWindow = window;
            if (i % 7 == 5) t.courtWindow = window;
            if (i % 7 == 6) t.gradeWindow = window;
            _refused(t, _board(), "a window is zero or above 30 days");
        }
        t = _terms();
        t.validity = 0;
        _refused(t, _board(), "validity is zero or above 1000 days");
        t.validity = uint32(1000 days + 1);
        _refused(t, _board(), "validity is zero or above 1000 days");
        t = _terms();
        t.courtWindow = 180;
        _refused(t, _board(), "courtWindow is not longer than a round");
    }

    function test_setTerms__when_a_profile_is_unknown_or_recomputes_inexactly__then_refused() external {
        ExamTerms memory t = _terms();
        t.recomputeProfileId = FUZZY;
        _refused(t, _board(), "digests are recomputed inexactly");
        t = _terms();
        t.profileId = keccak256("unknown");
        vm.prank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IProfileRegistry.ProfileUnknown.selector, t.profileId));
        rules.setTerms(t, _board());
    }

    function test_gate__when_twice_or_without_terms__then_refused() external {
        vm.startPrank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IExamRules.ExamNoTerms.selector, EXACT));
        rules.gate(EXACT, 1);
        vm.expectRevert(abi.encodeWithSelector(IExamRules.ExamTermsInvalid.selector, "no time to gate from"));
        rules.gate(FUZZY, 0);
        rules.gate(FUZZY, 5);
        vm.expectRevert(abi.encodeWithSelector(IExamRules.ExamAlreadyGated.selector, FUZZY, 5));
        rules.gate(FUZZY, 6);
        vm.expectRevert(abi.encodeWithSelector(IExamRules.ExamNoTerms.selector, EXACT));
        rules.currentTerms(EXACT);
    }
}
