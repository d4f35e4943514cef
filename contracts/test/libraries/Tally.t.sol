// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Verdict} from "../../src/interfaces/IVerificationRounds.sol";
import {Tally} from "../../src/libraries/Tally.sol";
import {Test} from "forge-std/Test.sol";

/// @dev Against the rule written a second time, set by set and bit by bit.
contract TallyTest is Test {
    function testFuzz_decide__when_any_openings__then_as_the_rule_says(uint256 seed) external pure {
        Tally.Poll memory c = _case(seed);
        (Verdict verdict, uint256 agreeing, uint256 cluster) = _decide(c);
        (Verdict expected, uint256 expectedAgreeing, uint256 expectedCluster) = _rule(c);
        assertEq(uint8(verdict), uint8(expected), "verdict");
        assertEq(agreeing, expectedAgreeing, "agreeing");
        assertEq(cluster, expectedCluster, "cluster");
    }

    function testFuzz_decide__when_decided_by_seats__then_cluster_is_a_majority(uint256 seed) external pure {
        Tally.Poll memory c = _case(seed);
        (Verdict verdict,, uint256 cluster) = _decide(c);
        assertEq(cluster & ~c.opened, 0, "only who opened");
        if (c.void == 0 && (verdict == Verdict.Accepted || (verdict == Verdict.Rejected && c.claimed))) {
            assertGe(_size(cluster), c.quorum);
        }
        if (verdict == Verdict.Inconclusive || verdict == Verdict.Expired) assertEq(cluster, 0);
    }

    function test_decide__when_two_centres_tie__then_least_distance_then_lowest_seat() external pure {
        Tally.Poll memory c;
        c.digests = new bytes32[](5);
        // Around seat 0 and around seat 1 sit the same three; seat 1 is nearer to both others.
        (c.digests[0], c.digests[1], c.digests[2]) = (bytes32(uint256(3)), bytes32(uint256(1)), bytes32(0));
        (c.opened, c.claimed, c.claim) = (7, true, bytes32(type(uint256).max));
        (c.tolerance, c.quorum) = (2, 3);
        (Verdict verdict, uint256 agreeing, uint256 cluster) = _decide(c);
        assertEq(uint8(verdict), uint8(Verdict.Rejected));
        assertEq(agreeing, 0);
        assertEq(cluster, 7);

        // Two disjoint sets of the same size: the tighter one; then the lower one.
        c.digests = new bytes32[](6);
        for (uint256 i = 0; i < 6; ++i) {
            c.digests[i] = bytes32(i < 3 ? 0xff00 + (uint256(1) << i) * (i == 0 ? 0 : 1) : 0xff0000);
        }
        (c.opened, c.quorum) = (63, 3);
        (,, cluster) = _decide(c);
        assertEq(cluster, 56, "tighter");
        for (uint256 i = 0; i < 3; ++i) {
            c.digests[i] = bytes32(uint256(0xff00));
        }
        (,, cluster) = _decide(c);
        assertEq(cluster, 7, "lower");
    }

    function _case(uint256 seed) private pure returns (Tally.Poll memory c) {
        uint256 n = 1 + seed % 31;
        c.digests = new bytes32[](n);
        uint256 bits = 1 + (seed >> 8) % 6; // few bits, so that sets overlap
        for (uint256 i = 0; i < n; ++i) {
            c.digests[i] = bytes32(uint256(keccak256(abi.encode(seed, i))) % (1 << bits));
        }
        uint256 all = (1 << n) - 1;
        c.opened = uint256(keccak256(abi.encode(seed, "opened"))) & all;
        if ((seed >> 16) % 3 != 0) c.opened |= uint256(keccak256(abi.encode(seed, "more"))) & all;
        c.claimed = (seed >> 24) % 5 != 0;
        c.claim = bytes32((seed >> 32) % (1 << bits));
        c.tolerance = (seed >> 40) % 4;
        if ((seed >> 52) % 2 == 0) c.void = bytes32((seed >> 60) % (1 << bits));
        c.quorum = (seed >> 48) % 4 == 0 ? 1 + (seed >> 56) % n : n / 2 + 1;
    }

    function _decide(Tally.Poll memory c) private pure returns (Verdict, uint256, uint256) {
        return Tally.decide(c);
    }

    /// @dev The rule with a void claim struck out, and nobody paid for a void digest.
    function _rule(Tally.Poll memory c)
        private
        pure
        returns (Verdict verdict, uint256 agreeing, uint256 paid)
    {
        bool struckOut = c.void != 0 && _distance(c.claim, c.void) <= c.tolerance;
        (verdict, agreeing, paid) = _plainRule(c, c.claimed && !struckOut);
        for (uint256 i = 0; i < c.digests.length; ++i) {
            if (c.void != 0 && _distance(c.digests[i], c.void) <= c.tolerance) paid &= ~(1 << i);
        }
    }

    function _plainRule(Tally.Poll memory c, bool claimed)
        private
        pure
        returns (Verdict, uint256 agreeing, uint256)
    {
        uint256 n = c.digests.length;
        for (uint256 i = 0; i < n; ++i) {
            bool near = _distance(c.digests[i], c.claim) <= c.tolerance;
            if (claimed && _has(c.opened, i) && near) agreeing |= 1 << i;
        }
        if (_size(c.opened) < c.quorum) return (Verdict.Expired, agreeing, 0);
        if (claimed && _size(agreeing) >= c.quorum) return (Verdict.Accepted, agreeing, agreeing);

        uint256 outside = c.opened & ~agreeing;
        uint256 best;
        uint256 bestRank; // larger sets first, then tighter ones, then lower seats
        for (uint256 centre = 0; centre < n; ++centre) {
            if (!_has(outside, centre)) continue;
            (uint256 members, uint256 spread) = (0, 0);
            for (uint256 i = 0; i < n; ++i) {
                uint256 d = _distance(c.digests[i], c.digests[centre]);
                if (!_has(outside, i) || d > c.tolerance) continue;
                members |= 1 << i;
                spread += d;
            }
            uint256 rank = (_size(members) << 64) + ((1e6 - spread) << 8) + (255 - centre);
            if (rank > bestRank) (best, bestRank) = (members, rank);
        }
        if (_size(best) < c.quorum) best = 0;
        return (claimed && best == 0 ? Verdict.Inconclusive : Verdict.Rejected, agreeing, best);
    }

    function _has(uint256 set, uint256 i) private pure returns (bool) {
        return (set >> i) & 1 == 1;
    }

    function _size(uint256 set) private pure returns (uint256 size) {
        for (; set != 0; set >>= 1) {
            size += set & 1;
        }
    }

    function _distance(bytes32 a, bytes32 b) private pure returns (uint256) {
        return _size(uint256(a ^ b));
    }
}
