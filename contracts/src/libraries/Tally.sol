// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LibBit} from "solady/utils/LibBit.sol";

import {Verdict} from "../interfaces/IVerificationRounds.sol";
import {Digest} from "./Digest.sol";

/// @title The verdict rule: a pure function of the digests that were opened.
library Tally {
    /// @dev What was opened. digests: one per seat, those of unopened seats are not read. opened, bit i: seat i
    /// opened. claimed: the provider opened too, `claim` being its digest. void: the digest that anybody can
    /// compute, 0 where the family has none. tolerance: largest distance that still counts as the same
    /// output. quorum: M, the seats a majority takes.
    struct Poll {
        bytes32[] digests;
        uint256 opened;
        bool claimed;
        bytes32 claim;
        bytes32 void;
        uint256 tolerance;
        uint256 quorum;
    }

    /// @return verdict Expired below M openings; else Rejected if there is no claim; else Accepted if M seats
    /// agree with it; else Rejected if M seats agree with one another against it; else Inconclusive.
    /// @return agreeing bit i: seat i is within tolerance of the claim.
    /// @return cluster bit i: seat i is of the majority that decided, and earns by it; 0 if there was none.
    function decide(Poll memory p)
        internal
        pure
        returns (Verdict verdict, uint256 agreeing, uint256 cluster)
    {
        bool claimed =
            p.claimed && !isVoid(p, p.claim);
        if (claimed) (agreeing,) = _around(p.digests, p.opened, p.claim, p.tolerance);
        if (LibBit.popCount(p.opened) < p.quorum) return (Verdict.Expired, agreeing, 0);
        if (LibBit.popCount(agreeing) >= p.quorum) {
            return (Verdict.Accepted, agreeing, _earning(p, agreeing));
        }

        cluster = _largest(p.digests, p.opened & ~agreeing, p.tolerance);
        if (LibBit.popCount(cluster) < p.quorum) cluster = 0;
        verdict = claimed && cluster == 0 ? Verdict.Inconclusive : Verdict.Rejected;
        cluster = _earning(p, cluster);
    }

    /// @return Whether a digest is what anybody can open without doing any work: no claim.
    function isVoid(Poll memory p, bytes32 digest) internal pure returns (bool) {
        return p.void != 0 && Digest.distance(digest, p.void) <= p.tolerance;
    }

    /// @dev A void digest is a vote against the claim like any other, and earns nothing.
    function _earning(Poll memory p, uint256 majority) private pure returns (uint256) {
        if (p.void == 0) return majority;
        (uint256 voids,) = _around(p.digests, majority, p.void, p.tolerance);
        return majority & ~voids;
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
