// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BetaEvidence} from "../../src/libraries/BetaEvidence.sol";
import {Test} from "forge-std/Test.sol";

contract BetaEvidenceTest is Test {
    function testFuzz_stepsBetween__when_in_parts__then_they_add_up(
        uint40 a,
        uint40 b,
        uint40 c,
        uint32 halfLife
    ) external pure {
        vm.assume(halfLife != 0);
        (a, b) = a < b ? (a, b) : (b, a);
        (b, c) = b < c ? (b, c) : (c, b);
        vm.assume(a <= b);
        uint256 parts = BetaEvidence.stepsBetween(a, b, halfLife) + BetaEvidence.stepsBetween(b, c, halfLife);
        assertEq(parts, BetaEvidence.stepsBetween(a, c, halfLife));
        uint256 elapsed = c - a;
        assertApproxEqAbs(parts, (elapsed << 16) / halfLife, 1);
    }

    function testFuzz_decay__when_whole_half_lives__then_shifts(uint64 amount, uint8 count) external pure {
        assertEq(BetaEvidence.decay(amount, uint256(count) << 16), count < 64 ? amount >> count : 0);
    }

    /// @dev But for the 16 roundings on the way: a whole half-life has none.
    function testFuzz_decay__when_later__then_never_more(uint64 amount, uint32 a, uint32 b) external pure {
        (uint256 sooner, uint256 later) = a < b ? (a, b) : (b, a);
        assertLe(BetaEvidence.decay(amount, later), 16 + uint256(BetaEvidence.decay(amount, sooner)));
    }

    /// @dev Twice half of a half-life is one, less at most one unit for each of 16 roundings.
    function testFuzz_decay__when_in_two_halves__then_a_half(uint64 amount) external pure {
        uint64 twice = BetaEvidence.decay(BetaEvidence.decay(amount, 1 << 15), 1 << 15);
        assertLe(twice, amount / 2);
        assertLe(amount / 2 - twice, 32);
    }

    function testFuzz_add__when_full__then_saturates(uint64 a, uint64 b) external pure {
        uint256 sum = uint256(a) + b;
        assertEq(BetaEvidence.add(a, b), sum > type(uint64).max ? type(uint64).max : uint64(sum));
    }

    function testFuzz_lowerBps__then_not_above_the_ratio(uint64 alpha, uint64 beta) external pure {
        vm.assume(uint256(alpha) + beta != 0);
        uint256 lower = BetaEvidence.lowerBps(alpha, beta);
        assertLe(lower, 10_000 * uint256(alpha) / (uint256(alpha) + beta));
        if (alpha == 0) assertEq(lower, 0);
    }

    function testFuzz_lowerBps__when_more_good__then_not_lower(uint64 alpha, uint64 beta, uint64 more)
        external
        pure
    {
        (alpha, beta, more) = (alpha >> 4, beta >> 4, more >> 4);
        vm.assume(uint256(alpha) + beta != 0);
        assertGe(uint256(BetaEvidence.lowerBps(alpha + more, beta)) + 1, BetaEvidence.lowerBps(alpha, beta));
    }

    /// @dev Computed by hand: 8 of 10, z = 1.6448536: 0.5407...; 1 of 1: 1/(1+z²) = 0.2698...
    function test_lowerBps__when_known_cases__then_wilsons() external pure {
        assertEq(BetaEvidence.lowerBps(8e9, 2e9), 5407);
        assertEq(BetaEvidence.lowerBps(1e9, 0), 2698);
        assertEq(BetaEvidence.meanBps(1e9, 0), 6666);
        assertEq(BetaEvidence.meanBps(0, 0), 5000);
    }

    /// @dev Cases in which one nano more in an inner rounding would give a basis point more.
    function test_lowerBps__when_rounding_decides__then_down() external pure {
        assertEq(BetaEvidence.lowerBps(15_203_720_288, 13_912_134), 8474);
        assertEq(BetaEvidence.lowerBps(8_510_532_889, 21_224_450_791), 1722);
        assertEq(BetaEvidence.lowerBps(1_748_305_794, 12_106_579_241), 397);
        assertEq(BetaEvidence.lowerBps(985_418_030, 15_908_055_720), 129);
    }

    /// @dev The bound L solves n·(p − L)² = z²·L·(1 − L), so nothing below it falls short of that.
    function testFuzz_lowerBps__then_not_above_the_exact_bound(uint64 alpha, uint64 beta) external pure {
        uint256 n = uint256(alpha) + beta;
        vm.assume(n != 0);
        uint256 lower = BetaEvidence.lowerBps(alpha, beta);
        uint256 gap = 10_000 * uint256(alpha) - lower * n;
        assertGe(gap * gap, n * BetaEvidence.Z_SQUARED * lower * (10_000 - lower));
    }
}
