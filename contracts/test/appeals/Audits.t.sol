// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICourtRecord} from "../../src/interfaces/ICourtRecord.sol";
import {Profile} from "../../src/interfaces/IProfileRegistry.sol";
import {Phase, Round, Verdict} from "../../src/interfaces/IVerificationRounds.sol";
import {AppealSetup} from "./AppealSetup.sol";

/// @dev The protocol's own appeals. Here each verdict is drawn for one, if there is money for it.
contract AuditsTest is AppealSetup {
    uint256 private constant FEE = 0.01 ether;

    function _profile() internal pure override returns (Profile memory p) {
        p = super._profile();
        p.auditBps = 10_000;
    }

    function test_audit__when_there_is_no_money_for_it__then_none() external {
        bytes32 h = _rejected("task", 0);
        assertEq(rounds.round(h).fee, (3 + 7) * FEE + 0.002 ether);
        _closeWindow(h);
        vm.roll(rounds.round(h).entropyBlock + 1);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        assertEq(rounds.burned(), 7 * FEE);
        _assertClosed(h);
    }

    function test_audit__when_drawn__then_the_premiums_pay_a_larger_committee() external {
        _fund();
        bytes32 h = _rejected("task", 0);
        _audited(h);
        assertEq(rounds.burned(), 0);
        Round memory r = rounds.round(h);
        assertEq(r.level, 1);
        assertEq(r.entropyBlock, block.number + 2);
        _decide(h, 0, FAR);
        _closeWindow(h);
        vm.roll(rounds.round(h).entropyBlock + 1);
        _advance(h); // no money for another
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        assertEq(rounds.burned(), 7 * FEE);
        _assertSeatsPaid(h);
    }

    function test_audit__when_it_decides_otherwise__then_slashed_and_nobody_gains() external {
        _fund();
        bytes32 h = _submit(fuzzyId, "task");
        _decide(h, 0, 0);
        _audited(h);
        _decide(h, 0, FAR);
        _closeWindow(h);
        vm.roll(rounds.round(h).entropyBlock + 1);
        _advance(h);
        uint256 burned = vault.burned();
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        assertEq(vault.burned() - burned, 3 * 0.25 ether);
        assertEq(rounds.burned(), (7 + 3) * FEE);
        assertEq(rounds.creditOf(appellant), 0);
    }

    function test_audit__when_nobody_can_be_drawn__then_its_fees_are_kept() external {
        _fund();
        bytes32 h = _rejected("task", 0);
        for (uint256 i = 0; i < 12; ++i) {
            exams.fail(verifiers[i].id, true);
        }
        _audited(h);
        _draw(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        assertEq(rounds.burned(), 2 * 7 * FEE);
    }

    /// @dev Neither who advances nor when decides whether there is an audit: a missed block is replaced by a rule.
    function test_audit__when_its_entropy_is_missed__then_postponed_by_rule() external {
        _fund();
        bytes32 h = _rejected("task", 0);
        _closeWindow(h);
        oracle.setDown(true);
        vm.roll(rounds.round(h).entropyBlock + 300);
        vm.expectEmit();
        emit ICourtRecord.DrawPostponed(h, block.number + 2);
        rounds.advance(h);
        oracle.setDown(false);
        vm.expectRevert(
            abi.encodeWithSelector(ICourtRecord.EntropyNotReady.selector, block.number + 2, block.number)
        );
        rounds.advance(h);
        vm.roll(block.number + 3);
        _advance(h);
        assertEq(rounds.round(h).level, 1);
    }

    /// @dev An accepted round waits for the lot before it is published, and an appeal takes the lot's place.
    function test_audit__when_accepted_or_appealed__then_decided_before_anything_is_published() external {
        bytes32 h = _submit(fuzzyId, "task");
        _decide(h, 0, 0);
        _closeWindow(h);
        _assertPhase(h, Phase.Tallying);
        vm.roll(rounds.round(h).entropyBlock + 1);
        _advance(h); // no money
        _assertPhase(h, Phase.Publishing);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        h = _rejected("other", 0);
        _appeal(h);
        _assertPhase(h, Phase.Drawing);
        assertEq(rounds.round(h).level, 1);
    }

    function test_expired__then_the_premium_returns() external {
        bytes32 h = _submit(fuzzyId, "task");
        _lapse(h);
        _closeWindow(h);
        _advance(h);
        _assertVerdict(h, Verdict.Expired, "vni:timeout", 0);
        assertEq(rounds.creditOf(client), (3 + 7) * FEE);
        assertEq(rounds.burned(), 0);
    }

    /// @dev A round whose premium is there for the next.
    function _fund() private {
        bytes32 h = _rejected("first", 0);
        _closeWindow(h);
        vm.roll(rounds.round(h).entropyBlock + 1);
        _advance(h);
        _settle(h);
        assertEq(rounds.burned(), 7 * FEE);
        assertEq(uint8(rounds.phaseOf(h)), uint8(Phase.Final));
    }

    function _rejected(bytes32 task, bytes32 claim) private returns (bytes32 h) {
        h = _submit(fuzzyId, task);
        _decide(h, claim, FAR);
    }

    function _audited(bytes32 h) private {
        _closeWindow(h);
        _assertPhase(h, Phase.Tallying);
        vm.roll(rounds.round(h).entropyBlock + 1);
        _advance(h);
        _assertPhase(h, Phase.Drawing);
    }

    function _assertSeatsPaid(bytes32 h) private view {
        for (uint8 level = 0; level < 2; ++level) {
            for (uint256 i = 0; i < rounds.seatsAt(h, level).length; ++i) {
                uint256 agentId = rounds.seatsAt(h, level)[i].agentId;
                assertGe(rounds.creditOf(_ownerOf(agentId)), FEE);
            }
        }
    }
}
