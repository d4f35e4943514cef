// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Evidence} from "../../src/interfaces/IReputationLedger.sol";
import {Round, Seat, SeatState, Verdict} from "../../src/interfaces/IVerificationRounds.sol";
import {Network} from "../support/Network.sol";
import {LibBit} from "solady/utils/LibBit.sol";

/// @dev Whole rounds in which every actor does anything it may. The verdict is held against the rule as
/// it is written, and money, locks and marks against what follows from it, to the wei.
contract AnythingTest is Network {
    uint256 private constant OBSERVATION = 1e9;

    uint256 private _seed;
    mapping(uint256 agentId => uint256) private _stakeBefore;

    function testFuzz_round__when_all_do_anything__then_verdict_money_and_marks_follow(uint256 seed)
        external
    {
        _seed = seed;
        bytes32 profileId = _roll("profile", 2) == 0 ? fuzzyId : exactId;
        for (uint256 i = 0; i < _roll("exams", 6); ++i) {
            exams.fail(verifiers[i].id, true);
        }
        for (uint256 i = 0; i < verifiers.length; ++i) {
            _stakeBefore[verifiers[i].id] = _stakeOf(verifiers[i].id);
        }
        _stakeBefore[provider.id] = _stakeOf(provider.id);

        bytes32 h = _drawn(profileId);
        if (rounds.round(h).verdict == Verdict.Expired) {
            assertEq(rounds.creditOf(client), _fee() - profile.tip, "fee back");
        } else {
            _play(h, profileId);
        }
        _settle(h);
        _checkSeats(h, profileId);
        _checkProvider(h, profileId);
        _checkBooks(h);
    }

    // ------------------------------------------------------------------ acting

    function _play(bytes32 h, bytes32 profileId) private {
        uint256 n = rounds.seats(h).length;
        bytes32[] memory digests = new bytes32[](n);
        bytes32 claim = _roll("claim", 3) == 0
            ? keccak256("of something else")
            : keccak256(bytes.concat(_key(h), OUTPUT));
        uint256 committed;
        for (uint8 seat = 0; seat < n; ++seat) {
            digests[seat] = claim ^ _offset(seat);
            if (_does("commits", seat)) {
                _commit(h, seat, digests[seat]);
                ++committed;
            }
        }
        bool claims = _does("commits", PROVIDER_SEAT);
        if (claims) _commit(h, PROVIDER_SEAT, claim);
        if (committed < n || !claims) vm.warp(rounds.round(h).commitClosesAt);

        uint256 opened;
        if (committed >= 3) {
            opened = _openSome(h, claims, claim, digests);
        }
        vm.warp(rounds.round(h).openClosesAt);
        Verdict expected = _verdict(opened, claim, digests, profileId == exactId ? 0 : profile.tolerance);
        _advance(h);

        if (expected != Verdict.Accepted) {
            assertEq(uint8(rounds.round(h).verdict), uint8(expected), "the rule as written");
            return;
        }
        if (_roll("publishes", 4) == 0) {
            vm.warp(rounds.round(h).publishClosesAt);
            _advance(h);
            expected = Verdict.Rejected;
        } else {
            _publish(h, OUTPUT);
            if (profileId == exactId && _roll("claim", 3) == 0) expected = Verdict.Rejected;
        }
        assertEq(uint8(rounds.round(h).verdict), uint8(expected), "after publishing");
    }

    /// @return opened bit i: seat i; bit 255: the provider.
    function _openSome(bytes32 h, bool claims, bytes32 claim, bytes32[] memory digests)
        private
        returns (uint256 opened)
    {
        if (claims && _does("opens", PROVIDER_SEAT)) {
            _open(h, PROVIDER_SEAT, claim);
            opened = 1 << 255;
        }
        for (uint8 seat = 0; seat < digests.length; ++seat) {
            if (!_does("commits", seat) || !_does("opens", seat)) continue;
            _open(h, seat, digests[seat]);
            opened |= 1 << seat;
        }
    }

    // ------------------------------------------------------------------ the rule

    function _verdict(uint256 opened, bytes32 claim, bytes32[] memory digests, uint256 tolerance)
        private
        pure
        returns (Verdict)
    {
        uint256 count;
        uint256 agree;
        for (uint256 i = 0; i < digests.length; ++i) {
            if (!_has(opened, i)) continue;
            ++count;
            if (_near(digests[i], claim, tolerance)) ++agree;
        }
        bool claimed = _has(opened, 255);
        if (count < 3) return Verdict.Expired;
        if (!claimed) return Verdict.Rejected;
        if (agree >= 3) return Verdict.Accepted;
        for (uint256 i = 0; i < digests.length; ++i) {
            if (!_has(opened, i) || _near(digests[i], claim, tolerance)) continue;
            uint256 rivals;
            for (uint256 j = 0; j < digests.length; ++j) {
                if (!_has(opened, j) || _near(digests[j], claim, tolerance)) continue;
                if (_near(digests[i], digests[j], tolerance)) ++rivals;
            }
            if (rivals >= 3) return Verdict.Rejected;
        }
        return Verdict.Inconclusive;
    }

    // ------------------------------------------------------------------ what follows

    function _checkSeats(bytes32 h, bytes32 profileId) private view {
        Round memory r = rounds.round(h);
        Seat[] memory seats = rounds.seats(h);
        bool decided = r.cluster != 0 && (r.verdict == Verdict.Accepted || r.verdict == Verdict.Rejected);
        assertTrue(r.cluster == 0 || LibBit.popCount(r.cluster) >= r.quorum, "a cluster is a majority");
        for (uint256 i = 0; i < seats.length; ++i) {
            uint256 id = seats[i].agentId;
            bool inCluster = _has(r.cluster, i);
            uint256 slash;
            bool bad;
            if (seats[i].state == SeatState.Drawn) (slash, bad) = (0.05 ether, true);
            else if (seats[i].state == SeatState.Opened) bad = decided && !inCluster;
            else if (r.committed >= r.quorum) (slash, bad) = (0.15 ether, true);
            if (inCluster) assertEq(uint8(seats[i].state), uint8(SeatState.Opened), "only who opened");

            assertEq(_stakeOf(id), _stakeBefore[id] - slash, "slash");
            assertEq(rounds.creditOf(_ownerOf(id)), inCluster ? profile.seatFee : 0, "seat fee");
            Evidence memory e = ledger.evidenceOf(id, _domain(profileId, "verifier"));
            assertEq(e.alpha, inCluster ? OBSERVATION : 0, "good");
            assertEq(e.beta, bad ? OBSERVATION : 0, "bad");
        }
    }

    function _checkProvider(bytes32 h, bytes32 profileId) private view {
        Verdict verdict = rounds.round(h).verdict;
        bool rejected = verdict == Verdict.Rejected;
        assertEq(_stakeOf(provider.id), _stakeBefore[provider.id] - (rejected ? 1 ether : 0), "bond");
        Evidence memory e = ledger.evidenceOf(provider.id, _domain(profileId, "provider"));
        assertEq(e.alpha, verdict == Verdict.Accepted ? OBSERVATION : 0, "provider good");
        assertEq(e.beta, rejected ? OBSERVATION : 0, "provider bad");
    }

    function _checkBooks(bytes32 h) private {
        uint256 stakes = _stakeOf(provider.id);
        assertEq(vault.stakeOf(provider.id).locked, 0);
        _collect(provider.owner);
        for (uint256 i = 0; i < verifiers.length; ++i) {
            stakes += _stakeOf(verifiers[i].id);
            assertEq(vault.stakeOf(verifiers[i].id).locked, 0, "nothing stays locked");
            _collect(verifiers[i].owner);
        }
        assertEq(address(vault).balance, stakes + vault.burned(), "the vault's money");

        bool refunded = rounds.round(h).verdict == Verdict.Expired;
        assertEq(rounds.creditOf(client), refunded ? _fee() - profile.tip : 0, "refund");
        _collect(client);
        _collect(keeper);
        assertEq(address(rounds).balance, rounds.burned(), "only what was burned stays");
        if (refunded) assertEq(rounds.burned(), 0, "an expired round burns nothing");
    }

    function _collect(address account) private {
        if (rounds.creditOf(account) == 0) return;
        vm.prank(account);
        rounds.withdraw();
    }

    // ------------------------------------------------------------------ dice

    function _roll(string memory what, uint256 sides) private view returns (uint256) {
        return uint256(keccak256(abi.encode(_seed, what))) % sides;
    }

    /// @dev Most do their duty; in one round of four all of them do.
    function _does(string memory what, uint256 seat) private view returns (bool) {
        return _roll("dutiful", 4) == 0 || uint256(keccak256(abi.encode(_seed, what, seat))) % 6 != 0;
    }

    /// @dev How far a digest is from the claim: not at all, at the tolerance, just beyond it, with the
    /// rivals (at the centre, at their edge), or nowhere.
    function _offset(uint256 seat) private view returns (bytes32) {
        uint256 lot = uint256(keccak256(abi.encode(_seed, "offset", seat))) % (4 + _roll("mood", 3));
        if (_roll("crowd", 2) == 0 && lot < 2) lot += 2;
        if (lot == 0) return bytes32(0);
        if (lot == 1) return bytes32(uint256((1 << 20) - 1));
        if (lot == 2) return bytes32(type(uint256).max);
        if (lot == 3) return bytes32(type(uint256).max << 20);
        if (lot == 4) return bytes32(uint256((1 << 21) - 1));
        return keccak256(abi.encode(_seed, "nowhere", seat));
    }

    function _key(bytes32 h) private view returns (bytes32) {
        return rounds.round(h).key;
    }

    function _has(uint256 mask, uint256 bit) private pure returns (bool) {
        return (mask >> bit) & 1 == 1;
    }

    function _near(bytes32 a, bytes32 b, uint256 tolerance) private pure returns (bool) {
        return LibBit.popCount(uint256(a ^ b)) <= tolerance;
    }
}
