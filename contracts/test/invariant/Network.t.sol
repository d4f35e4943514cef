// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Actors} from "./Actors.sol";
import {Test, console} from "forge-std/Test.sol";

/// @dev What is true of the whole network, whatever anybody does in whatever order. One campaign for all of
/// it, since forge plays one for each invariant; and the books, which stay wrong once they are, are looked at
/// every so many calls only (foundry.toml, `check_interval`).
contract NetworkInvariants is Test {
    /// @dev How much more often than other acts the one comes that brings rounds on.
    uint256 private constant HURRIES = 6;

    Actors private actors;

    function setUp() external {
        actors = new Actors();
        actors.setUp();
        bytes4[24] memory acts = [
            actors.stake.selector,
            actors.requestUnstake.selector,
            actors.withdrawStake.selector,
            actors.enrolOrLeave.selector,
            actors.register.selector,
            actors.sell.selector,
            actors.flip.selector,
            actors.trouble.selector,
            actors.wait.selector,
            actors.withdrawCredit.selector,
            actors.misbehave.selector,
            actors.relay.selector,
            actors.publish.selector,
            actors.settle.selector,
            actors.settleAll.selector,
            actors.submit.selector,
            actors.draw.selector,
            actors.commit.selector,
            actors.open.selector,
            actors.advance.selector,
            actors.appeal.selector,
            actors.flag.selector,
            actors.vote.selector,
            actors.hurry.selector
        ];
        bytes4[] memory selectors = new bytes4[](acts.length + HURRIES);
        for (uint256 i = 0; i < selectors.length; ++i) {
            selectors[i] = acts[i < acts.length ? i : acts.length - 1];
        }
        targetSelector(FuzzSelector(address(actors), selectors));
        targetContract(address(actors));
    }

    function invariant_network__then_the_books_balance_and_no_round_goes_back() external {
        _checkBooks();
        assertTrue(actors.phasesAdvance(), "a phase went back");
        assertTrue(actors.termsHold(), "a profile changed");
    }

    /// @dev In the end everybody takes what is theirs. And ten runs together have to have been everywhere: what
    /// one run leaves behind for the next is the process's environment alone.
    function afterInvariant() external {
        uint256 runs = vm.envOr("CAMPAIGN_RUNS", uint256(0)) + 1;
        vm.setEnv("CAMPAIGN_RUNS", vm.toString(runs));
        actors.windDown(runs % 2 == 0);
        (uint256 court, uint256 burned, uint256 bank, uint256 slashed) = actors.balances();
        assertEq(court, burned, "something is left with the court");
        assertEq(bank, slashed, "something is left in the vault");

        string[27] memory kinds = _kinds();
        string memory line = "so far:";
        for (uint256 i = 0; i < kinds.length; ++i) {
            string memory name = string.concat("CAMPAIGN_", kinds[i]);
            uint256 total = vm.envOr(name, uint256(0)) + actors.count(kinds[i]);
            vm.setEnv(name, vm.toString(total));
            line = string.concat(line, " ", kinds[i], " ", vm.toString(total));
            if (runs % 10 == 0) assertGt(total, 0, string.concat("ten runs without: ", kinds[i]));
        }
        console.log(line);
    }

    function _kinds() private pure returns (string[27] memory) {
        return [
            "submitted",
            "postponed",
            "drawn",
            "commit",
            "relay",
            "open",
            "reopened",
            "refused",
            "published",
            "unpublished",
            "flagged",
            "upheld",
            "unfounded",
            "accepted",
            "rejected",
            "inconclusive",
            "expired",
            "appealed",
            "audited",
            "void",
            "overturned",
            "slashed",
            "closed",
            "withdrawn",
            "paid",
            "sold",
            "flipped"
        ];
    }

    function _checkBooks() private view {
        (uint256 court, uint256 burned, uint256 bank, uint256 slashed) = actors.balances();
        (uint256 fees, uint256 locks) = actors.pending();
        (uint256 sum, uint256 locked, bool covered) = actors.stakes();
        assertEq(court, actors.credits() + fees + burned, "the court does not hold what it owes");
        assertEq(bank, sum + slashed, "the vault does not hold what it owes");
        assertEq(locked, locks, "locks are not those of open rounds");
        assertTrue(covered, "a lock exceeds its stake");
    }
}
