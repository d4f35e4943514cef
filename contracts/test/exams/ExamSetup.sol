// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ExamBook} from "../../src/ExamBook.sol";
import {ExamRules} from "../../src/ExamRules.sol";
import {IdentityRegistry} from "../../src/erc8004/IdentityRegistry.sol";
import {DoubtKind, Item, SectionKey, Sheet, Stage} from "../../src/interfaces/IExamBook.sol";
import {ExamTerms} from "../../src/interfaces/IExamRules.sol";
import {Family, IProfileRegistry, Profile} from "../../src/interfaces/IProfileRegistry.sol";
import {IValidationRegistry} from "../../src/interfaces/IValidationRegistry.sol";
import {IVerificationRounds, Receipt as Work} from "../../src/interfaces/IVerificationRounds.sol";
import {ToldCourt} from "../anchor/AnchorSetup.sol";
import {Test} from "forge-std/Test.sol";

/// @dev Profiles without the rules of the real registry.
contract ToldProfiles {
    mapping(bytes32 profileId => Profile) private _profiles;

    function tell(bytes32 profileId, Family family, uint8 tolerance) external {
        Profile storage p = _profiles[profileId];
        (p.family, p.tolerance, p.committeeSize) = (family, tolerance, 3);
        (p.commitWindow, p.openWindow, p.publishWindow) = (60, 60, 60);
        (p.minStake, p.seatLock) = (1 ether, 1 ether);
    }

    function isRegistered(bytes32 profileId) public view returns (bool) {
        return _profiles[profileId].committeeSize != 0;
    }

    function profile(bytes32 profileId) external view returns (Profile memory) {
        if (!isRegistered(profileId)) revert IProfileRegistry.ProfileUnknown(profileId);
        return _profiles[profileId];
    }
}

