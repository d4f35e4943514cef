// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ExamBook} from "../../src/ExamBook.sol";
import {DoubtKind, Item, SectionKey, Stage} from "../../src/interfaces/IExamBook.sol";
import {ExamTerms, IExamRules} from "../../src/interfaces/IExamRules.sol";
import {IIdentityRegistry} from "../../src/interfaces/IIdentityRegistry.sol";
import {Family, IProfileRegistry, Profile} from "../../src/interfaces/IProfileRegistry.sol";
import {IValidationRegistry} from "../../src/interfaces/IValidationRegistry.sol";
import {Test} from "forge-std/Test.sol";

/// @dev All that the book asks of others: who owns an agent, how exams are held, and of which family a profile is.
contract Neighbours {
    function ownerOf(uint256 agentId) public pure returns (address) {
        return address(uint160(0xE000 + agentId));
    }

    function isAuthorizedOrOwner(address spender, uint256 agentId) external pure returns (bool) {
        return spender == ownerOf(agentId);
    }

    function getAgentWallet(uint256) external pure returns (address) {
        return address(0);
    }

    function currentTerms(bytes32) external pure returns (uint256) {
        return 1;
    }

    function examinersOf(uint256) external pure returns (uint256[] memory examiners) {
        examiners = new uint256[](2);
        examiners[1] = 1;
    }

    function termsOf(uint256) external pure returns (ExamTerms memory) {
        return ExamTerms({
            profileId: "profile",
            recomputeProfileId: "exact",
            fee: 0.01 ether,
            bond: 1 ether,
            challengeBond: 0.1 ether,
            items: 1,
            mark: 2,
            sectionMark: 1,
            prepareWindow: 100,
            sitWindow: 200,
            keyWindow: 300,
            challengeWindow: 400,
            answerWindow: 50,
            courtWindow: 60,
            gradeWindow: 500,
            validity: 1000
        });
    }

    function profile(bytes32) external pure returns (Profile memory p) {
        p.family = Family.Exact;
    }
}

