// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Phase, Verdict} from "../../src/interfaces/IVerificationRounds.sol";
import {Bench, BenchLib} from "../../src/libraries/Bench.sol";
import {Test} from "forge-std/Test.sol";

/// @dev The one word that says who acted, and until when: whose neighbours must not feel what is written.
contract BenchTest is Test {
    /// @dev Any committee, complete in any second of its window, the draw's own and the last one among them.
    function testFuzz_closedIfComplete__then_only_when_all_have_and_only_the_clock_moves(
        uint256 seats,
        uint256 first,
        uint256 closesAt,
        uint256 window,
        uint256 left
    ) external {
        seats = bound(seats, 1, BenchLib.MAX_SEATS);
        first = bound(first, 0, seats); // the provider is one of them
        window = bound(window, 1, 30 days);
        closesAt = bound(closesAt, 1 + 30 days, type(uint40).max - window);
        vm.warp(closesAt - bound(left, 1, 30 days));
        Bench bench = BenchLib.seated(seats, seats / 2 + 1, closesAt, closesAt + window);
        for (uint256 i = 0; i <= seats; ++i) {
            assertEq(Bench.unwrap(bench.closedIfComplete()), Bench.unwrap(bench), "one is missing");
            uint256 bit = (first + i) % (seats + 1);
            if (bit == seats) bit = BenchLib.PROVIDER_BIT;
            assertFalse(bench.isBound(bit));
            bench = bench.withCommitted(bit);
            assertTrue(bench.isBound(bit) && bench.isCommitting());
        }
        Bench closed = bench.closedIfComplete();
        assertEq(closed.commitClosesAt(), block.timestamp);
        assertEq(closed.openClosesAt(), block.timestamp + window);
        assertEq(uint8(closed.phase()), uint8(Phase.Opening));
        assertFalse(closed.isCommitting(), "in its own second, too");
        assertEq(closed.seatCount(), seats);
        assertEq(closed.quorum(), seats / 2 + 1);
        assertEq(uint8(closed.verdict()), uint8(Verdict.None));
        assertEq(closed.committedCount(), seats);
        uint256 seatsAndWhatTheyDid = (1 << 144) - 1;
        assertEq(Bench.unwrap(closed) & seatsAndWhatTheyDid, Bench.unwrap(bench) & seatsAndWhatTheyDid);
        vm.warp(block.timestamp + window - 1);
        assertEq(uint8(closed.phase()), uint8(Phase.Opening));
        vm.warp(block.timestamp + 1);
        assertEq(uint8(closed.phase()), uint8(Phase.Tallying));
    }

    /// @dev However a level went on, its seats can no longer bind themselves.
    function testFuzz_isCommitting__when_a_level_has_gone_on__then_never_again(uint8 phase, uint40 later)
        external
    {
        vm.warp(1_000_000);
        Bench bench = BenchLib.seated(1, 1, 1_000_060, 1_000_100).withCommitted(0);
        bench = bench.withCommitted(BenchLib.PROVIDER_BIT).closedIfComplete();
        bench = bench.withOpened(0).withOpened(BenchLib.PROVIDER_BIT);
        bench = bench.counted(Verdict.Accepted, 1, Phase.Appealing, later);
        assertFalse(bench.isCommitting());
        bench = bench.moved(Phase(bound(phase, uint8(Phase.Tallying), uint8(Phase.Final))), later);
        assertFalse(bench.withSettled(0).isCommitting());
        assertFalse(bench.withoutClaim().isCommitting());
    }
}
