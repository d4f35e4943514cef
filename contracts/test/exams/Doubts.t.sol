// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {DoubtKind, IExamBook, Item, SectionKey, Sheet, Stage} from "../../src/interfaces/IExamBook.sol";
import {Family} from "../../src/interfaces/IProfileRegistry.sol";
import {IVerificationRounds, Receipt as Work} from "../../src/interfaces/IVerificationRounds.sol";
import {ExamSetup} from "./ExamSetup.sol";

/// @dev Doubts about keys, with a court that answers what it is told to. Item 3 of section 1 is the doubted one.
contract DoubtsTest is ExamSetup {
    uint256 private constant SECTION = 1;
    uint256 private constant INDEX = 3;

    uint256 private examId;
    Candidate private candidate;
    Sheet private sheet;
    bool private lies;

    /// @dev With `lies`, the doubted answer is false.
    function _key(uint256 exam, uint256 section) internal view override returns (SectionKey memory key) {
        key = super._key(exam, section);
        if (lies && section == SECTION) key.digests[INDEX] = keccak256("a lie");
    }

    function _open() private {
        examId = _prepared();
        (candidate, sheet) = _sat(examId, "candidate", [uint256(0), 0, 0]);
        _openKeys(examId);
    }

    function _doubted() private returns (bytes32) {
        _open();
        return _doubt(examId, DoubtKind.Output, SECTION, INDEX);
    }

    /// @dev The examiner's round about the item's output, accepted or not.
    function _judged(bytes32 id, bytes memory output, uint8 response, string memory tag) private {
        court.tell(_respond(id, _receipt(id, examined, output)), response, tag);
    }

    function _upheld() private returns (bytes32 id) {
        id = _doubted();
        _judged(id, _output(SECTION, INDEX), 100, "vni:ok");
        book.settle(id, SALT, _output(SECTION, INDEX));
    }

    function _expectSlashed() private {
        _assertStage(examId, Stage.Void);
        assertEq(book.creditOf(challenger), STAKE + BOND / 4);
        assertEq(book.creditOf(examiners[0]), BOND);
        assertEq(book.creditOf(examiners[SECTION]), 0);
        assertEq(book.burned(), BOND - BOND / 4);
        book.refund(examId, candidate.owner);
        assertEq(book.creditOf(candidate.owner), FEE);
        assertEq(
            address(book).balance,
            book.burned() + STAKE + BOND / 4 + 2 * uint256(BOND) + FEE,
            "what it holds it owes"
        );
    }

    // ------------------------------------------------------------------ outcomes

    function test_false_item__when_the_examiner_does_not_answer__then_slashed_and_fees_back() external {
        bytes32 id = _doubted();
        vm.expectRevert(
            abi.encodeWithSelector(IExamBook.ExamUndecided.selector, vm.getBlockTimestamp() + ANSWER)
        );
        book.settleUnproven(id);
        skip(ANSWER);
        book.settleUnproven(id);
        _expectSlashed();
    }

    function test_false_item__when_the_committee_rejects_its_output__then_slashed() external {
        bytes32 id = _doubted();
        _judged(id, "nonsense", 0, "vni:ok");
        book.settleUnproven(id);
        _expectSlashed();
    }

    function test_false_item__when_the_accepted_output_is_not_the_keys__then_slashed() external {
        bytes32 id = _doubted();
        _judged(id, "the right answer", 100, "vni:ok");
        book.settle(id, SALT, "the right answer");
        _expectSlashed();
    }

    function test_true_item__when_doubted__then_upheld_and_the_challenger_pays() external {
        bytes32 id = _doubted();
        _judged(id, _output(SECTION, INDEX), 100, "vni:ok");
        vm.expectRevert(IExamBook.ExamNotTheOutput.selector);
        book.settle(id, SALT, "another output");
        book.settle(id, SALT, _output(SECTION, INDEX));
        assertEq(book.creditOf(challenger), 0);
        assertEq(book.creditOf(examiners[SECTION]), STAKE / 4);
        assertEq(book.burned(), STAKE - STAKE / 4);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamNotDoubted.selector, id));
        book.settleUnproven(id);
        skip(DOUBT);
        _grade(examId, sheet);
        assertTrue(_isCapable(candidate));
    }

    function test_no_verdict__when_the_round_ends_without_one__then_void_and_nobody_loses() external {
        bytes32 id = _doubted();
        _judged(id, _output(SECTION, INDEX), 0, "vni:timeout");
        vm.expectPartialRevert(IExamBook.ExamUndecided.selector);
        book.settle(id, SALT, _output(SECTION, INDEX));
        vm.expectPartialRevert(IExamBook.ExamUndecided.selector);
        book.settleUnproven(id);
        skip(COURT);
        book.settleUnproven(id);
        _assertStage(examId, Stage.Void);
        assertEq(book.creditOf(challenger), STAKE);
        for (uint256 i = 0; i < SECTIONS; ++i) {
            assertEq(book.creditOf(examiners[i]), BOND);
        }
        assertEq(book.burned(), 0);
    }

    // ------------------------------------------------------------------ digests

    function test_false_digest__when_the_output_is_true__then_doubted_on_its_own_and_slashed() external {
        _upheld();
        uint256 burnedBefore = book.burned();
        bytes32 id = _doubt(examId, DoubtKind.Digest, SECTION, INDEX);
        assertEq(
            book.doubtOf(id).taskHash,
            keccak256(book.digestTaskOf(examId, keccak256(_output(SECTION, INDEX))))
        );
        bytes memory transcript = abi.encodePacked("states", keccak256("the digest it has"));
        court.tell(_respond(id, _receipt(id, EXACT, transcript)), 100, "vni:ok");
        book.settle(id, SALT, transcript);
        _assertStage(examId, Stage.Void);
        assertEq(book.creditOf(challenger), STAKE + BOND / 4);
        assertEq(book.burned(), burnedBefore + BOND - BOND / 4);
    }

    function test_true_digest__when_doubted__then_upheld_and_sheets_are_graded_at_once() external {
        _upheld();
        bytes32 id = _doubt(examId, DoubtKind.Digest, SECTION, INDEX);
        bytes memory transcript = abi.encodePacked("states", _answerOf(examId, SECTION, INDEX));
        court.tell(_respond(id, _receipt(id, EXACT, transcript)), 100, "vni:ok");
        skip(DOUBT);
        book.settle(id, SALT, transcript);
        _grade(examId, sheet);
    }

    function test_digest__when_its_output_was_not_upheld_or_long_ago__then_not_doubtable() external {
        _open();
        Item memory item = _item(SECTION, INDEX);
        SectionKey memory key = _key(examId, SECTION);
        bytes32[] memory contents = _contents(SECTION);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamItemNotDoubtable.selector, SECTION, INDEX));
        book.doubt{value: STAKE}(examId, DoubtKind.Digest, item, key, contents);
        bytes32 id = _doubt(examId, DoubtKind.Output, SECTION, INDEX);
        _judged(id, _output(SECTION, INDEX), 100, "vni:ok");
        skip(COURT - 1);
        book.settle(id, SALT, _output(SECTION, INDEX));
        // The window for outputs is over, that for this digest is not, and nothing is graded before.
        _assertStage(examId, Stage.Doubting);
        skip(DOUBT);
        _assertStage(examId, Stage.Grading);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamItemNotDoubtable.selector, SECTION, INDEX));
        book.doubt{value: STAKE}(examId, DoubtKind.Digest, item, key, contents);
    }

    function test_exact_family__when_digest_and_output_agree__then_nothing_is_left_to_doubt() external {
        _examineExactly();
        bytes32 id = _upheld();
        assertEq(book.doubtOf(id).deadline, block.timestamp);
        _assertStage(examId, Stage.Doubting);
    }

    function test_exact_family__when_the_digest_is_not_of_the_output__then_slashed_without_a_second_round()
        external
    {
        _examineExactly();
        lies = true;
        bytes32 id = _doubted();
        _judged(id, _output(SECTION, INDEX), 100, "vni:ok");
        book.settle(id, SALT, _output(SECTION, INDEX));
        _expectSlashed();
    }

    function _examineExactly() private {
        examined = keccak256("another exact profile");
        told.tell(examined, Family.Exact, 0);
        _setTerms();
    }

    // ------------------------------------------------------------------ refused

    function test_doubt__when_unproven_unpaid_twice_or_late__then_refused() external {
        _open();
        Item memory item = _item(SECTION, INDEX);
        SectionKey memory key = _key(examId, SECTION);
        bytes32[] memory contents = _contents(SECTION);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamWrongValue.selector, 0, STAKE));
        book.doubt(examId, DoubtKind.Output, item, key, contents);
        SectionKey memory wrong = _key(examId, 0);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamKeyMismatch.selector, examId, SECTION));
        book.doubt{value: STAKE}(examId, DoubtKind.Output, item, wrong, contents);
        for (uint256 i = 0; i < 2; ++i) {
            item = _item(SECTION, INDEX);
            if (i == 0) item.taskHash = keccak256("another task");
            if (i == 1) item.index = uint8(INDEX + 1);
            vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamItemUnproven.selector, SECTION, item.index));
            book.doubt{value: STAKE}(examId, DoubtKind.Output, item, key, contents);
        }
        item = _item(SECTION, INDEX);
        bytes32 id = book.doubt{value: STAKE}(examId, DoubtKind.Output, item, key, contents);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamAlreadyDoubted.selector, id));
        book.doubt{value: STAKE}(examId, DoubtKind.Output, item, key, contents);
        skip(DOUBT);
        item = _item(SECTION, INDEX + 1);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamItemNotDoubtable.selector, SECTION, INDEX + 1));
        book.doubt{value: STAKE}(examId, DoubtKind.Output, item, key, contents);
    }

    function test_doubt__when_no_key_is_open__then_refused() external {
        examId = _prepared();
        Item memory item = _item(SECTION, INDEX);
        SectionKey memory key = _key(examId, SECTION);
        bytes32[] memory contents = _contents(SECTION);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamUnknown.selector, 9));
        book.doubt{value: STAKE}(9, DoubtKind.Output, item, key, contents);
        vm.expectRevert(
            abi.encodeWithSelector(IExamBook.ExamWrongStage.selector, examId, Stage.Sitting, Stage.Doubting)
        );
        book.doubt{value: STAKE}(examId, DoubtKind.Output, item, key, contents);
    }

    function test_answer__when_about_other_work_another_court_nobodys_round_late_or_twice__then_refused()
        external
    {
        bytes32 id = _doubted();
        IVerificationRounds here = IVerificationRounds(address(court));
        for (uint256 i = 0; i < 5; ++i) {
            Work memory receipt = _receipt(id, examined, "x");
            if (i == 0) receipt.agentId += 1;
            if (i == 1) receipt.profileId = EXACT;
            if (i == 2) receipt.taskHash = keccak256("easier");
            // 3: asked for, and never submitted. 4: a court of the examiner's own.
            if (i != 3) court.tell(court.requestHashOf(receipt, SALT), 100, "vni:ok");
            vm.expectRevert(IExamBook.ExamWrongWork.selector);
            book.answer(id, i == 4 ? IVerificationRounds(address(told)) : here, receipt, SALT);
        }
        Work memory good = _receipt(id, examined, "x");
        bytes32 requestHash = _respond(id, good);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamAnswered.selector, requestHash));
        book.answer(id, here, good, SALT);
        bytes32 late = _doubt(examId, DoubtKind.Output, SECTION, 0);
        skip(ANSWER);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamAnswerLate.selector, block.timestamp));
        book.answer(late, here, good, SALT);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamNotDoubted.selector, SALT));
        book.answer(SALT, here, good, SALT);
    }

    // ------------------------------------------------------------------ several at once

    /// @dev A friend of the examiner doubts a true item, so that nobody doubts the false one next to it.
    function test_shield__when_a_friend_doubts_a_true_item__then_the_false_one_can_be_doubted_all_the_same()
        external
    {
        bytes32 shield = _doubted();
        bytes32 honest = _doubt(examId, DoubtKind.Output, SECTION, INDEX + 1);
        _judged(shield, _output(SECTION, INDEX), 100, "vni:ok");
        book.settle(shield, SALT, _output(SECTION, INDEX));
        skip(ANSWER);
        book.settleUnproven(honest);
        _assertStage(examId, Stage.Void);
    }

    function test_doubts__when_one_voids_the_exam__then_the_others_get_their_bonds_back() external {
        bytes32 first = _doubted();
        bytes32 second = _doubt(examId, DoubtKind.Output, 0, 0);
        bytes32 third = _doubt(examId, DoubtKind.Output, 2, 0);
        Work memory receipt = _receipt(third, examined, _output(2, 0));
        receipt.agentId = 2;
        court.tell(_respond(third, receipt), 100, "vni:ok");
        skip(ANSWER);
        book.settleUnproven(first);
        vm.expectPartialRevert(IExamBook.ExamUndecided.selector);
        book.settle(third, SALT, _output(2, 0));
        book.settleUnproven(second);
        book.settleUnproven(third);
        assertEq(book.creditOf(challenger), 3 * uint256(STAKE) + BOND / 4);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamNotDoubted.selector, second));
        book.settleUnproven(second);
        book.refund(examId, candidate.owner);
        assertEq(
            address(book).balance,
            book.burned() + book.creditOf(challenger) + 2 * uint256(BOND) + book.creditOf(candidate.owner)
        );
    }

    function test_doubts__when_one_is_open__then_nothing_is_graded_until_it_is_settled() external {
        bytes32 id = _doubted();
        _judged(id, _output(SECTION, INDEX), 100, "vni:ok");
        skip(DOUBT + GRADE);
        _assertStage(examId, Stage.Doubting);
        vm.expectPartialRevert(IExamBook.ExamWrongStage.selector);
        book.conclude(examId);
        book.settle(id, SALT, _output(SECTION, INDEX));
        skip(DOUBT);
        _grade(examId, sheet);
        book.conclude(examId);
    }

    function test_digestTask__then_names_all_that_fixes_the_digest() external {
        _open();
        string memory task = string(book.digestTaskOf(examId, keccak256("content")));
        string memory expected = string.concat(
            '{"modality":"text","model":"assay/recompute/1","parameters":{},"profile":"',
            vm.toString(EXACT),
            '","prompt":"digest of ',
            vm.toString(keccak256("content")),
            " under ",
            vm.toString(FUZZY),
            " keyed ",
            vm.toString(book.examOf(examId).key),
            '","schema":"assay/task/1"}'
        );
        assertEq(task, expected);
    }
}
