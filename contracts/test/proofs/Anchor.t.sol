// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReliabilityAnchor} from "../../src/ReliabilityAnchor.sol";
import {AnchorTerms, Header} from "../../src/interfaces/IReliabilityAnchor.sol";
import {IValidationRegistry} from "../../src/interfaces/IValidationRegistry.sol";
import {IVerificationRounds} from "../../src/interfaces/IVerificationRounds.sol";
import {ToldCourt} from "../anchor/AnchorSetup.sol";
import {Test} from "forge-std/Test.sol";

/// @dev Proved by halmos for every caller, amount and time: who publishes, what becomes of the bonds, and that
/// the anchor holds bonds + credits + burned after it as before. Epoch 1 is published, and the bond is there.
contract AnchorProof is Test {
    address private constant REPORTER = address(0xA11CE);
    address private constant CHALLENGER = address(0xC4A1);
    uint40 private constant START = 1_700_000_000;
    uint64 private constant WINDOW = 800;
    uint64 private constant ANSWER = 50;
    uint128 private constant BOND = 10 ether;
    uint96 private constant STAKE = 1 ether;

    ReliabilityAnchor private anchor;
    Header private first;

    function setUp() public {
        vm.warp(START);
        address told = address(new ToldCourt());
        AnchorTerms memory terms = AnchorTerms({
            agentId: 7,
            reporter: REPORTER,
            profileId: "exact",
            window: WINDOW,
            answerWindow: ANSWER,
            courtWindow: 60,
            slots: 0,
            bond: BOND,
            challengeBond: STAKE
        });
        anchor = new ReliabilityAnchor(terms, IVerificationRounds(told), IValidationRegistry(told));
        vm.deal(REPORTER, BOND);
        vm.startPrank(REPORTER);
        anchor.deposit{value: BOND}();
        anchor.publish(1, "root", "bundle", "words");
        vm.stopPrank();
        first = Header(1, START, "root", "bundle", "words");
    }

    function check_reporter_verbs__when_not_the_reporter__then_refused(
        address caller,
        uint64 epoch,
        bytes32 root,
        uint40 when
    ) external {
        vm.assume(caller != REPORTER);
        vm.warp(when);
        vm.startPrank(caller);
        (bool published,) = address(anchor).call(abi.encodeCall(anchor.publish, (epoch, root, root, root)));
        (bool listed,) = address(anchor).call(abi.encodeCall(anchor.list, (epoch, root)));
        (bool released,) = address(anchor).call(abi.encodeCall(anchor.release, ()));
        assert(!published && !listed && !released);
    }

    function check_publish__then_only_the_next_epoch_and_not_too_soon(uint64 epoch, bytes32 root, uint40 when)
        external
    {
        vm.assume(when >= START);
        vm.warp(when);
        vm.prank(REPORTER);
        (bool done,) = address(anchor).call(abi.encodeCall(anchor.publish, (epoch, root, root, root)));
        assert(done == (epoch == 2 && when >= START + WINDOW / 8));
        assert(anchor.clockOf().latest == (done ? 2 : 1));
    }

    function check_deposit__then_the_bond_once(address caller, uint96 amount, bool gone) external {
        vm.assume(caller != address(anchor));
        if (gone) _release(START + WINDOW);
        vm.deal(caller, amount);
        vm.prank(caller);
        (bool done,) = address(anchor).call{value: amount}(abi.encodeCall(anchor.deposit, ()));
        assert(done == (gone && amount == BOND));
        _assertBalanced(gone && !done ? 0 : BOND);
    }

    function check_release__then_after_the_window_and_once(uint40 when) external {
        vm.assume(when >= START);
        bool done = _release(when);
        assert(done == (when >= START + WINDOW));
        assert(!_release(when) || !done);
        assert(anchor.creditOf(REPORTER) == (done ? BOND : 0));
        _assertBalanced(done ? 0 : BOND);
    }

    function check_challenge__then_for_its_bond_and_within_the_window(uint96 amount, uint40 when) external {
        vm.assume(when >= START);
        vm.warp(when);
        bool done = _challenge(amount);
        assert(done == (amount == STAKE && when < START + WINDOW));
        // There is one dispute at a time, and while it lasts nothing moves.
        assert(!done || !_challenge(STAKE));
        _assertBalanced(BOND + (done ? STAKE : 0));
    }

    function check_dispute__when_it_lasts__then_nothing_is_published_or_released(uint64 epoch, uint40 when)
        external
    {
        assert(_challenge(STAKE));
        vm.warp(when);
        vm.prank(REPORTER);
        (bool published,) =
            address(anchor).call(abi.encodeCall(anchor.publish, (epoch, "root", "bundle", "words")));
        assert(!published && !_release(when));
        _assertBalanced(BOND + STAKE);
    }

    function check_settleUnproven__when_nobody_answered__then_the_bond_is_split_once(
        address caller,
        uint40 when
    ) external {
        assert(_challenge(STAKE));
        vm.warp(when);
        vm.startPrank(caller);
        (bool done,) = address(anchor).call(abi.encodeCall(anchor.settleUnproven, ()));
        (bool again,) = address(anchor).call(abi.encodeCall(anchor.settleUnproven, ()));
        vm.stopPrank();
        assert(done == (when >= START + ANSWER) && !again);
        assert(anchor.creditOf(CHALLENGER) == (done ? STAKE + BOND / 4 : 0));
        assert(anchor.burned() == (done ? BOND - BOND / 4 : 0));
        _assertBalanced(done ? 0 : BOND + STAKE);
        if (!done) return;
        assert(!anchor.clockOf().bonded && !_release(uint256(when) + WINDOW));
        assert(_withdraw(CHALLENGER) && CHALLENGER.balance == STAKE + BOND / 4);
        assert(!_withdraw(CHALLENGER) && !_withdraw(REPORTER));
        _assertBalanced(0);
    }

    function _challenge(uint96 amount) private returns (bool done) {
        vm.deal(CHALLENGER, amount);
        vm.prank(CHALLENGER);
        (done,) = address(anchor).call{value: amount}(abi.encodeCall(anchor.challenge, (first)));
        if (done) assert(CHALLENGER.balance == 0);
    }

    function _release(uint256 when) private returns (bool done) {
        vm.warp(when);
        vm.prank(REPORTER);
        (done,) = address(anchor).call(abi.encodeCall(anchor.release, ()));
    }

    function _withdraw(address account) private returns (bool done) {
        vm.prank(account);
        (done,) = address(anchor).call(abi.encodeCall(anchor.withdraw, ()));
    }

    function _assertBalanced(uint256 held) private view {
        uint256 owed = anchor.creditOf(REPORTER) + anchor.creditOf(CHALLENGER) + anchor.burned();
        assert(address(anchor).balance == held + owed);
    }
}
