// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LibBit} from "solady/utils/LibBit.sol";

import {Verdict} from "../interfaces/IVerificationRounds.sol";
import {Digest} from "./Digest.sol";

/// @title The verdict rule: a pure function of the digests that were opened.
library Tally {
    /// @param digests one per seat; those of unopened seats are not read.
    /// @param opened bit i: seat i opened. @param claimed the provider opened too, `claim` being its digest.
    /// @param tolerance largest distance that still counts as the same output.
    /// @param quorum M: the seats a majority takes.
    /// @return verdict Expired below M openings; else Rejected if there is no claim; else Accepted if M seats
    /// agree with it; else Rejected if M seats agree with one another against it; else Inconclusive.
    /// @return agreeing bit i: seat i is within tolerance of the claim.
    /// @return cluster bit i: seat i is of the majority that decided; 0 if there was none.
    function decide(
        bytes32[] memory digests,
        uint256 opened,
        bool claimed,
        bytes32 claim,
        uint256 tolerance,
        uint256 quorum
    ) internal pure returns (Verdict verdict, uint256 agreeing, uint256 cluster) {
        if (claimed) (agreeing,) = _around(digests, opened, claim, tolerance);
        if (LibBit.popCount(opened) < quorum) return (Verdict.Expired, agreeing, 0);
        if (LibBit.popCount(agreeing) >= quorum) return (Verdict.Accepted, agreeing, agreeing);

        cluster = _largest(digests, opened & ~agreeing, tolerance);
        if (LibBit.popCount(cluster) < quorum) cluster = 0;
        verdict = claimed && cluster == 0 ? Verdict.Inconclusive : Verdict.Rejected;
    }

    /// @notice What anybody can open without doing any work: it votes against a claim, and earns nothing.
    /// @return Bit i: seat i is within tolerance of the void digest.
    function voids(bytes32[] memory digests, uint256 opened, bytes32 void, uint256 tolerance)
        internal
        pure
        returns (uint256)
    {
        (uint256 members,) = _around(digests, opened, void, tolerance);
        return members;
    }

    /// @dev Of the sets around each seat of `among`: the largest, then the one of least total distance,
    /// then that of the lowest seat.
    function _largest(bytes32[] memory digests, uint256 among, uint256 tolerance)
        private
        pure
        returns (uint256 best)
    {
        uint256 bestSize;
        uint256 bestSpread;
        for (uint256 seat = 0; seat < digests.length; ++seat) {
            if (among & (1 << seat) == 0) continue;
            (uint256 members, uint256 spread) = _around(digests, among, digests[seat], tolerance);
            uint256 size = LibBit.popCount(members);
            if (size > bestSize || (size == bestSize && spread < bestSpread)) {
                (best, bestSize, bestSpread) = (members, size, spread);
            }
        }
    }

    /// @return members the seats of `among` within tolerance of `centre`.
    /// @return spread their distances to it, summed.
    function _around(bytes32[] memory digests, uint256 among, bytes32 centre, uint256 tolerance)
        private
        pure
        returns (uint256 members, uint256 spread)
    {
        for (uint256 seat = 0; seat < digests.length; ++seat) {
            if (among & (1 << seat) == 0) continue;
            uint256 distance = Digest.distance(digests[seat], centre);
            if (distance > tolerance) continue;
            members |= 1 << seat;
            spread += distance;
        }
    }
}
