// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Header, IReliabilityAnchor} from "../../src/interfaces/IReliabilityAnchor.sol";
import {Receipt as Work} from "../../src/interfaces/IVerificationRounds.sol";
import {Wallet} from "../support/Mocks.sol";
import {AnchorSetup} from "./AnchorSetup.sol";

/// @dev Challenges, with a court that answers what it is told to.
contract DisputesTest is AnchorSetup {
    uint256 private constant PART = BOND / 4;

    function test_bundle_withheld__when_the_challenge_is_not_answered__then_slashed_and_rolled_back()
        external
    {
        Header memory h = _publish(1);
        _challenge(h);
        vm.expectPartialRevert(IReliabilityAnchor.AnchorUndecided.selector);
        anchor.settleUnproven();
        skip(ANSWER);
        anchor.settleUnproven();
        _expectSlashed(h);
    }

    function test_bundle_withheld__when_the_committee_rejects__then_slashed_and_rolled_back() external {
        Header memory h = _publish(1);
        _challenge(h);
        told.tell(_answer(h, _transcript(h.root)), 0, "vni:ok");
        anchor.settleUnproven();
        _expectSlashed(h);
    }

    function test_false_root__when_the_accepted_output_ends_with_another__then_slashed() external {
        Header memory h = _publish(1);
        _challenge(h);
        bytes memory honest = _transcript(keccak256("the true root"));
        told.tell(_answer(h, honest), 100, "vni:ok");
        anchor.settle(SALT, honest);
        _expectSlashed(h);
    }

    function test_false_words__when_the_accepted_output_has_others__then_slashed() external {
        Header memory h = _publish(1);
        _challenge(h);
        bytes memory honest = abi.encodePacked("states", keccak256("other words"), h.root);
        told.tell(_answer(h, honest), 100, "vni:ok");
        anchor.settle(SALT, honest);
        _expectSlashed(h);
    }

    function test_short_output__when_it_cannot_hold_a_root__then_slashed() external {
        Header memory h = _publish(1);
        _challenge(h);
        bytes memory invalid = "assay/evidence/1: no root";
        told.tell(_answer(h, invalid), 100, "vni:ok");
        anchor.settle(SALT, invalid);
        _expectSlashed(h);
    }

    function test_true_root__when_challenged__then_upheld_and_the_challenger_pays() external {
        Header memory h = _publish(1);
        _challenge(h);
        bytes memory output = _transcript(h.root);
        told.tell(_answer(h, output), 100, "vni:ok");
        vm.expectRevert(IReliabilityAnchor.AnchorNotTheOutput.selector);
        anchor.settle(SALT, abi.encodePacked("x", output));
        anchor.settle(SALT, output);
        assertEq(anchor.creditOf(reporter), STAKE / 4);
        assertEq(anchor.creditOf(challenger), 0);
        assertEq(anchor.burned(), STAKE - STAKE / 4);
        skip(WINDOW);
        assertTrue(anchor.verifyScore(h, score, _proof()));
        _accounted();
    }

    function test_no_verdict__when_the_round_expired__then_rolled_back_and_nobody_slashed() external {
        Header memory h = _publish(1);
        _challenge(h);
        told.tell(_answer(h, _transcript(h.root)), 0, "vni:timeout");
        vm.expectPartialRevert(IReliabilityAnchor.AnchorUndecided.selector);
        anchor.settleUnproven();
        vm.expectPartialRevert(IReliabilityAnchor.AnchorUndecided.selector);
        anchor.settle(SALT, _transcript(h.root));
        skip(COURT);
        anchor.settleUnproven();
        assertEq(anchor.creditOf(challenger), STAKE);
        assertEq(anchor.burned(), 0);
        assertFalse(anchor.isFinal(h));
        skip(WINDOW);
        vm.expectPartialRevert(IReliabilityAnchor.AnchorUnknownEpoch.selector);
        anchor.verifyScore(h, score, _proof());
        _publish(2);
        _accounted();
    }

    function test_rollback__when_epochs_build_on_it__then_they_go_too_and_earlier_ones_stay() external {
        Header memory first = _publish(1);
        skip(SPACING);
        Header memory second = _publish(2);
        skip(SPACING);
        Header memory third = _publish(3);
        _challenge(second);
        skip(ANSWER);
        anchor.settleUnproven();
        skip(WINDOW);
        assertTrue(anchor.isFinal(first));
        assertFalse(anchor.isFinal(second));
        assertFalse(anchor.isFinal(third));
        vm.prank(reporter);
        anchor.deposit{value: BOND}();
        Header memory fourth = _publish(4);
        skip(WINDOW);
        assertTrue(anchor.isFinal(fourth));
    }

    function test_dispute__when_open__then_it_and_later_epochs_are_unreadable_and_none_is_published()
        external
    {
        Header memory first = _publish(1);
        skip(SPACING);
        Header memory second = _publish(2);
        skip(WINDOW - SPACING - 1);
        _challenge(first);
        skip(SPACING + 1);
        assertFalse(anchor.isFinal(second));
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorDisputed.selector, 2));
        anchor.verifyScore(second, score, _proof());
        Header memory h = _header(3);
        (bytes32 r, bytes32 vs) = _sign(h, reporterKey);
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorDisputed.selector, 3));
        anchor.publishSigned(3, h.root, h.bundleHash, h.wordsHash, r, vs);
        vm.prank(reporter);
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorDisputed.selector, 1));
        anchor.release();
    }

    /// @dev A friend challenges a true epoch so that nobody can challenge the false one after it in time.
    function test_shield__when_a_dispute_outlasts_the_next_window__then_the_next_can_still_be_challenged()
        external
    {
        Header memory first = _publish(1);
        skip(SPACING);
        Header memory second = _publish(2);
        skip(WINDOW - SPACING - 1);
        _challenge(first);
        bytes memory output = _transcript(first.root);
        bytes32 requestHash = _answer(first, output);
        skip(SPACING + 1); // the second's own window is over
        told.tell(requestHash, 100, "vni:ok");
        anchor.settle(SALT, output);
        assertTrue(anchor.isFinal(first));
        assertFalse(anchor.isFinal(second));
        _challenge(second);
        skip(ANSWER);
        anchor.settleUnproven();
        skip(WINDOW);
        assertFalse(anchor.isFinal(second));
        assertTrue(anchor.isFinal(first));
    }

    function test_challenge__when_late_or_unknown_or_unpaid_or_second__then_refused() external {
        Header memory h = _publish(1);
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorWrongBond.selector, 0, STAKE));
        anchor.challenge(h);
        Header memory other = _header(1);
        other.root = keccak256("another");
        vm.startPrank(challenger);
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorUnknownEpoch.selector, 1));
        anchor.challenge{value: STAKE}(other);
        vm.expectRevert(IReliabilityAnchor.AnchorNotDisputed.selector);
        anchor.settleUnproven();
        anchor.challenge{value: STAKE}(h);
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorDisputed.selector, 1));
        anchor.challenge{value: STAKE}(h);
        vm.stopPrank();
    }

    function test_challenge__when_the_window_is_over__then_refused() external {
        Header memory h = _publish(1);
        skip(WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorFinal.selector, 1, block.timestamp));
        vm.prank(challenger);
        anchor.challenge{value: STAKE}(h);
    }

    function test_answer__when_it_is_about_other_work_or_another_court__then_refused() external {
        Header memory h = _publish(1);
        Work memory receipt = _receipt(h, "x");
        vm.expectRevert(IReliabilityAnchor.AnchorNotDisputed.selector);
        anchor.answer(receipt, SALT);
        _challenge(h);
        for (uint256 i = 0; i < 4; ++i) {
            receipt = _receipt(h, "x");
            if (i == 0) receipt.agentId += 1;
            if (i == 1) receipt.profileId = keccak256("lenient");
            if (i == 2) receipt.taskHash = keccak256("easier");
            // 3: nobody asked the court.
            if (i != 3) told.tell(told.requestHashOf(receipt, SALT), 100, "vni:ok");
            vm.expectRevert(IReliabilityAnchor.AnchorWrongWork.selector);
            anchor.answer(receipt, SALT);
        }
        bytes32 requestHash = _answer(h, "x");
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorAnswered.selector, requestHash));
        anchor.answer(receipt, SALT);
    }

    function test_answer__when_too_late__then_refused() external {
        Header memory h = _publish(1);
        _challenge(h);
        skip(ANSWER);
        Work memory receipt = _receipt(h, "x");
        vm.expectRevert(abi.encodeWithSelector(IReliabilityAnchor.AnchorAnswerLate.selector, block.timestamp));
        anchor.answer(receipt, SALT);
    }

    /// @dev A challenger that takes no money keeps its credit.
    function test_withdraw__when_it_takes_no_money__then_still_owed() external {
        address closed = address(new Wallet());
        Header memory h = _publish(1);
        vm.deal(closed, STAKE);
        vm.prank(closed);
        anchor.challenge{value: STAKE}(h);
        skip(ANSWER);
        anchor.settleUnproven();
        uint256 owed = anchor.creditOf(closed);
        assertEq(owed, STAKE + BOND / 4);
        vm.expectRevert(
            abi.encodeWithSelector(IReliabilityAnchor.AnchorTransferFailed.selector, closed, owed)
        );
        vm.prank(closed);
        anchor.withdraw();
        assertEq(anchor.creditOf(closed), owed);
    }

    function test_withdraw__when_nothing_is_owed__then_refused_and_else_paid_once() external {
        vm.expectPartialRevert(IReliabilityAnchor.AnchorNothingOwed.selector);
        anchor.withdraw();
        Header memory h = _publish(1);
        _challenge(h);
        skip(ANSWER);
        anchor.settleUnproven();
        vm.startPrank(challenger);
        anchor.withdraw();
        assertEq(challenger.balance, 100 ether + PART);
        vm.expectPartialRevert(IReliabilityAnchor.AnchorNothingOwed.selector);
        anchor.withdraw();
        vm.stopPrank();
        _accounted();
    }

    function _expectSlashed(Header memory h) private {
        assertEq(anchor.creditOf(challenger), STAKE + PART);
        assertEq(anchor.burned(), BOND - PART);
        (,,, bool bonded, bool disputed) = _clock();
        assertFalse(bonded);
        assertFalse(disputed);
        _accounted();
        skip(WINDOW);
        assertFalse(anchor.isFinal(h));
        vm.expectPartialRevert(IReliabilityAnchor.AnchorUnknownEpoch.selector);
        anchor.verifyScore(h, score, _proof());
    }
}
