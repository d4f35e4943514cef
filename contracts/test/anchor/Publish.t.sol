// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReliabilityAnchor} from "../../src/ReliabilityAnchor.sol";
import {AnchorTerms, Header, IReliabilityAnchor} from "../../src/interfaces/IReliabilityAnchor.sol";
import {IValidationRegistry} from "../../src/interfaces/IValidationRegistry.sol";
import {IVerificationRounds} from "../../src/interfaces/IVerificationRounds.sol";
import {SourceScore} from "../../src/libraries/SourceScores.sol";
import {AnchorSetup} from "./AnchorSetup.sol";

/// @dev Publishing an epoch, reading its scores.
contract PublishTest is AnchorSetup {
    bytes4 private constant NOT_REPORTER = IReliabilityAnchor.AnchorNotReporter.selector;

    function test_publish__when_the_reporter_signed__then_anybody_may_send_it() external {
        Header memory h = _header(1);
        vm.expectEmit(address(anchor));
        emit IReliabilityAnchor.Anchored(1, h.publishedAt, h.root, h.bundleHash, h.wordsHash);
        vm.prank(makeAddr("anybody"));
        _send(h);
        assertFalse(anchor.isFinal(h));
        skip(WINDOW);
        assertTrue(anchor.isFinal(h));
        assertTrue(anchor.verifyScore(h, score, _proof()));
    }

    function test_publish__when_the_reporter_sends_it__then_it_needs_no_signature() external {
        Header memory h = _header(1);
        vm.expectRevert(abi.encodeWithSelector(NOT_REPORTER, address(this)));
        anchor.publish(1, h.root, h.bundleHash, h.wordsHash);
        vm.prank(reporter);
        anchor.publish(1, h.root, h.bundleHash, h.wordsHash);
        skip(WINDOW);
        assertTrue(anchor.isFinal(h));
    }

    function test_publish__when_another_signed__then_refused() external {
        Header memory h = _header(1);
        (address other, uint256 key) = makeAddrAndKey("other");
        (bytes32 r, bytes32 vs) = _sign(h, key);
        vm.expectRevert(abi.encodeWithSelector(NOT_REPORTER, other));
        anchor.publishSigned(h.epoch, h.root, h.bundleHash, h.wordsHash, r, vs);
    }

    function testFuzz_publish__when_anything_signed_is_altered__then_refused(uint256 which, bytes32 value)
        external
    {
        Header memory h = _header(1);
        (bytes32 r, bytes32 vs) = _sign(h, reporterKey);
        which = bound(which, 0, 2);
        bytes32[3] memory fields = [h.root, h.bundleHash, h.wordsHash];
        vm.assume(value != fields[which]);
        fields[which] = value;
        vm.expectPartialRevert(NOT_REPORTER);
        anchor.publishSigned(1, fields[0], fields[1], fields[2], r, vs);
    }

    function test_replay__when_sent_again_or_elsewhere__then_refused() external {
        Header memory h = _publish(1);
        (bytes32 r, bytes32 vs) = _sign(h, reporterKey);
        skip(SPACING);
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorNotNext.selector, 1, 2));
        anchor.publishSigned(1, h.root, h.bundleHash, h.wordsHash, r, vs);
        vm.expectPartialRevert(NOT_REPORTER);
        anchor.publishSigned(2, h.root, h.bundleHash, h.wordsHash, r, vs);

        ReliabilityAnchor twin = _anchor(0);
        vm.prank(reporter);
        twin.deposit{value: BOND}();
        vm.expectPartialRevert(NOT_REPORTER);
        twin.publishSigned(1, h.root, h.bundleHash, h.wordsHash, r, vs);
        vm.chainId(5);
        vm.expectPartialRevert(NOT_REPORTER);
        twin.publishSigned(1, h.root, h.bundleHash, h.wordsHash, r, vs);
    }

    function test_epochs__when_not_the_next_or_too_soon__then_refused() external {
        Header memory h = _header(2);
        (bytes32 r, bytes32 vs) = _sign(h, reporterKey);
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorNotNext.selector, 2, 1));
        anchor.publishSigned(2, h.root, h.bundleHash, h.wordsHash, r, vs);
        _publish(1);
        skip(SPACING - 1);
        h = _header(2);
        (r, vs) = _sign(h, reporterKey);
        vm.expectRevert(
            abi.encodeWithSelector(IReliabilityAnchor.AnchorTooSoon.selector, block.timestamp + 1)
        );
        anchor.publishSigned(2, h.root, h.bundleHash, h.wordsHash, r, vs);
        skip(1);
        _publish(2);
    }

    function test_bond__when_there_is_none__then_nothing_is_published_and_it_leaves_late_only() external {
        Header memory h = _publish(1);
        uint256 until = uint256(h.publishedAt) + WINDOW;
        vm.startPrank(reporter);
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorBondInUse.selector, until));
        anchor.release();
        vm.warp(until);
        anchor.release();
        anchor.withdraw();
        vm.stopPrank();
        assertEq(reporter.balance, 100 ether);
        h = _header(2);
        (bytes32 r, bytes32 vs) = _sign(h, reporterKey);
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorNoBond.selector, BOND));
        anchor.publishSigned(2, h.root, h.bundleHash, h.wordsHash, r, vs);
        _accounted();
    }

    function test_deposit__when_wrong_or_twice__then_refused() external {
        vm.startPrank(reporter);
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorWrongBond.selector, BOND, 0));
        anchor.deposit{value: BOND}();
        anchor.release();
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorWrongBond.selector, 1, BOND));
        anchor.deposit{value: 1}();
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorNoBond.selector, BOND));
        anchor.release();
        vm.stopPrank();
        vm.expectPartialRevert(NOT_REPORTER);
        anchor.release();
    }

    // ------------------------------------------------------------------ reading

    function test_score__when_the_epoch_may_still_be_challenged__then_not_readable() external {
        Header memory h = _publish(1);
        skip(WINDOW - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IReliabilityAnchor.AnchorNotFinal.selector, 1, block.timestamp + 1)
        );
        anchor.verifyScore(h, score, _proof());
    }

    function testFuzz_score__when_altered__then_not_under_the_root(SourceScore memory other) external {
        Header memory h = _publish(1);
        skip(WINDOW);
        vm.assume(keccak256(abi.encode(other)) != keccak256(abi.encode(score)));
        assertFalse(anchor.verifyScore(h, other, _proof()));
    }

    function testFuzz_header__when_not_the_anchored_one__then_unknown(Header memory other) external {
        Header memory h = _publish(1);
        skip(WINDOW);
        vm.assume(anchor.hashOf(other) != anchor.hashOf(h));
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorUnknownEpoch.selector, other.epoch));
        anchor.verifyScore(other, score, _proof());
        assertFalse(anchor.isFinal(other));
    }

    function test_slots__when_sixteen_are_kept__then_the_seventeenth_epoch_takes_the_first_one_s() external {
        anchor = _anchor(16);
        vm.prank(reporter);
        anchor.deposit{value: BOND}();
        Header memory first = _publish(1);
        for (uint64 epoch = 2; epoch <= 16; ++epoch) {
            skip(SPACING);
            _publish(epoch);
        }
        assertTrue(anchor.verifyScore(first, score, _proof()));
        skip(SPACING);
        _publish(17);
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorUnknownEpoch.selector, 1));
        anchor.verifyScore(first, score, _proof());
    }

    // ------------------------------------------------------------------ packed words

    function test_words__when_final__then_contracts_read_them_and_unknown_stays_unknown() external {
        _listAll(18);
        Header memory h = _publish(1);
        _expectScore(0, -1, 0);
        skip(WINDOW);
        anchor.applyWords(h, _words());
        _expectScore(0, 5000, 1);
        _expectScore(1, -1, 1);
        _expectScore(16, -1, 1);
        _expectScore(17, 1, 1);
        _expectScore(32, -1, 1);
        assertEq(anchor.indexOf(17, DOMAIN), 17);
    }

    function test_words__when_zero__then_a_score_of_zero() external {
        bytes32[] memory words = new bytes32[](1);
        Header memory h = _header(1);
        h.wordsHash = keccak256(abi.encodePacked(words));
        _send(h);
        skip(WINDOW);
        anchor.applyWords(h, words);
        _expectScore(0, 0, 1);
        _expectScore(16, -1, 1);
    }

    function test_words__when_others_or_older_or_too_early__then_refused() external {
        Header memory h = _publish(1);
        bytes32[] memory words = _words();
        vm.expectPartialRevert(IReliabilityAnchor.AnchorNotFinal.selector);
        anchor.applyWords(h, words);
        skip(SPACING);
        Header memory second = _publish(2);
        skip(WINDOW);
        words[1] = bytes32(0);
        vm.expectRevert(IReliabilityAnchor.AnchorWrongWords.selector);
        anchor.applyWords(h, words);
        anchor.applyWords(second, _words());
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorAlreadyApplied.selector, 1, 2));
        anchor.applyWords(h, _words());
    }

    function test_multicall__when_words_and_the_next_epoch_go_together__then_both_are_done() external {
        Header memory h = _publish(1);
        skip(WINDOW);
        Header memory next = _header(2);
        (bytes32 r, bytes32 vs) = _sign(next, reporterKey);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(anchor.applyWords, (h, _words()));
        calls[1] =
            abi.encodeCall(anchor.publishSigned, (2, next.root, next.bundleHash, next.wordsHash, r, vs));
        anchor.multicall(calls);
        (uint64 latest, uint64 applied,,,) = _clock();
        assertEq(latest, 2);
        assertEq(applied, 1);
    }

    function test_list__when_twice_or_by_another__then_refused() external {
        _listAll(1);
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorAlreadyListed.selector, 0, DOMAIN));
        vm.prank(reporter);
        anchor.list(0, DOMAIN);
        vm.expectPartialRevert(NOT_REPORTER);
        anchor.list(1, DOMAIN);
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorNotListed.selector, 1, DOMAIN));
        anchor.indexOf(1, DOMAIN);
    }

    function test_terms__when_they_make_no_sense__then_not_deployed() external {
        for (uint256 i = 0; i < 7; ++i) {
            AnchorTerms memory t = _terms(0);
            if (i == 0) t.reporter = address(0);
            if (i == 1) t.window = 7;
            if (i == 2) t.answerWindow = 0;
            if (i == 3) t.courtWindow = 0;
            if (i == 4) t.slots = 15;
            if (i == 5) t.bond = 0;
            if (i == 6) t.challengeBond = 0;
            vm.expectPartialRevert(IReliabilityAnchor.AnchorTermsInvalid.selector);
            new ReliabilityAnchor(t, IVerificationRounds(address(told)), IValidationRegistry(address(told)));
        }
    }

    function _listAll(uint256 count) private {
        vm.startPrank(reporter);
        for (uint256 i = 0; i < count; ++i) {
            assertEq(anchor.list(i, DOMAIN), i);
        }
        vm.stopPrank();
    }

    function _expectScore(uint256 index, int16 expected, uint64 applied) private view {
        (int16 found, uint64 epoch) = anchor.scoreAt(index);
        assertEq(found, expected);
        assertEq(epoch, applied);
    }
}
