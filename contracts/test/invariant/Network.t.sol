// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Actors} from "./Actors.sol";
import {Test, console} from "forge-std/Test.sol";

/// @dev What is true of the whole network, whatever anybody does in whatever order.
contract NetworkInvariants is Test {
    Actors private actors;

    function setUp() external {
        actors = new Actors();
        actors.setUp();
        bytes4[] memory acts = new bytes4[](18);
        (acts[0], acts[1], acts[2]) =
        (actors.stake.selector, actors.requestUnstake.selector, actors.withdrawStake.selector);
        (acts[3], acts[4], acts[5]) =
        (actors.enrolOrLeave.selector, actors.withdrawCredit.selector, actors.wait.selector);
        // What rounds need to get anywhere comes twice.
        for (uint256 i = 6; i < 16; i += 5) {
            (acts[i], acts[i + 1], acts[i + 2]) =
            (actors.draw.selector, actors.commit.selector, actors.open.selector);
            (acts[i + 3], acts[i + 4]) = (actors.advance.selector, actors.publish.selector);
        }
        (acts[15], acts[16]) = (actors.submit.selector, actors.settle.selector);
        acts[17] = actors.appeal.selector;
        targetSelector(FuzzSelector(address(actors), acts));
        targetContract(address(actors));
    }

    function invariant_court__then_holds_what_it_owes() public view {
        (uint256 court, uint256 burned,,) = actors.balances();
        (uint256 fees,) = actors.pending();
        assertEq(court, actors.credits() + fees + burned);
    }

    function invariant_vault__then_holds_what_it_owes() external view {
        (,, uint256 bank, uint256 burned) = actors.balances();
        (uint256 sum,) = actors.stakes();
        assertEq(bank, sum + burned);
    }

    function invariant_locks__then_covered_and_exactly_those_of_open_rounds() public view {
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

    /// @dev What one run did is there to be looked at: `forge test -vv --match-contract NetworkInvariants`.
    function afterInvariant() external view {
        string memory line = "acts:";
        string[9] memory acts =
            ["submit", "draw", "commit", "open", "advance", "publish", "settle", "appeal", "overturned"];
        for (uint256 i = 0; i < acts.length; ++i) {
            line = string.concat(line, " ", acts[i], " ", vm.toString(actors.count(acts[i])));
        }
        console.log(line);
    }

    /// @dev A round driven by hand through the same acts ends, so a campaign can end some.
    function test_actors__when_driven_through_rounds__then_some_are_published() external {
        for (uint256 i = 0; i < 12; ++i) {
            actors.submit(false);
            for (uint256 turn = 0; turn < 12; ++turn) {
                actors.draw(i);
                actors.commit(i, i + turn);
                actors.open(i, i);
                actors.advance(i);
                if (turn < 4 && i % 2 == 0) actors.appeal(i);
                actors.publish(i);
                actors.settle(i, turn * 0x01020304);
                actors.wait(39);
            }
            invariant_court__then_holds_what_it_owes();
            invariant_locks__then_covered_and_exactly_those_of_open_rounds();
        }
        assertGt(actors.count("publish"), 2);
        assertGt(actors.count("appeal"), 2);
        assertGt(actors.count("overturned"), 0);
        actors.withdrawCredit(1);
    }
}
