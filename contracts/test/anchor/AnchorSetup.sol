// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReliabilityAnchor} from "../../src/ReliabilityAnchor.sol";
import {AnchorTerms, Header} from "../../src/interfaces/IReliabilityAnchor.sol";
import {IValidationRegistry} from "../../src/interfaces/IValidationRegistry.sol";
import {IVerificationRounds, Phase, Receipt as Work} from "../../src/interfaces/IVerificationRounds.sol";
import {SourceScore, SourceScores} from "../../src/libraries/SourceScores.sol";
import {Test} from "forge-std/Test.sol";

/// @dev Court and registry in one, which answer what they are told to.
contract ToldCourt {
    struct Answer {
        address validator;
        uint8 response;
        string tag;
    }

    mapping(bytes32 requestHash => Answer) private _answers;

    function tell(bytes32 requestHash, uint8 response, string calldata tag) external {
        _answers[requestHash] = Answer(address(this), response, tag);
    }

    function requestHashOf(Work calldata receipt, bytes32 nonce) external pure returns (bytes32) {
        return keccak256(abi.encode(receipt, nonce));
    }

    function phaseOf(bytes32 requestHash) external view returns (Phase) {
        return _answers[requestHash].validator == address(0) ? Phase.None : Phase.Final;
    }

    function getValidationStatus(bytes32 requestHash)
        external
        view
        returns (address, uint256, uint8, bytes32, string memory, uint256)
    {
        Answer memory a = _answers[requestHash];
        return (a.validator, 0, a.response, bytes32(0), a.tag, 0);
    }
}

/// @dev One anchor with its bond, and what the reporter, challengers and askers do with it.
abstract contract AnchorSetup is Test {
    uint64 internal constant WINDOW = 1 days;
    uint64 internal constant ANSWER = 1 hours;
    uint64 internal constant COURT = 2 hours;
    uint64 internal constant SPACING = WINDOW / 8;
    uint128 internal constant BOND = 10 ether;
    uint128 internal constant STAKE = 1 ether;
    uint256 internal constant AGENT = 7;
    bytes32 internal constant PROFILE = keccak256("exact");
    bytes32 internal constant BUNDLE = keccak256("bundle");
    bytes32 internal constant SALT = keccak256("salt");
    bytes32 internal constant DOMAIN = keccak256("domain");

    address internal reporter;
    uint256 internal reporterKey;
    address internal challenger = makeAddr("challenger");
    ToldCourt internal told;
    ReliabilityAnchor internal anchor;
    SourceScore internal score;
    bytes32 internal sibling = keccak256("another leaf");

    function setUp() public virtual {
        vm.warp(1_700_000_000);
        (reporter, reporterKey) = makeAddrAndKey("reporter");
        told = new ToldCourt();
        anchor = _anchor(0);
        vm.deal(reporter, 100 ether);
        vm.deal(challenger, 100 ether);
        vm.prank(reporter);
        anchor.deposit{value: BOND}();
        score = SourceScore(3, DOMAIN, 8e9, 2e9, uint64(block.timestamp), true, 7500, 5000);
    }

    function _terms(uint64 slots) internal view returns (AnchorTerms memory) {
        return AnchorTerms({
            agentId: AGENT,
            reporter: reporter,
            profileId: PROFILE,
            window: WINDOW,
            answerWindow: ANSWER,
            courtWindow: COURT,
            slots: slots,
            bond: BOND,
            challengeBond: STAKE
        });
    }

    function _anchor(uint64 slots) internal returns (ReliabilityAnchor) {
        return new ReliabilityAnchor(
            _terms(slots), IVerificationRounds(address(told)), IValidationRegistry(address(told))
        );
    }

    function _root() internal view returns (bytes32) {
        bytes32 leaf = SourceScores.leafOf(score);
        return leaf < sibling
            ? keccak256(abi.encodePacked(leaf, sibling))
            : keccak256(abi.encodePacked(sibling, leaf));
    }

    function _proof() internal view returns (bytes32[] memory proof) {
        proof = new bytes32[](1);
        proof[0] = sibling;
    }

    function _words() internal pure returns (bytes32[] memory words) {
        words = new bytes32[](2);
        // Place 0 holds 5000, place 1 is unknown, place 17 holds 1.
        words[0] = bytes32((type(uint256).max << 32) | (uint256(0xFFFF) << 16) | 5000);
        words[1] = bytes32((type(uint256).max << 32) | (uint256(1) << 16) | 0xFFFF);
    }

    function _wordsHash() internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(_words()));
    }

    function _header(uint64 epoch) internal view returns (Header memory) {
        return Header(epoch, uint64(block.timestamp), _root(), BUNDLE, _wordsHash());
    }

    function _sign(Header memory h, uint256 key) internal view returns (bytes32 r, bytes32 vs) {
        bytes32 digest = anchor.digestOf(h.epoch, h.root, h.bundleHash, h.wordsHash);
        (uint8 v, bytes32 r_, bytes32 s) = vm.sign(key, digest);
        return (r_, bytes32(uint256(s) | (uint256(v - 27) << 255)));
    }

    function _send(Header memory h) internal {
        (bytes32 r, bytes32 vs) = _sign(h, reporterKey);
        anchor.publishSigned(h.epoch, h.root, h.bundleHash, h.wordsHash, r, vs);
    }

    function _publish(uint64 epoch) internal returns (Header memory h) {
        h = _header(epoch);
        _send(h);
    }

    function _challenge(Header memory h) internal {
        vm.prank(challenger);
        anchor.challenge{value: STAKE}(h);
    }

    function _transcript(bytes32 root) internal pure returns (bytes memory) {
        return abi.encodePacked("every intermediate state", _wordsHash(), root);
    }

    function _receipt(Header memory h, bytes memory output) internal view returns (Work memory) {
        return Work({
            client: reporter,
            agentId: AGENT,
            profileId: PROFILE,
            taskHash: keccak256(anchor.taskOf(h)),
            outputHash: keccak256(abi.encode(SALT, keccak256(output))),
            deadline: uint64(block.timestamp + 1 days)
        });
    }

    function _answer(Header memory h, bytes memory output) internal returns (bytes32 requestHash) {
        Work memory receipt = _receipt(h, output);
        requestHash = told.requestHashOf(receipt, SALT);
        told.tell(requestHash, 0, "");
        anchor.answer(receipt, SALT);
    }

    function _accounted() internal view {
        (,,, bool bonded, bool disputed) = _clock();
        uint256 held = (bonded ? BOND : 0) + (disputed ? STAKE : 0);
        uint256 owed = anchor.creditOf(reporter) + anchor.creditOf(challenger);
        assertEq(address(anchor).balance, held + owed + anchor.burned());
    }

    function _clock() internal view returns (uint64, uint64, uint40, bool, bool) {
        ReliabilityAnchor.Clock memory c = anchor.clockOf();
        return (c.latest, c.applied, c.latestAt, c.bonded, c.disputed);
    }
}
