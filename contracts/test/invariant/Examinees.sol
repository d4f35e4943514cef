// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    Doubt,
    DoubtKind,
    DoubtState,
    Exam,
    IExamBook,
    Item,
    SectionKey,
    Sheet,
    SittingState,
    Stage
} from "../../src/interfaces/IExamBook.sol";
import {ExamTerms} from "../../src/interfaces/IExamRules.sol";
import {IVerificationRounds, Receipt as Work} from "../../src/interfaces/IVerificationRounds.sol";
import {ExamSetup} from "../exams/ExamSetup.sol";

/// @dev Anybody calls anything at any time, with arguments that would be right at the right time. A call may be
/// refused, but only with a reason of its own: never a panic, never nothing.
contract Examinees is ExamSetup {
    uint256 private constant CANDIDATES = 5;
    bytes4 private constant PANIC = 0x4e487b71;

    Candidate[] private candidates;
    bytes32[] private doubtIds;
    mapping(bytes32 doubtId => Work) private receipts;
    mapping(string act => uint256) public count;
    bool public senseless;
    uint256 public paidIn;
    uint256 public paidOut;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < CANDIDATES; ++i) {
            candidates.push(_candidate(string.concat("candidate", vm.toString(i))));
        }
    }

    function _items() internal pure override returns (uint256) {
        return 2;
    }

    function _terms() internal view override returns (ExamTerms memory t) {
        t = super._terms();
        (t.mark, t.sectionMark) = (5, 1);
    }

    // ------------------------------------------------------------------ acts

    /// @dev By any time, or to the end of what the newest exam waits for.
    function wait(uint16 time) external {
        uint256 next = book.examOf(book.examCount()).closesAt;
        if (time % 2 == 0 && next > vm.getBlockTimestamp()) vm.warp(next);
        else skip(1 + time % GRADE);
    }

    /// @dev Whatever brings the newest exam on, so that many campaigns see exams end.
    function hurry(uint8 seed) external {
        uint256 examId = book.examCount();
        Stage stage = book.stageOf(examId);
        if (stage == Stage.Preparing) this.post(examId, SECTIONS);
        else if (stage == Stage.Sitting && seed % 4 != 0) this.sit(examId, seed);
        else if (stage == Stage.Sitting) this.wait(0);
        else if (stage == Stage.Opening) this.openKey(examId, SECTIONS);
        else if (stage == Stage.Doubting && seed % 3 == 0) this.wait(0);
        else if (stage == Stage.Grading) this.grade(examId, seed);
        else this.announce();
    }

    function announce() public {
        Stage stage = book.stageOf(book.examCount());
        if (stage == Stage.None || stage == Stage.Concluded || stage == Stage.Void) {
            _try("announce", examiners[0], 0, abi.encodeCall(IExamBook.announce, (examined, 0)));
        }
    }

    /// @param section beyond the last one: all of them.
    function post(uint256 which, uint256 section) external {
        (uint256 examId, uint256 chosen) = (_exam(which), section % (2 * SECTIONS));
        for (uint256 i = 0; i < SECTIONS; ++i) {
            if (chosen < SECTIONS && i != chosen) continue;
            bytes32 sealedKey = book.sealedKeyOf(examId, i, _key(examId, i), SALT);
            bytes memory data = abi.encodeCall(IExamBook.post, (examId, i, _root(_tasks(i)), sealedKey, ""));
            _try("post", examiners[i], BOND, data);
        }
    }

    function sit(uint256 which, uint256 who) external {
        uint256 examId = _exam(which);
        Candidate memory c = candidates[who % CANDIDATES];
        bytes32 commitment = book.commitmentOf(examId, _sheetOf(examId, who));
        _try("sit", c.owner, FEE, abi.encodeCall(IExamBook.sit, (examId, c.agentId, commitment)));
    }

    /// @param section beyond the last one: all of them.
    function openKey(uint256 which, uint256 section) external {
        (uint256 examId, uint256 chosen) = (_exam(which), section % (2 * SECTIONS));
        for (uint256 i = 0; i < SECTIONS; ++i) {
            if (chosen < SECTIONS && i != chosen) continue;
            bytes memory data =
                abi.encodeCall(IExamBook.openKey, (examId, i, _key(examId, i), _contents(i), SALT));
            _try("openKey", challenger, 0, data);
        }
    }

    function grade(uint256 which, uint256 who) external {
        uint256 examId = _exam(which);
        Sheet[] memory sheets = new Sheet[](2);
        (sheets[0], sheets[1]) = (_sheetOf(examId, who), _sheetOf(examId, who / CANDIDATES));
        _try("grade", challenger, 0, abi.encodeCall(IExamBook.grade, (examId, _keys(examId), sheets)));
    }

    function conclude(uint256 which) external {
        _try("conclude", challenger, 0, abi.encodeCall(IExamBook.conclude, (_exam(which))));
    }

    function cancel(uint256 which) external {
        _try("cancel", challenger, 0, abi.encodeCall(IExamBook.cancel, (_exam(which))));
    }

    function refund(uint256 which, uint256 who) external {
        address owner = candidates[who % CANDIDATES].owner;
        _try("refund", challenger, 0, abi.encodeCall(IExamBook.refund, (_exam(which), owner)));
    }

    function withdraw(uint256 who) external {
        address account = _account(who);
        uint256 before = account.balance;
        _try("withdraw", account, 0, abi.encodeCall(IExamBook.withdraw, ()));
        paidOut += account.balance - before;
    }

    function doubt(uint256 which, uint256 place, bool ofDigest) external {
        uint256 examId = _exam(which);
        DoubtKind kind = ofDigest ? DoubtKind.Digest : DoubtKind.Output;
        Item memory item = _item(place % SECTIONS, (place / SECTIONS) % 2);
        SectionKey memory key = _key(examId, item.section);
        bytes memory data =
            abi.encodeCall(IExamBook.doubt, (examId, kind, item, key, _contents(item.section)));
        if (_try("doubt", challenger, STAKE, data)) {
            doubtIds.push(book.doubtIdOf(examId, item.section, item.index, kind));
        }
    }

    /// @param verdict of the round: accepted, rejected, without one, or not at all.
    function answer(uint256 which, uint256 verdict) external {
        if (doubtIds.length == 0) return;
        bytes32 id = doubtIds[which % doubtIds.length];
        Doubt memory d = book.doubtOf(id);
        Work memory receipt = _receipt(id, d.kind == DoubtKind.Output ? FUZZY : EXACT, _shownFor(d));
        bytes32 requestHash = court.requestHashOf(receipt, SALT);
        court.tell(requestHash, verdict % 4 == 0 ? 100 : 0, verdict % 4 == 3 ? "vni:timeout" : "vni:ok");
        IVerificationRounds here = IVerificationRounds(address(court));
        _try("answer", challenger, 0, abi.encodeCall(IExamBook.answer, (id, here, receipt, SALT)));
    }

    function settle(uint256 which, bool proven) external {
        if (doubtIds.length == 0) return;
        bytes32 id = doubtIds[which % doubtIds.length];
        bytes memory shown = _shownFor(book.doubtOf(id));
        if (proven) _try("settle", challenger, 0, abi.encodeCall(IExamBook.settle, (id, SALT, shown)));
        else _try("settleUnproven", challenger, 0, abi.encodeCall(IExamBook.settleUnproven, (id)));
    }

    // ------------------------------------------------------------------ books

    /// @return owed credits, what exams hold, what open doubts hold, and what was burned.
    function owed() external view returns (uint256) {
        uint256 sum = book.burned();
        for (uint256 i = 0; i < CANDIDATES + SECTIONS + 1; ++i) {
            sum += book.creditOf(_account(i));
        }
        for (uint256 examId = 1; examId <= book.examCount(); ++examId) {
            sum += _held(examId);
        }
        for (uint256 i = 0; i < doubtIds.length; ++i) {
            DoubtState state = book.doubtOf(doubtIds[i]).state;
            if (state == DoubtState.Open || state == DoubtState.Answered) sum += STAKE;
        }
        return sum;
    }

    function held() external view returns (uint256) {
        return address(book).balance;
    }

    /// @dev The second and fourth candidate know too little.
    function unworthyPassed() external view returns (bool) {
        for (uint256 i = 1; i < CANDIDATES; i += 2) {
            if (book.capabilityOf(examined, candidates[i].agentId).owner != address(0)) return true;
        }
        return false;
    }

    function miscounted() external view returns (bool) {
        for (uint256 examId = 1; examId <= book.examCount(); ++examId) {
            Exam memory exam = book.examOf(examId);
            uint256 sat;
            uint256 graded;
            for (uint256 i = 0; i < CANDIDATES; ++i) {
                SittingState state = book.sittingOf(examId, candidates[i].owner).state;
                if (state != SittingState.None) ++sat;
                if (state == SittingState.Graded) ++graded;
            }
            if (sat != exam.candidates || graded != exam.graded) return true;
            if (exam.stage == Stage.Void && graded != 0) return true;
        }
        return false;
    }

    function _held(uint256 examId) private view returns (uint256 sum) {
        Exam memory exam = book.examOf(examId);
        if (exam.stage == Stage.Concluded) return 0;
        if (exam.stage != Stage.Void) return exam.posted * uint256(BOND) + exam.candidates * uint256(FEE);
        for (uint256 i = 0; i < CANDIDATES; ++i) {
            if (book.sittingOf(examId, candidates[i].owner).state == SittingState.Sat) sum += FEE;
        }
    }

    // ------------------------------------------------------------------ parts

    /// @dev Mostly the newest; now and then an older one, or one that there is not.
    function _exam(uint256 which) private view returns (uint256) {
        uint256 newest = book.examCount();
        return which % 8 == 0 ? 1 + (which / 8) % (newest + 1) : newest;
    }

    function _account(uint256 who) private view returns (address) {
        who %= CANDIDATES + SECTIONS + 1;
        if (who < CANDIDATES) return candidates[who].owner;
        return who < CANDIDATES + SECTIONS ? examiners[who - CANDIDATES] : challenger;
    }

    function _sheetOf(uint256 examId, uint256 who) private view returns (Sheet memory) {
        who %= CANDIDATES;
        return _sheet(examId, candidates[who], [who % 2, who % 2, 0]);
    }

    /// @dev What the examiner shows: the output; or, of item 1 of section 2, a digest that is not the key's.
    function _shownFor(Doubt memory d) private view returns (bytes memory) {
        if (d.kind == DoubtKind.Digest) {
            return abi.encodePacked("states", d.section == 2 ? bytes32(0) : d.digest);
        }
        for (uint256 i = 0; i < _items(); ++i) {
            if (keccak256(_output(d.section, i)) == d.contentHash) return _output(d.section, i);
        }
        return "";
    }

    function _try(string memory act, address from, uint256 value, bytes memory data)
        private
        returns (bool ok)
    {
        vm.deal(from, from.balance + value);
        bytes memory result;
        vm.prank(from);
        (ok, result) = address(book).call{value: value}(data);
        if (ok) {
            ++count[act];
            paidIn += value;
        } else if (result.length < 4 || bytes4(result) == PANIC) {
            senseless = true;
        }
    }
}
