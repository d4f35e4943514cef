// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICourtRecord} from "../../src/interfaces/ICourtRecord.sol";
import {Flag, FlagKind, Phase, Verdict} from "../../src/interfaces/IVerificationRounds.sol";
import {FlagSetup} from "./FlagSetup.sol";

/// @dev What was published and can be flagged: who may do what until when, and what follows.
contract FlagsTest is FlagSetup {
    // ------------------------------------------------------------------ publishing

    function test_publishByReference__when_nobody_flags__then_accepted() external {
        bytes32 h = _accepted(exactId);
        vm.expectEmit(address(rounds));
        emit ICourtRecord.OutputReferenced(h, keccak256(OUTPUT), OUTPUT_SALT, URI);
        vm.expectEmit(address(rounds));
        emit ICourtRecord.FlagsOpened(h, block.timestamp + FLAGS);
        _refer(h);
        _assertPhase(h, Phase.Flagging);
        Flag memory f = rounds.flagOf(h);
        assertEq(f.flagger, address(0));
        assertEq(f.closesAt, block.timestamp + FLAGS);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundWindowOpen.selector, h, f.closesAt));
        rounds.advance(h);
        _lapseFlags(h);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        _assertPaid(h);
        assertEq(rounds.creditOf(keeper), 0.002 ether);
    }

    function test_publishByReference__when_a_check_fails__then_refused_in_order() external {
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundUnknown.selector, bytes32("none")));
        rounds.publishByReference("none", "task", keccak256(OUTPUT), OUTPUT_SALT, URI);
        bytes32 h = _accepted(fuzzyId);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.OutputNotProvider.selector, 0, address(this)));
        rounds.publishByReference(h, "task", keccak256(OUTPUT), OUTPUT_SALT, URI);
        vm.startPrank(provider.owner);
        bytes32 other = keccak256(abi.encode(OUTPUT_SALT, keccak256("other")));
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.OutputHashMismatch.selector, h, other));
        rounds.publishByReference(h, "task", keccak256("other"), OUTPUT_SALT, URI);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.OutputURIInvalid.selector, 0, 2048));
        rounds.publishByReference(h, "task", keccak256(OUTPUT), OUTPUT_SALT, "");
        string memory long = string(new bytes(2049));
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.OutputURIInvalid.selector, 2049, 2048));
        rounds.publishByReference(h, "task", keccak256(OUTPUT), OUTPUT_SALT, long);
        uint256 closesAt = rounds.round(h).publishClosesAt;
        vm.warp(closesAt);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundWindowClosed.selector, h, closesAt));
        rounds.publishByReference(h, "task", keccak256(OUTPUT), OUTPUT_SALT, URI);
    }

    /// @dev What the contract digests itself needs nobody's eyes.
    function test_publish__when_the_family_is_exact__then_final_at_once() external {
        bytes32 h = _accepted(exactId);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        _assertPaid(h);
    }

    function test_publish__when_the_family_is_not_exact__then_it_can_be_flagged() external {
        bytes32 h = _accepted(fuzzyId);
        _publish(h, OUTPUT);
        _assertPhase(h, Phase.Flagging);
        vm.expectRevert(
            abi.encodeWithSelector(ICourtRecord.RoundWrongPhase.selector, h, Phase.Flagging, Phase.Publishing)
        );
        vm.prank(provider.owner);
        rounds.publish(h, "task", OUTPUT, OUTPUT_SALT);
        _lapseFlags(h);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        _assertPaid(h);
    }

    // ------------------------------------------------------------------ flagging

    /// forge-config: deep.fuzz.runs = 5000
    function testFuzz_flag__when_a_check_fails__then_refused_in_order(uint96 sent) external {
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundUnknown.selector, bytes32("none")));
        rounds.flag("none", FlagKind.Claim);
        bytes32 h = _accepted(fuzzyId);
        vm.expectRevert(
            abi.encodeWithSelector(ICourtRecord.RoundWrongPhase.selector, h, Phase.Publishing, Phase.Flagging)
        );
        rounds.flag(h, FlagKind.Claim);
        _refer(h);
        vm.assume(sent != BOND);
        vm.deal(address(this), sent);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundFeeMismatch.selector, sent, BOND));
        rounds.flag{value: sent}(h, FlagKind.Claim);
        uint256 closesAt = rounds.flagOf(h).closesAt;
        vm.warp(closesAt);
        vm.deal(address(this), BOND);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundWindowClosed.selector, h, closesAt));
        rounds.flag{value: BOND}(h, FlagKind.Claim);
    }

    function test_flag__when_there_is_one_already__then_refused() external {
        bytes32 h = _referenced(fuzzyId);
        vm.expectEmit(address(rounds));
        emit ICourtRecord.Flagged(h, flagger, FlagKind.Mismatch, 0, BOND, block.timestamp + FLAGS);
        _flag(h, FlagKind.Mismatch);
        _assertPhase(h, Phase.Voting);
        vm.deal(address(this), BOND);
        vm.expectRevert(
            abi.encodeWithSelector(ICourtRecord.RoundWrongPhase.selector, h, Phase.Voting, Phase.Flagging)
        );
        rounds.flag{value: BOND}(h, FlagKind.Claim);
    }

    function test_vote__when_a_check_fails__then_refused_in_order() external {
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundUnknown.selector, bytes32("none")));
        rounds.vote("none", 0, true);
        bytes32 h = _referenced(fuzzyId);
        vm.expectRevert(
            abi.encodeWithSelector(ICourtRecord.RoundWrongPhase.selector, h, Phase.Flagging, Phase.Voting)
        );
        rounds.vote(h, 0, true);
        _flag(h, FlagKind.Unavailable);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.SeatUnknown.selector, h, 3));
        rounds.vote(h, 3, true);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.SeatUnknown.selector, h, 255));
        rounds.vote(h, 255, true);
        uint256 agentId = _agentIn(h, 1);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.SeatNotOperator.selector, agentId, address(this)));
        rounds.vote(h, 1, true);
        _say(h, 1, true);
        vm.prank(_ownerOf(agentId));
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.SeatAlreadyVoted.selector, h, 1));
        rounds.vote(h, 1, false);
        uint256 closesAt = rounds.flagOf(h).closesAt;
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundWindowOpen.selector, h, closesAt));
        rounds.advance(h);
        vm.warp(closesAt);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundWindowClosed.selector, h, closesAt));
        rounds.vote(h, 0, true);
    }

    // ------------------------------------------------------------------ what follows

    function test_vote__when_a_quorum_finds_a_fault__then_rejected_and_the_flagger_is_paid() external {
        bytes32 h = _referenced(fuzzyId);
        _flag(h, FlagKind.Unavailable);
        _say(h, 2, true);
        assertEq(rounds.creditOf(_ownerOf(_agentIn(h, 2))), VOTE);
        _say(h, 0, true);
        vm.expectEmit(address(rounds));
        emit ICourtRecord.FlagClosed(h, true, BOND - 2 * VOTE);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        assertEq(rounds.creditOf(flagger), BOND - 2 * VOTE + BOND);
        assertEq(vault.burned(), LOST - BOND);
        assertEq(_stakeOf(provider.id), 9 ether);
        // The committee said what it was asked about the claim: it is paid for that as ever.
        for (uint8 seat = 0; seat < 3; ++seat) {
            assertEq(rounds.creditOf(_ownerOf(_agentIn(h, seat))), FEE + (seat == 1 ? 0 : VOTE));
        }
        assertEq(ledger.scoreOf(provider.id, _domain(fuzzyId, "provider")).beta, 1e9);
        _assertPaid(h);
    }

    function test_vote__when_no_quorum_can_find_a_fault_any_more__then_accepted_at_once() external {
        bytes32 h = _referenced(fuzzyId);
        _flag(h, FlagKind.Claim);
        _say(h, 0, true);
        _say(h, 1, false);
        vm.expectRevert(
            abi.encodeWithSelector(ICourtRecord.RoundWindowOpen.selector, h, rounds.flagOf(h).closesAt)
        );
        rounds.advance(h);
        _say(h, 2, false);
        _advance(h);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        assertEq(rounds.creditOf(flagger), 0);
        assertEq(rounds.burned(), BOND - 3 * VOTE);
        Flag memory f = rounds.flagOf(h);
        assertEq(f.flagger, flagger);
        assertEq(f.faulty, 1);
        assertEq(f.sound, 6);
        _assertPaid(h);
    }

    function test_advance__when_too_few_voted__then_accepted_and_the_bond_returns() external {
        bytes32 h = _referenced(fuzzyId);
        _flag(h, FlagKind.Claim);
        uint256 flagged = vm.snapshotState();
        _endWithTooFew(h, false, false);
        vm.revertToState(flagged);
        flagged = vm.snapshotState();
        _endWithTooFew(h, true, false);
        vm.revertToState(flagged);
        _endWithTooFew(h, true, true);
    }

    function _endWithTooFew(bytes32 h, bool votes, bool faulty) private {
        if (votes) _say(h, 1, faulty);
        _lapseFlags(h);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        assertEq(rounds.creditOf(flagger), votes ? BOND - VOTE : BOND);
        assertEq(rounds.burned(), 0);
        _assertPaid(h);
    }

    /// @dev What a period's cap keeps for later pays nobody now, and the flag is upheld all the same.
    function test_vote__when_the_vault_is_halted__then_rejected_without_a_reward() external {
        bytes32 h = _referenced(fuzzyId);
        _flag(h, FlagKind.Unavailable);
        vm.prank(guardian);
        vault.halt();
        _say(h, 0, true);
        _say(h, 1, true);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        assertEq(rounds.creditOf(flagger), BOND - 2 * VOTE);
        assertEq(_stakeOf(provider.id), 10 ether);
    }

    function test_receive__when_it_is_not_the_vault__then_refused() external {
        vm.deal(address(this), 1 ether);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundNotVault.selector, address(this)));
        (bool sent,) = address(rounds).call{value: 1 ether}("");
        assertTrue(sent); // that the call reverted is what was expected
    }
}
