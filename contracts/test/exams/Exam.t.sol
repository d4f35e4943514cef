// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ExamBook} from "../../src/ExamBook.sol";
import {
    Capability,
    IExamBook,
    Section,
    SectionKey,
    Sheet,
    Sitting,
    SittingState,
    Stage
} from "../../src/interfaces/IExamBook.sol";
import {IProfileRegistry} from "../../src/interfaces/IProfileRegistry.sol";
import {IValidationRegistry} from "../../src/interfaces/IValidationRegistry.sol";
import {Wallet} from "../support/Mocks.sol";
import {ExamSetup} from "./ExamSetup.sol";

/// @dev An exam from its announcement to its end, each step at its time and refused at any other.
contract ExamTest is ExamSetup {
    uint256[3] private none = [uint256(0), 0, 0];

    function test_exam__when_held__then_graded_by_the_marks_and_money_goes_where_it_belongs() external {
        uint256 examId = _prepared();
        (Candidate memory good, Sheet memory goodSheet) = _sat(examId, "good", [uint256(4), 2, 2]);
        (Candidate memory weak, Sheet memory weakSheet) = _sat(examId, "weak", [uint256(3), 3, 3]);
        (Candidate memory lopsided, Sheet memory lopsidedSheet) = _sat(examId, "lopsided", [uint256(6), 0, 0]);
        (Candidate memory absent,) = _sat(examId, "absent", none);
        _gradeable(examId);
        Sheet[] memory sheets = new Sheet[](3);
        (sheets[0], sheets[1], sheets[2]) = (goodSheet, weakSheet, lopsidedSheet);
        vm.expectEmit(address(book));
        emit IExamBook.Graded(examId, good.agentId, good.owner, 12 | (14 << 8) | (14 << 16), true);
        vm.expectEmit(address(book));
        emit IExamBook.CapabilityGranted(examined, good.agentId, good.owner, block.timestamp + VALID);
        vm.expectEmit(address(book));
        emit IExamBook.Graded(examId, weak.agentId, weak.owner, 13 | (13 << 8) | (13 << 16), false);
        book.grade(examId, _keys(examId), sheets);

        assertTrue(_isCapable(good));
        assertFalse(_isCapable(weak));
        assertFalse(_isCapable(lopsided));
        assertFalse(_isCapable(absent));
        vm.expectRevert(
            abi.encodeWithSelector(IExamBook.ExamNotDue.selector, examId, vm.getBlockTimestamp() + GRADE)
        );
        book.conclude(examId);
        skip(GRADE);
        book.conclude(examId);
        _assertStage(examId, Stage.Concluded);
        uint256 share = 4 * uint256(FEE) / SECTIONS;
        for (uint256 i = 0; i < SECTIONS; ++i) {
            assertEq(book.creditOf(examiners[i]), BOND + share);
        }
        assertEq(book.burned(), 4 * uint256(FEE) - SECTIONS * share);
        vm.prank(examiners[1]);
        book.withdraw();
        assertEq(examiners[1].balance, 10 ether + share);
        vm.prank(examiners[1]);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamNothingOwed.selector, examiners[1]));
        book.withdraw();
    }

    function test_tolerance__when_an_answer_is_as_far_as_it_or_a_bit_farther__then_right_or_wrong() external {
        uint256 examId = _prepared();
        Candidate memory near = _candidate("near");
        Candidate memory far = _candidate("far");
        Sheet memory nearSheet = _sheet(examId, near, none);
        Sheet memory farSheet = _sheet(examId, far, none);
        for (uint256 i = 0; i < 48; ++i) {
            nearSheet.digests[i] ^= bytes32(uint256((1 << TOLERANCE) - 1) << (5 * i));
            farSheet.digests[i] ^= bytes32(uint256((1 << (TOLERANCE + 1)) - 1) << (5 * i));
        }
        _sit(examId, near, nearSheet);
        _sit(examId, far, farSheet);
        _gradeable(examId);
        _grade(examId, nearSheet);
        vm.expectEmit(address(book));
        emit IExamBook.Graded(examId, far.agentId, far.owner, 0, false);
        _grade(examId, farSheet);
        assertTrue(_isCapable(near));
    }

    function test_capability__when_it_expires_or_the_agent_is_sold__then_gone_and_a_gated_profile_is_closed()
        external
    {
        uint256 examId = _prepared();
        (Candidate memory c, Sheet memory sheet) = _sat(examId, "candidate", none);
        _gradeable(examId);
        _grade(examId, sheet);
        assertTrue(book.isCapable(99, challenger, examined), "not gated yet");
        uint256 from = block.timestamp + 1 days;
        vm.prank(registrar);
        rules.gate(examined, uint40(from));
        assertTrue(book.isCapable(99, challenger, examined), "not yet");
        vm.warp(from);
        assertFalse(book.isCapable(99, challenger, examined));
        assertTrue(book.isCapable(c.agentId, c.owner, examined));
        assertFalse(book.isCapable(c.agentId, challenger, examined), "another owner");
        assertTrue(book.isCapable(c.agentId, c.owner, EXACT), "another profile");
        Capability memory capability = book.capabilityOf(examined, c.agentId);
        assertEq(capability.until, from - 1 days + VALID);
        vm.warp(capability.until - 1);
        assertTrue(book.isCapable(c.agentId, c.owner, examined));
        vm.warp(capability.until);
        assertFalse(book.isCapable(c.agentId, c.owner, examined));
    }

    function test_terms__when_new__then_exams_announced_before_keep_theirs() external {
        uint256 examId = _prepared();
        examined = EXACT;
        _setTerms();
        examined = FUZZY;
        assertEq(rules.currentTerms(EXACT), 2);
        assertEq(rules.currentTerms(FUZZY), 1);
        assertEq(book.examOf(examId).termsId, 1);
        assertEq(rules.termsOf(2).profileId, EXACT);
        assertEq(rules.examinersOf(1).length, SECTIONS);
    }

    // ------------------------------------------------------------------ preparing

    /// @dev An exam whose doubts no court could judge.
    function test_announce__when_no_courts_are_named__then_refused() external {
        book = new ExamBook(
            identity,
            IProfileRegistry(address(told)),
            IValidationRegistry(address(court)),
            rules,
            address(this)
        );
        vm.expectRevert(IExamBook.ExamNotWired.selector);
        vm.prank(examiners[0]);
        book.announce(examined, 0);
    }

    /// @dev An examiner that takes no money keeps its credit.
    function test_withdraw__when_it_takes_no_money__then_still_owed() external {
        uint256 examId = _prepared();
        vm.warp(book.examOf(examId).closesAt);
        book.conclude(examId); // nobody sat
        vm.etch(examiners[0], address(new Wallet()).code);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamTransferFailed.selector, examiners[0], BOND));
        vm.prank(examiners[0]);
        book.withdraw();
        assertEq(book.creditOf(examiners[0]), BOND);
    }

    function test_announce__when_not_by_an_examiner_or_without_terms__then_refused() external {
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamNotOperator.selector, 1, examiners[0]));
        vm.prank(examiners[0]);
        book.announce(examined, 1);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamSectionUnknown.selector, SECTIONS));
        book.announce(examined, SECTIONS);
        vm.expectRevert();
        book.announce(keccak256("unknown"), 0);
    }

    function test_post__when_wrong_twice_late_or_by_another__then_refused() external {
        uint256 examId = _announce();
        vm.startPrank(examiners[0]);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamUnknown.selector, 7));
        book.post{value: BOND}(7, 0, SALT, SALT, "");
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamNotOperator.selector, 1, examiners[0]));
        book.post{value: BOND}(examId, 1, SALT, SALT, "");
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamWrongValue.selector, BOND - 1, BOND));
        book.post{value: BOND - 1}(examId, 0, SALT, SALT, "");
        vm.expectRevert(IExamBook.ExamCommitmentEmpty.selector);
        book.post{value: BOND}(examId, 0, SALT, bytes32(0), "");
        book.post{value: BOND}(examId, 0, SALT, SALT, "");
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamSectionPosted.selector, examId, 0));
        book.post{value: BOND}(examId, 0, SALT, SALT, "");
        vm.stopPrank();
        skip(PREPARE);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamLate.selector, examId, block.timestamp));
        vm.prank(examiners[1]);
        book.post{value: BOND}(examId, 1, SALT, SALT, "");
    }

    /// @dev One person with two examiners' agents would hold two sections.
    function test_post__when_two_examiners_have_one_owner__then_refused() external {
        uint256 examId = _announce();
        _post(examId, 0);
        vm.prank(examiners[1]);
        identity.transferFrom(examiners[1], examiners[0], 1);
        vm.prank(examiners[0]);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamExaminersShareOwner.selector, examiners[0]));
        book.post{value: BOND}(examId, 1, SALT, SALT, "");
    }

    function test_cancel__when_a_section_is_missing__then_bonds_go_back_and_nobody_is_slashed() external {
        uint256 examId = _announce();
        _post(examId, 0);
        _post(examId, 2);
        vm.expectRevert(
            abi.encodeWithSelector(IExamBook.ExamNotDue.selector, examId, block.timestamp + PREPARE)
        );
        book.cancel(examId);
        skip(PREPARE);
        book.cancel(examId);
        _assertStage(examId, Stage.Void);
        assertEq(book.creditOf(examiners[0]), BOND);
        assertEq(book.creditOf(examiners[1]), 0);
        assertEq(book.creditOf(examiners[2]), BOND);
        assertEq(book.burned(), 0);
        vm.expectRevert();
        book.cancel(examId);
    }

    // ------------------------------------------------------------------ sitting

    function test_sit__when_early_wrong_twice_or_late__then_refused() external {
        uint256 examId = _announce();
        Candidate memory c = _candidate("candidate");
        vm.startPrank(c.owner);
        vm.expectRevert(
            abi.encodeWithSelector(IExamBook.ExamWrongStage.selector, examId, Stage.Preparing, Stage.Sitting)
        );
        book.sit{value: FEE}(examId, c.agentId, SALT);
        vm.stopPrank();
        for (uint256 i = 0; i < SECTIONS; ++i) {
            _post(examId, i);
        }
        vm.startPrank(c.owner);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamNotOperator.selector, 0, c.owner));
        book.sit{value: FEE}(examId, 0, SALT);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamWrongValue.selector, FEE + 1, FEE));
        book.sit{value: FEE + 1}(examId, c.agentId, SALT);
        vm.expectRevert(IExamBook.ExamCommitmentEmpty.selector);
        book.sit{value: FEE}(examId, c.agentId, bytes32(0));
        book.sit{value: FEE}(examId, c.agentId, SALT);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamAlreadySat.selector, examId, c.owner));
        book.sit{value: FEE}(examId, c.agentId, SALT);
        Sitting memory sitting = book.sittingOf(examId, c.owner);
        assertEq(sitting.payer, c.owner);
        assertEq(uint8(sitting.state), uint8(SittingState.Sat));
        skip(SIT);
        vm.expectRevert(
            abi.encodeWithSelector(IExamBook.ExamWrongStage.selector, examId, Stage.Opening, Stage.Sitting)
        );
        book.sit{value: FEE}(examId, c.agentId, SALT);
    }

    function test_sit__when_an_examiner_wants_to__then_refused() external {
        uint256 examId = _prepared();
        vm.startPrank(examiners[1]);
        uint256 second = identity.register();
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamExaminerSits.selector, examId, examiners[1]));
        book.sit{value: FEE}(examId, second, SALT);
    }

    // ------------------------------------------------------------------ keys

    function test_openKey__when_early_false_twice_or_late__then_refused() external {
        uint256 examId = _prepared();
        _sat(examId, "candidate", none);
        SectionKey memory key = _key(examId, 0);
        bytes32[] memory contents = _contents(0);
        vm.expectRevert(
            abi.encodeWithSelector(IExamBook.ExamWrongStage.selector, examId, Stage.Sitting, Stage.Opening)
        );
        book.openKey(examId, 0, key, contents, SALT);
        skip(SIT);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamSectionUnknown.selector, SECTIONS));
        book.openKey(examId, SECTIONS, key, contents, SALT);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamKeyMismatch.selector, examId, 1));
        book.openKey(examId, 1, key, contents, SALT);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamKeyMismatch.selector, examId, 0));
        book.openKey(examId, 0, key, contents, keccak256("another salt"));
        contents[3] = keccak256("another output");
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamKeyMismatch.selector, examId, 0));
        book.openKey(examId, 0, key, contents, SALT);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamKeyMismatch.selector, examId, 0));
        book.openKey(examId, 0, key, new bytes32[](0), SALT);
        contents = _contents(0);
        book.openKey(examId, 0, key, contents, SALT);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamKeyOpened.selector, examId, 0));
        book.openKey(examId, 0, key, contents, SALT);
        skip(KEYS);
        (key, contents) = (_key(examId, 1), _contents(1));
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamLate.selector, examId, block.timestamp));
        book.openKey(examId, 1, key, contents, SALT);
        Section memory section = book.sectionOf(examId, 0);
        assertTrue(section.opened);
        assertEq(section.poster, examiners[0]);
    }

    function test_keys__when_open__then_sheets_wait_until_nobody_can_doubt_them() external {
        uint256 examId = _prepared();
        (, Sheet memory sheet) = _sat(examId, "candidate", none);
        _openKeys(examId);
        _assertStage(examId, Stage.Doubting);
        SectionKey[] memory keys = _keys(examId);
        vm.expectRevert(
            abi.encodeWithSelector(IExamBook.ExamWrongStage.selector, examId, Stage.Doubting, Stage.Grading)
        );
        book.grade(examId, keys, _one(sheet));
        skip(DOUBT);
        _assertStage(examId, Stage.Grading);
        book.grade(examId, keys, _one(sheet));
        book.conclude(examId);
    }

    function test_exam__when_nobody_sits__then_concluded_without_keys_and_nobody_slashed() external {
        uint256 examId = _prepared();
        skip(SIT + KEYS);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamNobodySat.selector, examId));
        book.cancel(examId);
        book.conclude(examId);
        for (uint256 i = 0; i < SECTIONS; ++i) {
            assertEq(book.creditOf(examiners[i]), BOND);
        }
        assertEq(book.burned(), 0);
    }

    // ------------------------------------------------------------------ grading

    function test_grade__when_keys_are_not_those_opened__then_refused() external {
        uint256 examId = _prepared();
        (, Sheet memory sheet) = _sat(examId, "candidate", none);
        _gradeable(examId);
        SectionKey[] memory keys = _keys(examId);
        (keys[0], keys[1]) = (keys[1], keys[0]);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamKeyMismatch.selector, examId, 0));
        book.grade(examId, keys, _one(sheet));
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamSectionUnknown.selector, 0));
        book.grade(examId, new SectionKey[](0), _one(sheet));
    }

    function test_grade__when_a_sheet_was_graded__then_passed_over_and_the_others_count() external {
        uint256 examId = _prepared();
        (, Sheet memory first) = _sat(examId, "first", none);
        (Candidate memory second, Sheet memory other) = _sat(examId, "second", none);
        _gradeable(examId);
        _grade(examId, first);
        Sheet[] memory sheets = new Sheet[](3);
        (sheets[0], sheets[1], sheets[2]) = (first, other, other);
        book.grade(examId, _keys(examId), sheets);
        assertTrue(_isCapable(second));
        assertEq(book.examOf(examId).graded, 2);
    }

    function test_grade__when_the_sheet_has_too_few_or_too_many_answers__then_refused() external {
        uint256 examId = _prepared();
        Candidate memory c = _candidate("candidate");
        Sheet memory sheet = _sheet(examId, c, none);
        bytes32[] memory right = sheet.digests;
        sheet.digests = new bytes32[](48 - 1);
        for (uint256 i = 0; i < 48 - 1; ++i) {
            sheet.digests[i] = right[i];
        }
        _sit(examId, c, sheet);
        _gradeable(examId);
        SectionKey[] memory keys = _keys(examId);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamSheetMismatch.selector, examId, c.owner));
        book.grade(examId, keys, _one(sheet));
    }

    function test_cancel__when_a_key_stays_shut__then_its_examiner_is_slashed_and_fees_go_back() external {
        uint256 examId = _prepared();
        (Candidate memory c,) = _sat(examId, "candidate", none);
        skip(SIT);
        _openKey(examId, 0);
        _openKey(examId, 2);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamNotDue.selector, examId, block.timestamp + KEYS));
        book.cancel(examId);
        skip(KEYS);
        vm.expectEmit(address(book));
        emit IExamBook.ExamVoided(examId, 2);
        book.cancel(examId);
        assertEq(book.creditOf(examiners[0]), BOND);
        assertEq(book.creditOf(examiners[1]), 0);
        assertEq(book.burned(), BOND);
        book.refund(examId, c.owner);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamNothingToRefund.selector, examId, c.owner));
        book.refund(examId, c.owner);
        vm.prank(c.owner);
        book.withdraw();
        assertEq(c.owner.balance, 1 ether);
        assertEq(address(book).balance, 3 * uint256(BOND));
    }

    function test_refund__when_the_exam_is_not_void__then_refused() external {
        uint256 examId = _prepared();
        (Candidate memory c,) = _sat(examId, "candidate", none);
        vm.expectRevert(
            abi.encodeWithSelector(IExamBook.ExamWrongStage.selector, examId, Stage.Sitting, Stage.Void)
        );
        book.refund(examId, c.owner);
    }

    function test_exam__when_unwired_or_wired_again__then_refused() external {
        address[] memory courts = new address[](1);
        vm.expectRevert(IExamBook.ExamAlreadyWired.selector);
        book.wire(courts);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamNotDeployer.selector, registrar));
        vm.prank(registrar);
        book.wire(courts);
    }

    /// @dev Whatever the answers, the count is that of a slow and simple one.
    /// forge-config: deep.fuzz.runs = 10000
    function testFuzz_grade__then_counts_like_a_slow_count(bytes32 seed, uint8 tolerance) external {
        told.tell(examined, told.profile(examined).family, tolerance);
        uint256 examId = _prepared();
        Candidate memory c = _candidate("candidate");
        Sheet memory sheet = _sheet(examId, c, none);
        uint256 marks;
        uint256 right;
        uint256 least = _items();
        for (uint256 section = 0; section < SECTIONS; ++section) {
            uint256 found;
            for (uint256 i = section * _items(); i < (section + 1) * _items(); ++i) {
                bytes32 noise = keccak256(abi.encode(seed, i));
                if (uint256(noise) % 3 == 0) noise &= keccak256(abi.encode(seed, i, "thin"));
                if (uint256(noise) % 5 == 0) noise = bytes32(0);
                sheet.digests[i] ^= noise;
                uint256 distance;
                for (uint256 bit = 0; bit < 256; ++bit) {
                    distance += (uint256(noise) >> bit) & 1;
                }
                if (distance <= tolerance) ++found;
            }
            marks |= found << (8 * section);
            right += found;
            if (found < least) least = found;
        }
        _sit(examId, c, sheet);
        _gradeable(examId);
        vm.expectEmit(address(book));
        emit IExamBook.Graded(examId, c.agentId, c.owner, marks, right >= 40 && least >= 11);
        _grade(examId, sheet);
    }
}
