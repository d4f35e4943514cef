// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {StakeVault} from "../../src/StakeVault.sol";
import {DoubtKind, IExamBook, SectionKey, Sheet, Stage} from "../../src/interfaces/IExamBook.sol";
import {IProfileRegistry} from "../../src/interfaces/IProfileRegistry.sol";
import {IStakeVault} from "../../src/interfaces/IStakeVault.sol";
import {ExamSetup} from "../exams/ExamSetup.sol";

/// @dev Attacks on exams by their names; none may pay.
contract ExamAttacksTest is ExamSetup {
    uint256[3] private none = [uint256(0), 0, 0];
    bool private lies;
    bool private hides;

    /// @dev With `lies`, the key of section 1 has three false answers.
    function _key(uint256 examId, uint256 section) internal view override returns (SectionKey memory key) {
        key = super._key(examId, section);
        for (uint256 i = 0; lies && section == 1 && i < 3; ++i) {
            key.digests[i] = ~key.digests[i];
        }
    }

    /// @dev With `hides`, the first of them is of an output that nobody else has.
    function _contents(uint256 section) internal view override returns (bytes32[] memory contents) {
        contents = super._contents(section);
        if (hides && section == 1) contents[0] = keccak256("a secret output");
    }

    // ------------------------------------------------------------------ examiners

    /// @dev An examiner gives its friend the key of its section. The friend, as good as a coin elsewhere, needs
    /// the marks of the other sections too.
    function test_examiner_leak__when_a_friend_knows_one_section__then_fails_in_the_others() external {
        uint256 examId = _prepared();
        (Candidate memory friend, Sheet memory sheet) = _sat(examId, "friend", [uint256(6), 0, 8]);
        (Candidate memory lucky, Sheet memory luckySheet) = _sat(examId, "lucky", [uint256(5), 0, 5]);
        _gradeable(examId);
        _grade(examId, sheet);
        _grade(examId, luckySheet);
        assertFalse(_isCapable(friend), "26 right elsewhere would be needed, and 11 in each");
        assertFalse(_isCapable(lucky), "11 in each, and 38 in all");
        assertEq(friend.owner.balance, 1 ether - FEE, "the fee is gone");
    }

    /// @dev What is leaked by opening early is leaked to nobody: it is refused while anybody can sit.
    function test_examiner_leak__when_opened_while_candidates_sit__then_refused() external {
        uint256 examId = _prepared();
        SectionKey memory key = _key(examId, 1);
        bytes32[] memory contents = _contents(1);
        vm.expectPartialRevert(IExamBook.ExamWrongStage.selector);
        book.openKey(examId, 1, key, contents, SALT);
    }

    /// @dev An examiner wants somebody to fail and puts false answers in its key. Anybody has the item judged.
    function test_wrong_key__when_doubted__then_void_slashed_and_nobody_fails() external {
        lies = true;
        uint256 examId = _prepared();
        (Candidate memory honest,) = _sat(examId, "honest", none);
        _openKeys(examId);
        bytes32 id = _doubt(examId, DoubtKind.Output, 1, 0);
        // Its output is not what the digest is of; a committee accepts only the true one.
        court.tell(_respond(id, _receipt(id, examined, _output(1, 0))), 100, "vni:ok");
        book.settle(id, SALT, _output(1, 0));
        id = _doubt(examId, DoubtKind.Digest, 1, 0);
        bytes memory transcript = abi.encodePacked("states", _answerOf(examId, 1, 0));
        court.tell(_respond(id, _receipt(id, EXACT, transcript)), 100, "vni:ok");
        book.settle(id, SALT, transcript);

        _assertStage(examId, Stage.Void);
        assertEq(book.creditOf(examiners[1]), STAKE / 4, "its bond is gone");
        assertEq(book.creditOf(challenger), STAKE + BOND / 4);
        assertGt(book.creditOf(challenger), 2 * uint256(STAKE), "being right pays for both doubts");
        book.refund(examId, honest.owner);
        assertEq(book.creditOf(honest.owner), FEE);
    }

    /// @dev The false answer is of an output that nobody else has: its hash is opened with the key all the same.
    function test_wrong_key__when_nobody_knows_its_output__then_doubted_and_slashed_all_the_same() external {
        (lies, hides) = (true, true);
        uint256 examId = _prepared();
        _sat(examId, "honest", none);
        _openKeys(examId);
        _doubt(examId, DoubtKind.Output, 1, 0);
        skip(ANSWER);
        book.settleUnproven(book.doubtIdOf(examId, 1, 0, DoubtKind.Output));
        _assertStage(examId, Stage.Void);
        assertEq(book.creditOf(challenger), STAKE + BOND / 4);
    }

    /// @dev It opens another key than it sealed, one under which its friend is right.
    function test_wrong_key__when_another_is_opened_than_was_sealed__then_refused() external {
        uint256 examId = _prepared();
        skip(SIT);
        SectionKey memory key = _key(examId, 1);
        bytes32[] memory contents = _contents(1);
        key.digests[4] = keccak256("what the friend answered");
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamKeyMismatch.selector, examId, 1));
        book.openKey(examId, 1, key, contents, SALT);
    }

    function test_late_opening__when_a_key_comes_late__then_refused_slashed_and_fees_back() external {
        uint256 examId = _prepared();
        (Candidate memory c,) = _sat(examId, "candidate", none);
        skip(SIT);
        _openKey(examId, 0);
        _openKey(examId, 1);
        skip(KEYS);
        SectionKey memory key = _key(examId, 2);
        bytes32[] memory contents = _contents(2);
        vm.expectPartialRevert(IExamBook.ExamLate.selector);
        book.openKey(examId, 2, key, contents, SALT);
        book.cancel(examId);
        book.refund(examId, c.owner);
        assertEq(book.burned(), BOND);
        assertEq(book.creditOf(c.owner), FEE);
    }

    // ------------------------------------------------------------------ candidates

    function test_late_opening__when_a_sheet_comes_late__then_refused_and_no_pass() external {
        uint256 examId = _prepared();
        (Candidate memory c, Sheet memory sheet) = _sat(examId, "candidate", none);
        _gradeable(examId);
        skip(GRADE);
        SectionKey[] memory keys = _keys(examId);
        vm.expectPartialRevert(IExamBook.ExamLate.selector);
        book.grade(examId, keys, _one(sheet));
        book.conclude(examId);
        vm.expectPartialRevert(IExamBook.ExamWrongStage.selector);
        book.grade(examId, keys, _one(sheet));
        assertFalse(_isCapable(c));
    }

    function test_late_sitting__when_keys_are_open__then_refused() external {
        uint256 examId = _prepared();
        _sat(examId, "candidate", none);
        Candidate memory late = _candidate("late");
        bytes32 commitment = book.commitmentOf(examId, _sheet(examId, late, none));
        _openKeys(examId);
        vm.prank(late.owner);
        vm.expectPartialRevert(IExamBook.ExamWrongStage.selector);
        book.sit{value: FEE}(examId, late.agentId, commitment);
    }

    /// @dev A copy of a commitment hides the answers of the one it was copied from; it opens for that one alone.
    function test_copied_commitment__when_the_original_is_opened__then_the_copy_opens_for_nobody() external {
        uint256 examId = _prepared();
        (, Sheet memory sheet) = _sat(examId, "candidate", none);
        Candidate memory thief = _candidate("thief");
        bytes32 copied = book.commitmentOf(examId, sheet);
        vm.prank(thief.owner);
        book.sit{value: FEE}(examId, thief.agentId, copied);
        _gradeable(examId);
        _grade(examId, sheet);
        SectionKey[] memory keys = _keys(examId);
        // As the thief's own, wholly or in part.
        for (uint256 i = 0; i < 3; ++i) {
            Sheet memory stolen = Sheet(sheet.agentId, thief.owner, sheet.salt, sheet.digests);
            if (i > 0) stolen.agentId = thief.agentId;
            if (i > 1) stolen.salt = bytes32(0);
            vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamSheetMismatch.selector, examId, thief.owner));
            book.grade(examId, keys, _one(stolen));
        }
        assertFalse(_isCapable(thief));
    }

    /// @dev The buyer of an agent that sat copies what it handed in.
    function test_copied_commitment__when_by_the_agents_next_owner__then_it_opens_for_the_first_alone()
        external
    {
        uint256 examId = _prepared();
        (Candidate memory c, Sheet memory sheet) = _sat(examId, "candidate", none);
        Candidate memory buyer = _candidate("buyer");
        vm.prank(c.owner);
        identity.transferFrom(c.owner, buyer.owner, c.agentId);
        bytes32 copied = book.commitmentOf(examId, sheet);
        vm.prank(buyer.owner);
        book.sit{value: FEE}(examId, c.agentId, copied);
        _gradeable(examId);
        SectionKey[] memory keys = _keys(examId);
        sheet.owner = buyer.owner;
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamSheetMismatch.selector, examId, buyer.owner));
        book.grade(examId, keys, _one(sheet));
    }

    /// @dev Sits with an agent of its own and has another one pass.
    function test_other_agent__when_the_sheet_is_for_another_than_sat__then_refused() external {
        uint256 examId = _prepared();
        Candidate memory c = _candidate("candidate");
        Candidate memory other = _twinOf(c);
        Sheet memory sheet = _sheet(examId, other, none);
        bytes32 commitment = book.commitmentOf(examId, sheet);
        vm.prank(c.owner);
        book.sit{value: FEE}(examId, c.agentId, commitment);
        _gradeable(examId);
        SectionKey[] memory keys = _keys(examId);
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamSheetMismatch.selector, examId, c.owner));
        book.grade(examId, keys, _one(sheet));
    }

    function test_different_sheet__when_opened__then_refused() external {
        uint256 examId = _prepared();
        (Candidate memory c, Sheet memory sheet) = _sat(examId, "candidate", [uint256(16), 16, 16]);
        _gradeable(examId);
        SectionKey[] memory keys = _keys(examId);
        sheet.digests = _sheet(examId, c, none).digests;
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamSheetMismatch.selector, examId, c.owner));
        book.grade(examId, keys, _one(sheet));
    }

    /// @dev Unrelated digests are within a tolerance of 10 once in 10^59 tries, and so are another
    /// model's.
    /// forge-config: default.fuzz.runs = 32
    function testFuzz_guessing__then_no_answer_is_right(bytes32 seed) external {
        uint256 examId = _prepared();
        Candidate memory c = _candidate("guesser");
        Sheet memory sheet = _sheet(examId, c, none);
        for (uint256 i = 0; i < 48; ++i) {
            sheet.digests[i] = keccak256(abi.encode(seed, i));
        }
        _sit(examId, c, sheet);
        _gradeable(examId);
        vm.expectEmit(address(book));
        emit IExamBook.Graded(examId, c.agentId, c.owner, 0, false);
        _grade(examId, sheet);
    }

    // ------------------------------------------------------------------ many identities

    function test_sybil_exam__when_one_owner_has_many_agents__then_one_sheet_and_one_seat() external {
        uint256 examId = _prepared();
        (Candidate memory c, Sheet memory sheet) = _sat(examId, "sybil", none);
        Candidate memory twin = _twinOf(c);
        bytes32 commitment = book.commitmentOf(examId, _sheet(examId, twin, none));
        vm.expectRevert(abi.encodeWithSelector(IExamBook.ExamAlreadySat.selector, examId, c.owner));
        vm.prank(c.owner);
        book.sit{value: FEE}(examId, twin.agentId, commitment);
        _gradeable(examId);
        _grade(examId, sheet);

        (StakeVault vault) = _vault();
        _stake(vault, c);
        _stake(vault, twin);
        vm.startPrank(c.owner);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNotCapable.selector, twin.agentId, examined));
        vault.enrol(twin.agentId, examined);
        vault.enrol(c.agentId, examined);
        vm.stopPrank();
    }

    /// @dev Each identity needs an owner, a fee and a pass of its own, and a pass does not travel with its agent.
    function test_sybil_exam__when_a_pass_is_collected_by_transfer__then_worthless() external {
        uint256 examId = _prepared();
        (Candidate memory c, Sheet memory sheet) = _sat(examId, "sybil", none);
        _gradeable(examId);
        _grade(examId, sheet);
        StakeVault vault = _vault();
        address buyer = makeAddr("buyer");
        vm.prank(c.owner);
        identity.transferFrom(c.owner, buyer, c.agentId);
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultNotCapable.selector, c.agentId, examined));
        vault.enrol(c.agentId, examined);
    }

    function _twinOf(Candidate memory c) private returns (Candidate memory twin) {
        vm.prank(c.owner);
        twin = Candidate(c.owner, identity.register());
    }

    /// @dev A vault that takes nobody for the examined profile who has not passed.
    function _vault() private returns (StakeVault) {
        vm.prank(registrar);
        rules.gate(examined, 1);
        return new StakeVault(
            identity,
            IProfileRegistry(address(told)),
            book,
            100,
            10 days,
            10_000,
            address(0),
            challenger,
            address(this)
        );
    }

    function _stake(StakeVault vault, Candidate memory c) private {
        vm.deal(c.owner, 1 ether);
        vm.prank(c.owner);
        vault.stake{value: 1 ether}(c.agentId);
    }
}