/// @dev An examined profile, three examiners (agents 0 to 2) and what they and candidates do. The planner's exam:
/// 16 items a section, 40 of 48 in all and 11 in each.
abstract contract ExamSetup is Test {
    struct Candidate {
        address owner;
        uint256 agentId;
    }

    uint256 internal constant SECTIONS = 3;
    uint8 internal constant TOLERANCE = 10;
    uint96 internal constant FEE = 0.01 ether;
    uint96 internal constant BOND = 1 ether;
    uint96 internal constant STAKE = 0.1 ether;
    uint32 internal constant PREPARE = 1 hours;
    uint32 internal constant SIT = 2 hours;
    uint32 internal constant KEYS = 30 minutes;
    uint32 internal constant DOUBT = 40 minutes;
    uint32 internal constant ANSWER = 20 minutes;
    uint32 internal constant COURT = 50 minutes;
    uint32 internal constant GRADE = 10 minutes;
    uint32 internal constant VALID = 30 days;
    bytes32 internal constant FUZZY = keccak256("fuzzy");
    bytes32 internal constant EXACT = keccak256("exact");
    bytes32 internal constant SALT = keccak256("salt");

    IdentityRegistry internal identity;
    ToldProfiles internal told;
    ToldCourt internal court;
    ExamRules internal rules;
    ExamBook internal book;
    address internal registrar = makeAddr("registrar");
    address internal challenger = makeAddr("challenger");
    address[] internal examiners;
    bytes32 internal examined = FUZZY;

    function setUp() public virtual {
        vm.warp(1_700_000_000);
        vm.roll(1000);
        identity = new IdentityRegistry();
        told = new ToldProfiles();
        told.tell(FUZZY, Family.TextMinhash, TOLERANCE);
        told.tell(EXACT, Family.Exact, 0);
        court = new ToldCourt();
        rules = new ExamRules(IProfileRegistry(address(told)), registrar);
        book = new ExamBook(
            identity,
            IProfileRegistry(address(told)),
            IValidationRegistry(address(court)),
            rules,
            address(this)
        );
        address[] memory courts = new address[](1);
        courts[0] = address(court);
        book.wire(courts);
        for (uint256 i = 0; i < SECTIONS; ++i) {
            address examiner = makeAddr(string.concat("examiner", vm.toString(i)));
            vm.deal(examiner, 10 ether);
            vm.prank(examiner);
            identity.register();
            examiners.push(examiner);
        }
        vm.deal(challenger, 100 ether);
        _setTerms();
    }

    // ------------------------------------------------------------------ terms

    /// @return A power of two.
    function _items() internal view virtual returns (uint256) {
        return 16;
    }

    function _terms() internal view virtual returns (ExamTerms memory) {
        return ExamTerms({
            profileId: examined,
            recomputeProfileId: EXACT,
            fee: FEE,
            bond: BOND,
            challengeBond: STAKE,
            items: uint8(_items()),
            mark: 40,
            sectionMark: 11,
            prepareWindow: PREPARE,
            sitWindow: SIT,
            keyWindow: KEYS,
            challengeWindow: DOUBT,
            answerWindow: ANSWER,
            courtWindow: COURT,
            gradeWindow: GRADE,
            validity: VALID
        });
    }

    function _board() internal pure returns (uint256[] memory board) {
        board = new uint256[](SECTIONS);
        (board[1], board[2]) = (1, 2);
    }

    function _setTerms() internal {
        vm.prank(registrar);
        rules.setTerms(_terms(), _board());
    }

    // ------------------------------------------------------------------ items

    function _task(uint256 section, uint256 index) internal pure returns (bytes32) {
        return keccak256(abi.encode("task", section, index));
    }

    function _output(uint256 section, uint256 index) internal pure returns (bytes memory) {
        return abi.encode("output", section, index);
    }

    /// @dev The right answer. Under the exact family it is the digest itself, else whatever the recipe says.
    function _answerOf(uint256 examId, uint256 section, uint256 index) internal view returns (bytes32) {
        return keccak256(bytes.concat(book.examOf(examId).key, _output(section, index)));
    }

    function _key(uint256 examId, uint256 section) internal view virtual returns (SectionKey memory key) {
        key.digests = new bytes32[](_items());
        for (uint256 i = 0; i < _items(); ++i) {
            key.digests[i] = _answerOf(examId, section, i);
        }
        key.contentsHash = keccak256(abi.encodePacked(_contents(section)));
    }

    function _contents(uint256 section) internal view virtual returns (bytes32[] memory contents) {
        contents = new bytes32[](_items());
        for (uint256 i = 0; i < _items(); ++i) {
            contents[i] = keccak256(_output(section, i));
        }
    }

    function _keys(uint256 examId) internal view returns (SectionKey[] memory keys) {
        keys = new SectionKey[](SECTIONS);
        for (uint256 i = 0; i < SECTIONS; ++i) {
            keys[i] = _key(examId, i);
        }
    }

    function _tasks(uint256 section) internal view returns (bytes32[] memory tasks) {
        tasks = new bytes32[](_items());
        for (uint256 i = 0; i < _items(); ++i) {
            tasks[i] = _task(section, i);
        }
    }

    function _item(uint256 section, uint256 index) internal view returns (Item memory item) {
        return Item({
            section: uint8(section),
            index: uint8(index),
            taskHash: _task(section, index),
            taskProof: _proof(_tasks(section), index)
        });
    }

    // ------------------------------------------------------------------ trees of a power of two leaves

    function _leaf(uint256 index, bytes32 hash) private pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(index, hash))));
    }

    function _pair(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(abi.encodePacked(a, b)) : keccak256(abi.encodePacked(b, a));
    }

    function _root(bytes32[] memory hashes) internal pure returns (bytes32) {
        bytes32[] memory none = _proof(hashes, 0);
        bytes32 node = _leaf(0, hashes[0]);
        for (uint256 i = 0; i < none.length; ++i) {
            node = _pair(node, none[i]);
        }
        return node;
    }

    function _proof(bytes32[] memory hashes, uint256 index) internal pure returns (bytes32[] memory proof) {
        bytes32[] memory level = new bytes32[](hashes.length);
        for (uint256 i = 0; i < hashes.length; ++i) {
            level[i] = _leaf(i, hashes[i]);
        }
        uint256 width = hashes.length;
        uint256 depths;
        while (1 << depths < width) ++depths;
        proof = new bytes32[](depths);
        for (uint256 depth = 0; width > 1; ++depth) {
            proof[depth] = level[index ^ 1];
            for (uint256 i = 0; i < width / 2; ++i) {
                level[i] = _pair(level[2 * i], level[2 * i + 1]);
            }
            (width, index) = (width / 2, index / 2);
        }
    }

    // ------------------------------------------------------------------ an exam

    function _announce() internal returns (uint256 examId) {
        vm.prank(examiners[0]);
        examId = book.announce(examined, 0);
    }

    function _post(uint256 examId, uint256 section) internal {
        bytes32 sealedKey = book.sealedKeyOf(examId, section, _key(examId, section), SALT);
        bytes32 root = _root(_tasks(section));
        vm.prank(examiners[section]);
        book.post{value: BOND}(examId, section, root, sealedKey, "data:,items");
    }

    /// @dev Candidates may sit.
    function _prepared() internal returns (uint256 examId) {
        examId = _announce();
        for (uint256 i = 0; i < SECTIONS; ++i) {
            _post(examId, i);
        }
    }

    function _openKey(uint256 examId, uint256 section) internal {
        book.openKey(examId, section, _key(examId, section), _contents(section), SALT);
    }

    function _openKeys(uint256 examId) internal {
        vm.warp(book.examOf(examId).closesAt);
        for (uint256 i = 0; i < SECTIONS; ++i) {
            _openKey(examId, i);
        }
    }

    /// @dev Keys are open and nobody doubted them.
    function _gradeable(uint256 examId) internal {
        _openKeys(examId);
        skip(DOUBT);
    }

    // ------------------------------------------------------------------ candidates

    function _candidate(string memory name) internal returns (Candidate memory c) {
        c.owner = makeAddr(name);
        vm.deal(c.owner, 1 ether);
        vm.prank(c.owner);
        c.agentId = identity.register();
    }

    /// @dev Wrong in the first `wrong[i]` answers of section i.
    function _sheet(uint256 examId, Candidate memory c, uint256[3] memory wrong)
        internal
        view
        returns (Sheet memory sheet)
    {
        sheet = Sheet(
            c.agentId, c.owner, keccak256(abi.encode("sheet", c.owner)), new bytes32[](SECTIONS * _items())
        );
        for (uint256 i = 0; i < SECTIONS * _items(); ++i) {
            bytes32 right = _answerOf(examId, i / _items(), i % _items());
            sheet.digests[i] = i % _items() < wrong[i / _items()] ? ~right : right;
        }
    }

    function _sit(uint256 examId, Candidate memory c, Sheet memory sheet) internal {
        bytes32 commitment = book.commitmentOf(examId, sheet);
        vm.prank(c.owner);
        book.sit{value: FEE}(examId, c.agentId, commitment);
    }

    function _sat(uint256 examId, string memory name, uint256[3] memory wrong)
        internal
        returns (Candidate memory c, Sheet memory sheet)
    {
        c = _candidate(name);
        sheet = _sheet(examId, c, wrong);
        _sit(examId, c, sheet);
    }

    function _one(Sheet memory sheet) internal pure returns (Sheet[] memory sheets) {
        sheets = new Sheet[](1);
        sheets[0] = sheet;
    }

    function _grade(uint256 examId, Sheet memory sheet) internal {
        book.grade(examId, _keys(examId), _one(sheet));
    }

    function _isCapable(Candidate memory c) internal view returns (bool) {
        return book.capabilityOf(examined, c.agentId).owner == c.owner
            && book.capabilityOf(examined, c.agentId).until > vm.getBlockTimestamp();
    }

    // ------------------------------------------------------------------ doubts

    function _doubt(uint256 examId, DoubtKind kind, uint256 section, uint256 index)
        internal
        returns (bytes32)
    {
        Item memory item = _item(section, index);
        SectionKey memory key = _key(examId, section);
        bytes32[] memory contents = _contents(section);
        vm.prank(challenger);
        return book.doubt{value: STAKE}(examId, kind, item, key, contents);
    }

    function _receipt(bytes32 doubtId, bytes32 profileId, bytes memory output)
        internal
        view
        returns (Work memory)
    {
        return Work({
            client: challenger,
            agentId: book.doubtOf(doubtId).section,
            profileId: profileId,
            taskHash: book.doubtOf(doubtId).taskHash,
            outputHash: keccak256(abi.encode(SALT, keccak256(output))),
            deadline: uint64(vm.getBlockTimestamp() + 1 days)
        });
    }

    function _respond(bytes32 doubtId, Work memory receipt) internal returns (bytes32 requestHash) {
        requestHash = court.requestHashOf(receipt, SALT);
        court.tell(requestHash, 0, "");
        book.answer(doubtId, IVerificationRounds(address(court)), receipt, SALT);
    }

    function _assertStage(uint256 examId, Stage stage) internal view {
        assertEq(uint8(book.stageOf(examId)), uint8(stage), "stage");
    }
}