/// @dev Proved by halmos for every caller, amount and time: who is taken, who is paid what and how often, and that
/// the book holds bonds + fees + bonds of doubts + credits + burned. Agents 0 and 1 examine, a section of one
/// item each; agent 2 sits.
contract ExamProof is Test {
    address private constant CHALLENGER = address(0xC4A1);
    address private constant CANDIDATE = address(0xE002);
    uint256 private constant EXAM = 1;
    uint256 private constant START = 1_700_000_000;
    uint256 private constant FEE = 0.01 ether;
    uint256 private constant BOND = 1 ether;
    uint256 private constant STAKE = 0.1 ether;

    ExamBook private book;
    bytes32[] private contents;
    bytes32[] private none;

    function setUp() public {
        vm.warp(START);
        vm.roll(1000);
        address around = address(new Neighbours());
        book = new ExamBook(
            IIdentityRegistry(around),
            IProfileRegistry(around),
            IValidationRegistry(around),
            IExamRules(around),
            address(this)
        );
        book.wire(new address[](0));
        contents.push("content");
        vm.prank(_owner(0));
        book.announce("profile", 0);
        for (uint256 i = 0; i < 2; ++i) {
            bytes32 sealedKey = book.sealedKeyOf(EXAM, i, _key(), "salt");
            vm.deal(_owner(i), BOND);
            vm.prank(_owner(i));
            book.post{value: BOND}(EXAM, i, _leaf(), sealedKey, "");
        }
        vm.deal(CANDIDATE, FEE);
        vm.prank(CANDIDATE);
        book.sit{value: FEE}(EXAM, 2, "sheet");
    }

    function check_wire__when_done__then_never_again(address caller) external {
        vm.prank(caller);
        (bool done,) = address(book).call(abi.encodeCall(book.wire, (new address[](1))));
        assert(!done);
    }

    function check_post__when_not_the_examiner__then_refused(address caller) external {
        vm.assume(caller != address(book));
        vm.prank(_owner(0));
        uint256 examId = book.announce("profile", 0);
        for (uint256 section = 0; section < 3; ++section) {
            if (section < 2) vm.assume(caller != _owner(section));
            vm.deal(caller, BOND);
            vm.startPrank(caller);
            (bool announced,) = address(book).call(abi.encodeCall(book.announce, ("profile", section)));
            (bool posted,) = address(book).call{value: BOND}(
                abi.encodeCall(book.post, (examId, section, _leaf(), _leaf(), ""))
            );
            vm.stopPrank();
            assert(!announced && !posted);
        }
        _assertBalanced(2 * BOND + FEE);
    }

    function check_sit__then_the_agents_operator_for_the_fee_in_time(
        address caller,
        uint96 amount,
        bytes32 commitment,
        uint40 when
    ) external {
        vm.assume(when >= START && caller != address(book));
        vm.warp(when);
        vm.deal(caller, amount);
        vm.prank(caller);
        (bool done,) = address(book).call{value: amount}(abi.encodeCall(book.sit, (EXAM, 3, commitment)));
        bool due = caller == _owner(3) && amount == FEE && commitment != 0 && when < START + 200;
        assert(done == due);
        _assertBalanced(2 * BOND + FEE + (done ? FEE : 0));
    }

    /// @dev Neither an examiner, nor anybody twice.
    function check_sit__when_examiner_or_again__then_refused(uint8 agentId, bytes32 commitment) external {
        vm.assume(agentId < 3);
        vm.deal(_owner(agentId), FEE);
        vm.prank(_owner(agentId));
        (bool done,) = address(book).call{value: FEE}(abi.encodeCall(book.sit, (EXAM, agentId, commitment)));
        assert(!done);
    }

    /// @dev Keys that are never opened cost their bonds; the others, and the fee, go back once.
    function check_cancel__when_keys_are_missing__then_the_silent_pay_and_fees_return(
        bool opened,
        address owner,
        uint40 when
    ) external {
        if (opened) _open(0);
        vm.assume(when >= START + 200);
        vm.warp(when);
        bool done = _try(abi.encodeCall(book.cancel, (EXAM)));
        assert(done == (when >= START + 200 + 300));
        assert(!_try(abi.encodeCall(book.cancel, (EXAM))));
        assert(!_try(abi.encodeCall(book.conclude, (EXAM))));
        if (!done) return _assertBalanced(2 * BOND + FEE);
        assert(book.burned() == (opened ? BOND : 2 * BOND));
        assert(book.creditOf(_owner(0)) == (opened ? BOND : 0) && book.creditOf(_owner(1)) == 0);
        bool returned = _try(abi.encodeCall(book.refund, (EXAM, owner)));
        assert(returned == (owner == CANDIDATE));
        assert(!_try(abi.encodeCall(book.refund, (EXAM, owner))));
        assert(book.creditOf(CANDIDATE) == (returned ? FEE : 0));
        _assertBalanced(returned ? 0 : FEE);
    }

    /// @dev Nobody gives in a sheet: the examiners have their bonds and the fee, once.
    function check_conclude__then_bonds_and_the_fee_once(uint40 when) external {
        _open(0);
        _open(1);
        vm.assume(when >= START + 200);
        vm.warp(when);
        bool done = _try(abi.encodeCall(book.conclude, (EXAM)));
        assert(done == (when >= START + 200 + 400 + 500));
        assert(!_try(abi.encodeCall(book.conclude, (EXAM))) || !done);
        assert(!_try(abi.encodeCall(book.refund, (EXAM, CANDIDATE))));
        uint256 share = done ? BOND + FEE / 2 : 0;
        assert(book.creditOf(_owner(0)) == share && book.creditOf(_owner(1)) == share);
        _assertBalanced(done ? 0 : 2 * BOND + FEE);
        if (!done) return;
        assert(_withdraw(_owner(0)) && _owner(0).balance == share);
        assert(!_withdraw(_owner(0)) && !_withdraw(CANDIDATE));
        _assertBalanced(0);
    }

    /// @dev A doubt that the examiner does not answer: its bond is split, the others get theirs back, once.
    function check_doubt__when_nobody_answers__then_the_examiner_pays_once(uint96 amount, uint40 when)
        external
    {
        _open(0);
        _open(1);
        bytes memory doubting =
            abi.encodeCall(book.doubt, (EXAM, DoubtKind.Output, Item(1, 0, "task", none), _key(), contents));
        vm.deal(CHALLENGER, amount);
        vm.prank(CHALLENGER);
        (bool doubted,) = address(book).call{value: amount}(doubting);
        assert(doubted == (amount == STAKE));
        if (!doubted) return _assertBalanced(2 * BOND + FEE);
        bytes32 doubtId = book.doubtIdOf(EXAM, 1, 0, DoubtKind.Output);
        vm.warp(when);
        bool done = _try(abi.encodeCall(book.settleUnproven, (doubtId)));
        assert(done == (when >= START + 200 + 50));
        assert(!done || !_try(abi.encodeCall(book.settleUnproven, (doubtId))));
        if (!done) return _assertBalanced(2 * BOND + FEE + STAKE);
        assert(book.stageOf(EXAM) == Stage.Void);
        assert(book.creditOf(CHALLENGER) == STAKE + BOND / 4 && book.burned() == BOND - BOND / 4);
        assert(book.creditOf(_owner(0)) == BOND && book.creditOf(_owner(1)) == 0);
        _assertBalanced(FEE);
    }

    // ------------------------------------------------------------------ helpers

    function _owner(uint256 agentId) private pure returns (address) {
        return address(uint160(0xE000 + agentId));
    }

    function _key() private view returns (SectionKey memory key) {
        key.digests = new bytes32[](1);
        key.digests[0] = "digest";
        key.contentsHash = keccak256(abi.encodePacked(contents));
    }

    function _leaf() private pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(uint256(0), bytes32("task")))));
    }

    /// @dev As soon as nobody can sit any more.
    function _open(uint256 section) private {
        vm.warp(START + 200);
        book.openKey(EXAM, section, _key(), contents, "salt");
    }

    function _try(bytes memory data) private returns (bool done) {
        (done,) = address(book).call(data);
    }

    function _withdraw(address account) private returns (bool done) {
        vm.prank(account);
        (done,) = address(book).call(abi.encodeCall(book.withdraw, ()));
    }

    function _assertBalanced(uint256 held) private view {
        uint256 owed = book.creditOf(_owner(0)) + book.creditOf(_owner(1));
        owed += book.creditOf(CANDIDATE) + book.creditOf(CHALLENGER) + book.burned();
        assert(address(book).balance == held + owed);
    }
}
