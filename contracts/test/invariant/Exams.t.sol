// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Examinees} from "./Examinees.sol";
import {Test, console} from "forge-std/Test.sol";

/// @dev What is true of exams, whatever anybody does in whatever order.
contract ExamInvariants is Test {
    uint16 private constant GRADE = 10 minutes;

    Examinees private examinees;

    function setUp() external {
        examinees = new Examinees();
        examinees.setUp();
        bytes4[] memory acts = new bytes4[](16);
        (acts[0], acts[1], acts[2], acts[3]) =
        (
            examinees.announce.selector,
            examinees.post.selector,
            examinees.hurry.selector,
            examinees.hurry.selector
        );
        (acts[4], acts[5], acts[6], acts[7]) =
        (examinees.sit.selector, examinees.sit.selector, examinees.openKey.selector, examinees.hurry.selector);
        (acts[8], acts[9], acts[10], acts[11]) =
        (
            examinees.grade.selector,
            examinees.conclude.selector,
            examinees.cancel.selector,
            examinees.refund.selector
        );
        (acts[12], acts[13], acts[14], acts[15]) =
        (
            examinees.doubt.selector,
            examinees.answer.selector,
            examinees.settle.selector,
            examinees.wait.selector
        );
        targetSelector(FuzzSelector(address(examinees), acts));
        bytes4[] memory money = new bytes4[](1);
        money[0] = examinees.withdraw.selector;
        targetSelector(FuzzSelector(address(examinees), money));
        targetContract(address(examinees));
    }

    /// @dev To the wei, so nobody is paid twice; who is refused is told why; only who knows passes.
    /// forge-config: default.invariant.runs = 20
    /// forge-config: default.invariant.depth = 500
    /// forge-config: ci.invariant.runs = 40
    /// forge-config: ci.invariant.depth = 500
    /// forge-config: deep.invariant.runs = 200
    /// forge-config: deep.invariant.depth = 500
    function invariant_exams__then_the_book_balances_and_only_who_knows_passes() external view {
        assertEq(examinees.held(), examinees.owed(), "the book does not hold what it owes");
        assertEq(examinees.held(), examinees.paidIn() - examinees.paidOut(), "paid twice");
        assertFalse(examinees.senseless(), "a refusal without a reason");
        assertFalse(examinees.unworthyPassed(), "who does not know passed");
        assertFalse(examinees.miscounted(), "counts are not those of the sheets");
    }

    /// @dev What one run did is there to be looked at: `forge test -vv --match-contract ExamInvariants`.
    function afterInvariant() external view {
        string memory line = "acts:";
        string[10] memory acts = [
            "announce", "post", "sit", "openKey", "grade", "conclude", "cancel", "refund", "doubt", "settle"
        ];
        for (uint256 i = 0; i < acts.length; ++i) {
            line = string.concat(line, " ", acts[i], " ", vm.toString(examinees.count(acts[i])));
        }
        console.log(line);
    }

    /// @dev Driven by hand through the same acts, exams end both ways, so a campaign can end some.
    function test_examinees__when_driven__then_exams_are_graded_and_voided() external {
        for (uint256 exam = 0; exam < 3; ++exam) {
            examinees.announce();
            examinees.post(1, 3);
            for (uint256 i = 0; i < 5; ++i) {
                examinees.sit(1, i);
            }
            examinees.wait(0);
            examinees.openKey(1, 3);
            if (exam != 0) {
                examinees.doubt(1, exam, false);
                examinees.answer(exam - 1, exam - 1);
                examinees.settle(exam - 1, exam == 1);
            }
            examinees.wait(0);
            if (exam == 1) {
                for (uint256 i = 0; i < 9; ++i) {
                    examinees.wait(GRADE - 1);
                }
            }
            for (uint256 i = 0; i < 25; i += 6) {
                examinees.grade(1, i);
            }
            examinees.conclude(1);
            examinees.refund(1, 1);
        }
        assertEq(examinees.count("conclude"), 2);
        assertEq(examinees.count("settle"), 1);
        assertEq(examinees.count("settleUnproven"), 1);
        assertEq(examinees.count("refund"), 1);
        for (uint256 i = 0; i < 9; ++i) {
            examinees.withdraw(i);
        }
        assertGt(examinees.paidOut(), 0);
        assertEq(examinees.held(), examinees.owed());
    }
}
