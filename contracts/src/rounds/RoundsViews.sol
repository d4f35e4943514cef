// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Profile} from "../interfaces/IProfileRegistry.sol";
import {Flag, Phase, Round, Seat, SeatState} from "../interfaces/IVerificationRounds.sol";
import {Bench, BenchLib} from "../libraries/Bench.sol";
import {Fees} from "../libraries/Fees.sol";
import {RoundsLevels} from "./RoundsLevels.sol";

/// @dev Rounds and seats as `IVerificationRounds` shows them.
abstract contract RoundsViews is RoundsLevels {
    function round(bytes32 requestHash) external view returns (Round memory r) {
        Trial storage c = _trials[requestHash];
        Head memory head = c.head;
        r.phase = _phase(requestHash);
        if (r.phase == Phase.None) return r;
        Profile memory profile;
        (r.profileId, profile) = _profileOf(c);
        (r.agentId, r.provider, r.payer) = (c.docket.agentId, c.docket.provider, head.payer);
        (r.level, r.selfVerified) = (head.level, head.flags & SELF_VERIFIED != 0);
        if (r.phase == Phase.Final) r.verdict = head.verdict;
        (r.entropyBlock, r.sortitionEpoch) = (head.entropyBlock, head.sortitionEpoch);
        r.fee = Fees.ofRound(profile);
        r.bond = profile.providerBond;
        Bench bench = c.levels[head.level].bench;
        if (bench.isDrawn()) r.key = _keyOf(requestHash, head.level);
        r.commitClosesAt = bench.commitClosesAt();
        r.openClosesAt = bench.openClosesAt();
        if (r.phase == Phase.Appealing) r.appealClosesAt = r.openClosesAt;
        if (r.phase == Phase.Publishing) r.publishClosesAt = r.openClosesAt + profile.publishWindow;
        r.committed = uint8(bench.committedCount());
        r.opened = uint8(bench.openedCount());
        r.seatCount = uint8(bench.seatCount());
        r.quorum = uint8(Fees.sizeAt(profile, head.level) / 2 + 1);
        r.cluster = bench.cluster();
    }

    function flagOf(bytes32 requestHash) external view returns (Flag memory f) {
        Phase phase = _phase(requestHash);
        Trial storage c = _trials[requestHash];
        Ballot memory ballot = c.ballot;
        (f.flagger, f.faulty, f.sound) = (ballot.flagger, ballot.faulty, ballot.sound);
        if (phase != Phase.Flagging && phase != Phase.Voting && ballot.flagger == address(0)) return f;
        f.level = _judges(c);
        f.closesAt = c.levels[c.head.level].bench.openClosesAt();
    }

    function seats(bytes32 requestHash) external view returns (Seat[] memory) {
        return seatsAt(requestHash, _trials[requestHash].head.level);
    }

    function seatsAt(bytes32 requestHash, uint8 level) public view returns (Seat[] memory list) {
        require(level < LEVELS, LevelUnknown(requestHash, level));
        Trial storage c = _trials[requestHash];
        Level storage l = c.levels[level];
        list = new Seat[](l.bench.seatCount());
        if (list.length == 0) return list;
        (, Profile memory profile) = _profileOf(c);
        for (uint256 seat = 0; seat < list.length; ++seat) {
            list[seat] = _seatView(l, seat, _agentAt(l, seat), profile.seatLock);
        }
    }

    function providerSeat(bytes32 requestHash) external view returns (Seat memory) {
        Trial storage c = _trials[requestHash];
        if (c.head.phase == Phase.None) return _seatView(c.levels[0], BenchLib.PROVIDER_BIT, 0, 0);
        (, Profile memory profile) = _profileOf(c);
        return
            _seatView(c.levels[c.head.level], BenchLib.PROVIDER_BIT, c.docket.agentId, profile.providerBond);
    }

    function _seatView(Level storage level, uint256 bit, uint256 agentId, uint256 lock)
        private
        view
        returns (Seat memory seat)
    {
        Bench bench = level.bench;
        (seat.agentId, seat.lock, seat.state) = (agentId, lock, bench.stateOf(bit));
        seat.settled = bench.isSettled(bit);
        if (seat.state == SeatState.Opened) seat.digest = level.marks[bit];
        else seat.commitment = level.marks[bit];
    }
}
