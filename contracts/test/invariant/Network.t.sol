// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Actors} from "./Actors.sol";
import {Test} from "forge-std/Test.sol";

/// @dev What is true of the whole network, whatever anybody does in whatever order.
contract NetworkInvariants is Test {
    Actors private actors;

    function setUp() external {
        actors = new Actors();
        actors.setUp();
        bytes4[] memory acts = new bytes4[](16);
        (acts[0], acts[1], acts[2]) =
        (actors.stake.selector, actors.requestUnstake.selector, actors.wait.selector);
        (acts[3], acts[4]) = (actors.withdrawStake.selector, actors.enrolOrLeave.selector);
        (acts[5], acts[6], acts[7]) =
        (actors.submit.selector, actors.draw.selector, actors.withdrawCredit.selector);
        // Rounds need many votes to get anywhere.
        (acts[8], acts[9], acts[10]) =
        (actors.commit.selector, actors.commit.selector, actors.commit.selector);
        (acts[11], acts[12], acts[13]) = (actors.open.selector, actors.open.selector, actors.open.selector);
        (acts[14], acts[15]) = (actors.advance.selector, actors.publish.selector);
        targetSelector(FuzzSelector(address(actors), acts));
        targetContract(address(actors));
    }

    function invariant_court__then_holds_what_it_owes() external view {
        (uint256 court, uint256 burned,,) = actors.balances();
        (uint256 fees,) = actors.pending();
        assertEq(court, actors.credits() + fees + burned);
    }

    function invariant_vault__then_holds_what_it_owes() external view {
        (,, uint256 bank, uint256 burned) = actors.balances();
        (uint256 sum,) = actors.stakes();
        assertEq(bank, sum + burned);
    }

    function invariant_locks__then_covered_and_exactly_those_of_open_rounds() external view {
        (, bool covered) = actors.stakes();
        (, uint256 locks) = actors.pending();
        assertTrue(covered);
        assertEq(actors.locked(), locks);
    }

    function invariant_opened_seat__then_loses_no_stake_and_none_more_than_its_lock() external view {
        assertFalse(actors.openedSeatLostStake());
        assertFalse(actors.slashExceededLock());
    }

    function invariant_phase__then_never_goes_back() external {
        assertTrue(actors.phasesAdvance());
    }

    /// @dev The campaign must get somewhere: one written by hand reaches every act.
    function test_actors__when_driven_through_a_round__then_it_is_published() external {
        actors.submit(false);
        actors.draw(0);
        for (uint8 i = 0; i < 6; ++i) {
            actors.commit(0, i, 0, false);
        }
        for (uint8 i = 0; i < 6; ++i) {
            actors.open(0, i);
        }
        actors.advance(0);
        actors.publish(0);
        assertEq(actors.count("publish"), 1);
        actors.withdrawCredit(1);
        (uint256 fees, uint256 locks) = actors.pending();
        assertEq(fees + locks, 0);
    }
}
