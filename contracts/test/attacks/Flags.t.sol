// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Profile} from "../../src/interfaces/IProfileRegistry.sol";
import {IValidationNetwork} from "../../src/interfaces/IValidationNetwork.sol";
import {FlagKind, Phase, Verdict} from "../../src/interfaces/IVerificationRounds.sol";
import {FlagSetup} from "../flags/FlagSetup.sol";

/// @dev Attacks on what was published, and with flags on it. Three seats, then seven.
contract FlagAttacksTest is FlagSetup {
    function _verifierCount() internal pure override returns (uint256) {
        return 30;
    }

    function _profile() internal pure override returns (Profile memory p) {
        p = super._profile();
        p.appealWindow = uint32(WINDOW);
    }

    /// @dev A competitor flags what is there and right, whatever it calls the fault: the bond is gone, the provider
    /// has what it would have had, and it was held up for one vote at most. Every kind, and every seat.
    function test_false_flag__when_what_was_published_is_right__then_only_the_flagger_loses() external {
        bytes32 h = _published();
        for (uint8 i = 0; i < 9; ++i) {
            uint256 published = vm.snapshotState();
            _flagFalsely(h, FlagKind(i / 3), i % 3);
            vm.revertToState(published);
        }
    }

    /// @dev A friend of the flagger's sits there: one seat is no quorum.
    function _flagFalsely(bytes32 h, FlagKind kind, uint8 friend) private {
        uint256 latest = block.timestamp + 2 * FLAGS;
        _flag(h, kind);
        _say(h, friend, true);
        _say(h, (friend + 1) % 3, false);
        _say(h, (friend + 2) % 3, false);
        _advance(h);
        assertLe(block.timestamp, latest);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        assertEq(rounds.creditOf(flagger), 0);
        assertEq(_stakeOf(provider.id), 10 ether);
        assertEq(ledger.scoreOf(provider.id, _domain(fuzzyId, "provider")).alpha, 1e9);
        // All the votes together earn a quarter of the bond: a flagger with every seat is still out of pocket.
        assertLe(3 * VOTE, BOND / 4);
        _assertPaid(h);
    }

    /// @dev Nobody votes: a flag cannot hold up a round for longer than its windows, nor undo it.
    function test_false_flag__when_the_committee_sleeps__then_accepted_after_one_window() external {
        bytes32 h = _published();
        skip(FLAGS - 1);
        _flag(h, FlagKind.Unavailable);
        assertEq(rounds.flagOf(h).closesAt, block.timestamp + FLAGS);
        _lapseFlags(h);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        _assertPaid(h);
    }

    /// @dev The provider's friend flags first, for the wrong reason, so that nobody else can: a flag's name does not
    /// bind the committee, and being one's own accuser returns a quarter of what is lost.
    function test_false_flag__when_a_friend_of_the_provider_flags_first__then_the_fault_is_found_all_the_same()
        external
    {
        bytes32 h = _published();
        _flag(h, FlagKind.Mismatch);
        _say(h, 0, true);
        _say(h, 1, true);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        assertEq(rounds.creditOf(flagger), BOND - 2 * VOTE + BOND);
        assertLt(rounds.creditOf(flagger) - BOND, LOST / 4);
        assertEq(_stakeOf(provider.id), 10 ether - LOST);
        _assertPaid(h);
    }

    /// @dev Copying the first vote earns what a vote of one's own does, right or wrong.
    function test_false_flag__when_a_seat_copies_another__then_it_earns_nothing_by_that() external {
        bytes32 h = _published();
        _flag(h, FlagKind.Claim);
        _say(h, 0, false);
        uint256 first = rounds.creditOf(_ownerOf(_agentIn(h, 0)));
        _say(h, 1, true);
        assertEq(rounds.creditOf(_ownerOf(_agentIn(h, 1))), first);
        _say(h, 2, false);
        assertEq(rounds.creditOf(_ownerOf(_agentIn(h, 2))), first);
        _advance(h);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
    }

    /// @dev The committee that accepted votes, not one of an appeal that came to nothing.
    function test_false_flag__when_the_last_level_found_no_quorum__then_the_level_that_accepted_votes()
        external
    {
        bytes32 h = _submit(fuzzyId, "task");
        _decide(h, 0, 0);
        _appeal(h);
        _lapse(h);
        _closeWindow(h);
        _refer(h);
        _flag(h, FlagKind.Unavailable);
        assertEq(rounds.flagOf(h).level, 0);
        _say(h, 0, true);
        _say(h, 1, true);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        _assertPaid(h);
    }

    /// @dev A provider that was accepted twice publishes nothing: those who accepted it said what was so, and are
    /// neither slashed nor unpaid for how it ended.
    function test_selective_bytes__when_nothing_is_published_after_a_turn__then_no_majority_is_slashed()
        external
    {
        bytes32 h = _submit(fuzzyId, "task");
        _decide(h, 0, 0);
        _appeal(h);
        _decide(h, 0, FAR);
        _appeal(h);
        _decide(h, 0, 0);
        _closeWindow(h);
        _assertPhase(h, Phase.Publishing);
        vm.warp(rounds.round(h).publishClosesAt);
        // No seat says that: what the network answers is the contract's own finding.
        vm.expectEmit(address(rounds));
        emit IValidationNetwork.AttestationsAggregated(h, new address[](0), 0, 0);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        for (uint8 level = 0; level < 3; ++level) {
            _assertSeats(h, level, FEE, 0);
        }
        assertEq(_stakeOf(provider.id), 10 ether - LOST);
        _assertClosed(h);
    }

    /// @dev A flagger that holds, or buys, a quorum of the seats has what is right rejected: nobody can appeal against
    /// votes. It harms the provider, but what it gains is bounded by what it put up, not by what the provider
    /// loses: there is little to buy seats with.
    function test_bought_votes__when_a_quorum_is_the_flaggers__then_it_gains_no_more_than_its_bond()
        external
    {
        bytes32 h = _published();
        uint256 fees = _creditOfSeats(h);
        _flag(h, FlagKind.Claim);
        _say(h, 0, true);
        _say(h, 1, true);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        // The seats' fees were theirs in any case.
        uint256 gain = rounds.creditOf(flagger) - BOND + _creditOfSeats(h) - fees - 3 * FEE;
        assertEq(gain, BOND);
        assertLt(gain, LOST / 4);
        _assertPaid(h);
    }

    /// @dev What is published by reference the contract has not seen, in no family: a claim that is not the output's is
    /// found by whoever looks, and stands if nobody flags it.
    function test_false_claim__when_exact_bytes_are_published_by_reference__then_it_takes_a_flag_to_reject_it()
        external
    {
        bytes32 h = _falselyClaimed("flagged");
        _flag(h, FlagKind.Claim);
        _say(h, 0, true);
        _say(h, 1, true);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        h = _falselyClaimed("not flagged");
        _lapseFlags(h);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
    }

    function _falselyClaimed(bytes32 task) private returns (bytes32 h) {
        h = _submit(exactId, task);
        bytes32 claim = keccak256("what the committee makes of it");
        _decide(h, claim, claim);
        _closeWindow(h);
        vm.prank(provider.owner);
        rounds.publishByReference(h, task, keccak256(OUTPUT), OUTPUT_SALT, URI);
    }

    function _creditOfSeats(bytes32 h) private view returns (uint256 sum) {
        for (uint8 seat = 0; seat < 3; ++seat) {
            sum += rounds.creditOf(_ownerOf(_agentIn(h, seat)));
        }
    }

    function _published() private returns (bytes32 h) {
        h = _submit(fuzzyId, "task");
        _decide(h, 0, 0);
        _closeWindow(h);
        _refer(h);
    }
}
