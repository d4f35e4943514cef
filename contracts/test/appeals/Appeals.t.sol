// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICourtRecord} from "../../src/interfaces/ICourtRecord.sol";
import {
    Phase,
    Round,
    Seat,
    SeatState,
    SignedCommitment,
    Verdict
} from "../../src/interfaces/IVerificationRounds.sol";
import {AppealSetup} from "./AppealSetup.sol";

/// @dev From one level to the next, who sits there, and who gets whose money in the end.
contract AppealsTest is AppealSetup {
    uint256 private constant FEE = 0.01 ether; // of a seat
    uint256 private constant BOND = 0.03 ether;
    uint256 private constant OVERTURNED = 0.25 ether; // half of a seat's lock

    // ------------------------------------------------------------------ when

    /// forge-config: deep.fuzz.runs = 5000
    function testFuzz_appeal__when_each_check_fails__then_refused_in_order(uint96 sent) external {
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundUnknown.selector, bytes32("none")));
        rounds.appeal("none");
        bytes32 h = _submit(fuzzyId, "task");
        _expectWrongPhase(h, Phase.Drawing);
        _draw(h);
        _expectWrongPhase(h, Phase.Committing);
        _vote(h, 0, 0);
        _assertPhase(h, Phase.Appealing);
        (uint256 fees, uint256 bond) = rounds.appealCost(h);
        assertEq(fees, 7 * FEE);
        assertEq(bond, BOND);
        vm.assume(sent != fees + bond);
        vm.deal(address(this), sent);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundFeeMismatch.selector, sent, fees + bond));
        rounds.appeal{value: sent}(h);
        _closeWindow(h);
        _expectWrongPhase(h, Phase.Publishing);
    }

    function test_advance__when_the_window_is_open__then_refused() external {
        bytes32 h = _submit(fuzzyId, "task");
        _decide(h, 0, FAR);
        uint256 closesAt = rounds.round(h).appealClosesAt;
        assertEq(closesAt, block.timestamp + WINDOW);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundWindowOpen.selector, h, closesAt));
        rounds.advance(h);
        vm.warp(closesAt);
        _assertPhase(h, Phase.Tallying);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        _assertClosed(h);
    }

    /// @dev The bytes stay sealed while anybody may appeal, so that the next level is as blind as the first.
    function test_publish__when_it_may_be_appealed__then_refused_until_the_window_is_over() external {
        bytes32 h = _submit(fuzzyId, "task");
        _decide(h, 0, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICourtRecord.RoundWrongPhase.selector, h, Phase.Appealing, Phase.Publishing
            )
        );
        vm.prank(provider.owner);
        rounds.publish(h, "task", OUTPUT, OUTPUT_SALT);
        _closeWindow(h);
        assertEq(rounds.round(h).publishClosesAt, block.timestamp + profile.publishWindow);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        _assertClosed(h);
    }

    /// @dev A seat that stayed away below cannot bind itself there while the committee above does; and the window
    /// above ends with its own last one.
    function test_commit__when_a_level_above_is_committing__then_not_below_and_that_ends_by_itself()
        external
    {
        bytes32 h = _submit(fuzzyId, "task");
        _draw(h);
        uint256 absent = _agentIn(h, 2);
        _commit(h, PROVIDER_SEAT, 0);
        for (uint8 seat = 0; seat < 2; ++seat) {
            _commit(h, seat, 0);
        }
        vm.warp(rounds.round(h).commitClosesAt);
        for (uint8 seat = 0; seat < 2; ++seat) {
            _open(h, seat, 0);
        }
        _open(h, PROVIDER_SEAT, 0);
        _advance(h);
        _appeal(h);
        _draw(h);
        _assertPhase(h, Phase.Committing);
        vm.startPrank(_ownerOf(absent));
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.LevelUnknown.selector, h, 0));
        rounds.commit(h, 0, 2, "late");
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.LevelUnknown.selector, h, 0));
        rounds.commitMany(h, 0, new SignedCommitment[](0));
        vm.stopPrank();
        _commit(h, PROVIDER_SEAT, 0);
        for (uint8 seat = 0; seat < 7; ++seat) {
            _assertPhase(h, Phase.Committing);
            _commit(h, seat, 0);
        }
        _assertPhase(h, Phase.Opening);
        assertEq(rounds.round(h).openClosesAt, block.timestamp + profile.openWindow);
        assertEq(uint8(rounds.seatsAt(h, 0)[2].state), uint8(SeatState.Drawn));
    }

    // ------------------------------------------------------------------ who sits

    function test_appeal__when_to_the_top__then_each_level_is_disjoint_and_the_last_word_is_there() external {
        for (uint256 i = 12; i < 60; ++i) {
            Agent memory agent = _register(string.concat("more", vm.toString(i)));
            verifiers.push(agent);
            _stake(agent, 2 ether + i * 1 ether);
            _enrol(agent, fuzzyId);
        }
        skip(EPOCH);
        bytes32 h = _submit(fuzzyId, "task");
        _decide(h, 0, 0);
        uint256[4] memory sizes = [uint256(3), 7, 15, 31];
        bytes32[] memory keys = new bytes32[](4);
        keys[0] = rounds.round(h).key;
        for (uint8 level = 1; level < 4; ++level) {
            _appeal(h);
            Round memory r = rounds.round(h);
            assertEq(r.level, level);
            _assertPhase(h, Phase.Drawing);
            assertEq(r.entropyBlock, block.number + 2);
            _decide(h, 0, level % 2 == 1 ? FAR : bytes32(0));
            r = rounds.round(h);
            keys[level] = r.key;
            assertEq(r.seatCount, sizes[level]);
            assertEq(r.quorum, sizes[level] / 2 + 1);
        }
        // Nobody sat twice, and no key came twice.
        bool[61] memory sat;
        for (uint8 level = 0; level < 4; ++level) {
            for (uint8 other = 0; other < level; ++other) {
                assertNotEq(keys[level], keys[other]);
            }
            Seat[] memory seats = rounds.seatsAt(h, level);
            for (uint256 i = 0; i < seats.length; ++i) {
                assertFalse(sat[seats[i].agentId]);
                sat[seats[i].agentId] = true;
            }
        }
        // No committee could be larger, so the last level's verdict is final at once.
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        _assertClosed(h);
        // Accepted, Rejected, Accepted, and at last Rejected: the first and the third were wrong. The bond of
        // the second appeal, against the right verdict, is lost; the other two return with what was left.
        uint256 left = (3 + 15) * FEE + 2 * BOND;
        assertEq(rounds.creditOf(appellant), left);
        assertEq(rounds.burned(), BOND);
    }

    /// @dev An operator that sat does not come again through another agent.
    function test_appeal__when_a_seat_enrols_another_agent__then_it_is_not_drawn() external {
        bytes32 h = _submit(fuzzyId, "task");
        _decide(h, 0, 0);
        uint256 sat = rounds.seats(h)[0].agentId;
        Agent memory holder = verifiers[sat - provider.id - 1];
        vm.startPrank(holder.owner);
        vault.unenrol(sat, fuzzyId);
        uint256 second = identity.register();
        vm.deal(holder.owner, 10_000 ether);
        vault.stake{value: 10_000 ether}(second);
        vault.enrol(second, fuzzyId);
        vm.stopPrank();
        skip(EPOCH - (block.timestamp % EPOCH));
        _appeal(h);
        _draw(h);
        Seat[] memory seats = rounds.seats(h);
        assertEq(seats.length, 7);
        for (uint256 i = 0; i < seats.length; ++i) {
            assertNotEq(seats[i].agentId, second);
        }
    }

    function test_draw__when_too_few_are_left__then_the_appeal_is_paid_back_and_the_verdict_stands()
        external
    {
        bytes32 accepted = _submit(fuzzyId, "one");
        _decide(accepted, 0, 0);
        bytes32 rejected = _submit(fuzzyId, "two");
        _decide(rejected, 0, FAR);
        for (uint256 i = 0; i < 9; ++i) {
            exams.fail(verifiers[i].id, true);
        }
        _appeal(accepted);
        _appeal(rejected);
        uint256 paid = address(rounds).balance;
        vm.roll(rounds.round(accepted).entropyBlock + 1);
        vm.expectEmit();
        emit ICourtRecord.AppealVoid(accepted, 1);
        rounds.draw(accepted);
        vm.roll(rounds.round(rejected).entropyBlock + 1);
        vm.prank(keeper);
        rounds.draw(rejected);
        assertEq(rounds.creditOf(appellant), 2 * (7 * FEE + BOND));
        assertEq(address(rounds).balance, paid);
        assertEq(rounds.round(accepted).level, 0);
        _assertPhase(accepted, Phase.Publishing);
        assertEq(rounds.round(accepted).publishClosesAt, block.timestamp + profile.publishWindow);
        _publish(accepted, OUTPUT);
        _assertVerdict(accepted, Verdict.Accepted, "vni:ok", 100);
        _assertVerdict(rejected, Verdict.Rejected, "vni:ok", 0);
        _assertClosed(accepted);
    }

    // ------------------------------------------------------------------ who gets what

    function test_overturned__when_accepted_wrongly__then_slashed_and_the_appellant_has_the_rest() external {
        bytes32 h = _submit(fuzzyId, "task");
        _decide(h, 0, 0);
        _appeal(h);
        _decide(h, 0, FAR);
        _closeWindow(h);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        _assertClosed(h);
        assertEq(rounds.creditOf(appellant), 3 * FEE + BOND);
        assertEq(rounds.burned(), 0);
        _assertSeats(h, 0, 0, OVERTURNED);
        _assertSeats(h, 1, FEE, 0);
        assertEq(vault.burned(), 3 * OVERTURNED + 1 ether);
        for (uint256 i = 0; i < 3; ++i) {
            uint256 agentId = rounds.seatsAt(h, 0)[i].agentId;
            assertEq(ledger.scoreOf(agentId, _domain(fuzzyId, "verifier")).beta, 1e9);
        }
    }

    function test_overturned__when_rejected_wrongly_and_the_contract_saw_it__then_slashed() external {
        bytes32 h = _submit(exactId, "task");
        _draw(h);
        _vote(h, _claimOf(h, OUTPUT), _claimOf(h, "another"));
        _appeal(h);
        _draw(h);
        _vote(h, _claimOf(h, OUTPUT), _claimOf(h, OUTPUT));
        _closeWindow(h);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        _assertClosed(h);
        assertEq(rounds.creditOf(appellant), 3 * FEE + BOND);
        _assertSeats(h, 0, 0, OVERTURNED);
        _assertSeats(h, 1, FEE, 0);
    }

    function test_upheld__then_the_bond_is_lost_and_both_majorities_are_paid() external {
        bytes32 h = _submit(fuzzyId, "task");
        _decide(h, 0, 0);
        _appeal(h);
        _decide(h, 0, 0);
        _closeWindow(h);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        _assertClosed(h);
        assertEq(rounds.creditOf(appellant), 0);
        assertEq(rounds.burned(), BOND);
        _assertSeats(h, 0, FEE, 0);
        _assertSeats(h, 1, FEE, 0);
    }

    function test_inconclusive__when_appealed_and_decided__then_the_appellant_has_the_rest() external {
        bytes32 h = _submit(fuzzyId, "task");
        _split(h, 0);
        _assertPhase(h, Phase.Appealing);
        _appeal(h);
        _decide(h, 0, 0);
        _closeWindow(h);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        _assertClosed(h);
        assertEq(rounds.creditOf(appellant), 3 * FEE + BOND);
        _assertSeats(h, 0, 0, 0);
        _assertSeats(h, 1, FEE, 0);
    }

    function test_expired__when_appealed_and_decided__then_each_pays_for_one_level() external {
        bytes32 h = _submit(fuzzyId, "task");
        _lapse(h);
        _assertPhase(h, Phase.Appealing);
        _appeal(h);
        _decide(h, 0, 0);
        _closeWindow(h);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        _assertClosed(h);
        assertEq(rounds.creditOf(client), 3 * FEE);
        assertEq(rounds.creditOf(appellant), BOND);
    }

    function test_expired__when_the_appeal_has_no_quorum__then_all_of_it_returns() external {
        bytes32 h = _submit(fuzzyId, "task");
        _decide(h, 0, FAR);
        _appeal(h);
        _lapse(h);
        _closeWindow(h);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        _assertClosed(h);
        assertEq(rounds.creditOf(appellant), 7 * FEE + BOND);
        _assertSeats(h, 0, FEE, 0);
        _assertSeats(h, 1, 0, 0.05 ether);
    }

    function test_expired__when_at_every_level__then_all_pay_nothing() external {
        bytes32 h = _submit(fuzzyId, "task");
        _lapse(h);
        _appeal(h);
        _lapse(h);
        _closeWindow(h);
        _advance(h);
        _assertVerdict(h, Verdict.Expired, "vni:timeout", 0);
        _assertClosed(h);
        assertEq(rounds.creditOf(client), 3 * FEE);
        assertEq(rounds.creditOf(appellant), 7 * FEE + BOND);
    }

    /// @dev A provider that is silent at the second level loses its bond; those who had agreed with it at
    /// the first were not wrong, and are paid.
    function test_overturned__when_the_provider_was_silent__then_its_first_committee_is_paid() external {
        bytes32 h = _submit(fuzzyId, "task");
        _decide(h, 0, 0);
        _appeal(h);
        _draw(h);
        for (uint8 seat = 0; seat < 7; ++seat) {
            _commit(h, seat, 0);
        }
        vm.warp(rounds.round(h).commitClosesAt);
        for (uint8 seat = 0; seat < 7; ++seat) {
            _open(h, seat, 0);
        }
        _advance(h);
        _closeWindow(h);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        _assertClosed(h);
        _assertSeats(h, 0, FEE, 0);
        assertEq(rounds.creditOf(appellant), BOND);
    }

    /// @dev A provider that was silent at the first level and claims at the second: those who had rejected
    /// its silence were not wrong, and are paid.
    function test_overturned__when_the_provider_was_silent_at_first__then_its_committee_is_paid() external {
        bytes32 h = _submit(fuzzyId, "task");
        _draw(h);
        for (uint8 seat = 0; seat < 3; ++seat) {
            _commit(h, seat, 0);
        }
        vm.warp(rounds.round(h).commitClosesAt);
        for (uint8 seat = 0; seat < 3; ++seat) {
            _open(h, seat, 0);
        }
        _advance(h);
        _appeal(h);
        _decide(h, 0, 0);
        _closeWindow(h);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        _assertClosed(h);
        _assertSeats(h, 0, FEE, 0);
        assertEq(rounds.creditOf(appellant), BOND);
    }

    // ------------------------------------------------------------------ the vault's end

    function test_halt__when_a_round_waits_for_its_draw__then_its_fee_returns() external {
        bytes32 h = _submit(fuzzyId, "task");
        vm.expectRevert(
            abi.encodeWithSelector(ICourtRecord.RoundWrongPhase.selector, h, Phase.Drawing, Phase.Tallying)
        );
        rounds.advance(h);
        vm.prank(guardian);
        vault.halt();
        _advance(h);
        _assertVerdict(h, Verdict.Expired, "vni:timeout", 0);
        assertEq(rounds.creditOf(client), 3 * FEE);
    }

    function test_halt__when_an_appeal_waits_for_its_draw__then_paid_back_and_the_verdict_stands() external {
        bytes32 h = _submit(fuzzyId, "task");
        _decide(h, 0, FAR);
        _appeal(h);
        vm.prank(guardian);
        vault.halt();
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        assertEq(rounds.creditOf(appellant), 7 * FEE + BOND);
    }

    // ------------------------------------------------------------------ helpers

    function _expectWrongPhase(bytes32 h, Phase actual) private {
        vm.expectRevert(
            abi.encodeWithSelector(ICourtRecord.RoundWrongPhase.selector, h, actual, Phase.Appealing)
        );
        rounds.appeal(h);
    }
}
