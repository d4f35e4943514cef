// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Score} from "../../src/interfaces/IReputationLedger.sol";
import {Network} from "../support/Network.sol";

/// @dev Attempts to wash a bad name off an agent by moving its token about. None may help.
contract LaunderingTest is Network {
    address private clean = makeAddr("clean");
    bytes32 private domain;

    function setUp() public override {
        super.setUp();
        domain = _domain(fuzzyId, "provider");
        _record(provider.owner, 2e9, 3e9);
    }

    function test_move_and_return_wash__when_moved_and_back__then_nothing_is_washed() external {
        Score memory before = ledger.scoreOf(provider.id, domain);
        _move(provider.owner, clean);
        Score memory away = ledger.scoreOf(provider.id, domain);
        _move(clean, provider.owner);
        Score memory back = ledger.scoreOf(provider.id, domain);

        assertEq(away.beta, before.beta, "the bad goes along");
        assertEq(away.alpha, 0, "the good does not");
        assertLt(away.lowerBps, before.lowerBps);
        assertEq(back.lowerBps, before.lowerBps);
    }

    /// @dev Evidence written while the agent is at the clean address, good or bad, makes it worse at home.
    function test_move_and_return_wash__when_it_works_while_away__then_home_is_worse(bool good) external {
        Score memory before = ledger.scoreOf(provider.id, domain);
        _move(provider.owner, clean);
        _record(clean, good ? 1e9 : 0, good ? 0 : 1e9);
        _move(clean, provider.owner);
        Score memory back = ledger.scoreOf(provider.id, domain);

        assertLe(back.alpha, before.alpha);
        assertGe(back.beta, before.beta);
        assertLt(back.lowerBps, before.lowerBps);
    }

    /// @dev A clean agent of the same owner starts from nothing, and nothing is not a score.
    function test_move_and_return_wash__when_a_new_agent_is_taken__then_it_is_unknown() external {
        vm.prank(provider.owner);
        uint256 fresh = identity.register();
        Score memory score = ledger.scoreOf(fresh, domain);
        assertFalse(score.known);
        assertEq(score.lowerBps, 0);
    }

    /// @dev Nor does stake leave faster by moving: it belongs to the agent, locked and unbonding as before.
    function test_move_and_return_wash__when_moved_while_unbonding__then_the_delay_stays() external {
        vm.prank(provider.owner);
        vault.requestUnstake(provider.id, 1 ether);
        uint256 unbondsAt = vault.stakeOf(provider.id).unbondsAt;
        _move(provider.owner, clean);
        assertEq(vault.stakeOf(provider.id).unbondsAt, unbondsAt);
        assertEq(vault.stakeOf(provider.id).unbonding, 1 ether);
    }

    function _record(address owner, uint64 good, uint64 bad) private {
        vm.prank(address(rounds));
        ledger.record(provider.id, owner, domain, good, bad);
    }

    function _move(address from, address to) private {
        vm.prank(from);
        identity.transferFrom(from, to, provider.id);
    }
}
