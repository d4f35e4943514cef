// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Decaying Beta evidence and its lower bound, in integers: anybody recomputes the same basis points.
/// @dev Amounts are nano-evidence (1e9 = one observation). Wilson, JASA 22 (1927) 209-212.
library BetaEvidence {
    uint256 internal constant OBSERVATION = 1e9;
    /// @dev What the mean starts from: one observation either way.
    uint256 internal constant PRIOR = OBSERVATION;
    /// @dev Below this much evidence a score is not known.
    uint256 internal constant MINIMUM = OBSERVATION / 2;
    /// @dev 1.6448536269514722² in nano: the one-sided 95 % quantile of the normal distribution, squared.
    uint256 internal constant Z_SQUARED = 2_705_543_454;
    uint256 internal constant BPS = 10_000;

    uint256 private constant FRACTION_BITS = 16;
    /// @dev floor(2^64 · 2^(-2^-k)) for k = 1..16, eight bytes each.
    bytes private constant HALVINGS = hex"b504f333f9de6484" hex"d744fccad69d6af4" hex"eac0c6e7dd24392e"
        hex"f5257d152486cc2c" hex"fa83b2db722a033a" hex"fd3e0c0cf486c174" hex"fe9e115c7b8f884b"
        hex"ff4ecb59511ec8a5" hex"ffa756521c8daed1" hex"ffd3a751c0f7e10b" hex"ffe9d2b2f7db2755"
        hex"fff4e91bff1b8c3d" hex"fffa747ea0040664" hex"fffd3a3b7814eb53" hex"fffe9d1cc60ddab1"
        hex"ffff4e8e25879bfa";

    /// @notice Steps of the clock of decay, 2^16 to a half-life, between two times (seconds).
    /// @dev The clock starts at time zero and is everybody's, so steps add up whatever lies between: evidence
    /// written every second decays as fast as evidence that was left alone.
    function stepsBetween(uint256 from, uint256 to, uint256 halfLife) internal pure returns (uint256) {
        return (to << FRACTION_BITS) / halfLife - (from << FRACTION_BITS) / halfLife;
    }

    /// @notice amount · 2^(-steps/2^16): whole half-lives by a shift, the rest bit by bit of its 16 bits, from
    /// the highest, each step rounding down.
    function decay(uint64 amount, uint256 steps) internal pure returns (uint64) {
        uint256 whole = steps >> FRACTION_BITS;
        if (amount == 0 || whole >= 64) return 0;
        uint256 value = amount >> whole;
        uint256 fraction = uint16(steps);
        if (fraction != 0) {
            bytes memory halvings = HALVINGS;
            for (uint256 i = 0; i < FRACTION_BITS; ++i) {
                if ((fraction >> (FRACTION_BITS - 1 - i)) & 1 == 0) continue;
                uint256 factor;
                // Word i / 4, past the length: eight bytes of it are factor i.
                assembly ("memory-safe") {
                    factor := shr(192, mload(add(add(halvings, 32), mul(i, 8))))
                }
                value = (value * factor) >> 64;
            }
        }
        return uint64(value);
    }

    /// @notice a + b, or the largest a slot holds.
    function add(uint64 a, uint64 b) internal pure returns (uint64) {
        return uint64(Math.min(uint256(a) + b, type(uint64).max));
    }

    /// @return (alpha + prior) / (alpha + beta + 2·prior) in basis points, rounded down.
    function meanBps(uint256 alpha, uint256 beta) internal pure returns (uint16) {
        return uint16(BPS * (alpha + PRIOR) / (alpha + beta + 2 * PRIOR));
    }

    /// @notice Wilson's one-sided 95 % lower bound of alpha out of n = alpha + beta > 0, in basis points.
    /// @dev (2·alpha + Z − R) / (2·(n + Z)) with R = ⌈√(Z·(⌈4·alpha·beta/n⌉ + Z))⌉ and Z = z²: the inner
    /// roundings go up and the last one down, so the bound is never too high.
    function lowerBps(uint256 alpha, uint256 beta) internal pure returns (uint16) {
        uint256 spread = Math.ceilDiv(4 * alpha * beta, alpha + beta) + Z_SQUARED;
        uint256 root = Math.sqrt(Z_SQUARED * spread, Math.Rounding.Ceil);
        uint256 top = Math.saturatingSub(2 * alpha + Z_SQUARED, root);
        return uint16(BPS * top / (2 * (alpha + beta + Z_SQUARED)));
    }
}
