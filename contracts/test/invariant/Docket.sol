// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    Batched,
    Opening,
    Phase,
    Round,
    Seat,
    SeatRef,
    SeatState,
    Verdict
} from "../../src/interfaces/IVerificationRounds.sol";
import {Holders} from "./Holders.sol";

/// @dev The rounds of a campaign: those that go on or have seats that were not settled, and what became of the
/// others.
abstract contract Docket is Holders {
    /// @dev The present level of a round; the provider's seat is the last.
    struct Sitting {
        bytes32 requestHash;
        bytes32 key;
        uint8 level;
        Seat[] seats;
    }

    bytes32[] public requestHashes;
    bytes32[] internal live;
    mapping(bytes32 requestHash => uint256) private _seen;
    mapping(bytes32 requestHash => bytes32) private _submitted;
    mapping(bytes32 requestHash => bytes32) private _answer;

    // ------------------------------------------------------------------ a round's ways

    /// @dev Any time, or to the end of what some round waits for.
    function wait(uint16 time) public {
        vm.roll(vm.getBlockNumber() + 1 + time % 5);
        if (time % 4 == 0 || live.length == 0) return skip(time % 40);
        Round memory r = rounds.round(live[time % live.length]);
        uint256[3] memory ends = [r.commitClosesAt, r.openClosesAt, r.publishClosesAt];
        for (uint256 i = 0; i < ends.length; ++i) {
            if (ends[i] > vm.getBlockTimestamp()) return vm.warp(ends[i]);
        }
    }

    function _enter(bytes32 h) internal {
        requestHashes.push(h);
        live.push(h);
        _submitted[h] = _fixed(h);
        _noteProvider(h, provider.owner);
        ++count["submitted"];
    }

    /// @dev For whoever concludes, an audit's lot must be there.
    function _goOn(bytes32 h) internal {
        uint256 lot = rounds.round(h).entropyBlock;
        if (vm.getBlockNumber() <= lot) vm.roll(lot + 1);
        vm.recordLogs();
        _advance(h);
        _learn(h);
    }

    function _settleSome(bytes32 h, uint8 level, SeatRef[] memory refs) internal {
        uint256[] memory before = _stakesAt(h, level);
        vm.prank(keeper);
        rounds.settle(refs);
        _checkSettled(h, level, before);
    }

    /// @dev Settles what is left of a round, level by level, and takes it off the list.
    function _close(bytes32 h) internal {
        Round memory r = rounds.round(h);
        for (uint8 level = 0; level <= r.level; ++level) {
            SeatRef[] memory refs = new SeatRef[](rounds.seatsAt(h, level).length);
            for (uint8 seat = 0; seat < refs.length; ++seat) {
                refs[seat] = SeatRef(h, level, seat);
            }
            _settleSome(h, level, refs);
        }
        (uint256 fees, uint256 locks) = _pendingOf(h);
        assertEq(fees + locks, 0, "closed, and something is left");
        assertEq(_fixed(h), _submitted[h], "a round has other parameters than at its submit");
        _answer[h] = _answerOf(h);
        for (uint256 i = 0; i < live.length; ++i) {
            if (live[i] == h) live[i] = live[live.length - 1];
        }
        live.pop();
        ++count[["none", "accepted", "rejected", "inconclusive", "expired"][uint8(r.verdict)]];
        ++count["closed"];
    }

    /// @dev A seat that opened loses nothing but by an appeal that overturned its majority; none more than its
    /// lock.
    function _checkSettled(bytes32 h, uint8 level, uint256[] memory before) private {
        Seat[] memory seats = rounds.seatsAt(h, level);
        bool overturned = _isOverturned(h, level, rounds.round(h).verdict);
        for (uint256 i = 0; i < seats.length; ++i) {
            uint256 lost = before[i] - _stakeOf(seats[i].agentId);
            assertLe(lost, seats[i].lock, "more than the lock");
            if (lost == 0) continue;
            bool spared = seats[i].state == SeatState.Opened && !(overturned && _isIn(h, level, i));
            assertFalse(spared, "a seat that opened lost stake");
            ++count[overturned ? "overturned" : "slashed"];
        }
    }

    // ------------------------------------------------------------------ what the invariants read

    /// @dev Remembers the phases; false if one went back.
    function phasesAdvance() external returns (bool) {
        for (uint256 i = 0; i < live.length; ++i) {
            bytes32 h = live[i];
            uint256 now_ = 16 * begun[h] + uint8(rounds.phaseOf(h));
            if (now_ < _seen[h]) return false;
            _seen[h] = now_;
        }
        return true;
    }

    /// @return fees and bonds of the rounds that are not final, and of seats that were not settled.
    /// @return locks that rounds and unsettled seats must hold, all agents together.
    function pending() external view returns (uint256 fees, uint256 locks) {
        for (uint256 i = 0; i < live.length; ++i) {
            (uint256 waiting, uint256 held) = _pendingOf(live[i]);
            (fees, locks) = (fees + waiting, locks + held);
        }
    }

    function balances()
        external
        view
        returns (uint256 court, uint256 courtBurned, uint256 bank, uint256 bankBurned)
    {
        return (address(rounds).balance, rounds.burned(), address(vault).balance, vault.burned());
    }

    /// @dev Everybody goes: rounds are left to their clocks, seats settled, and all that is anybody's is taken.
    /// After that only what was burned may be left.
    function windDown(bool halting) external {
        if (halting) {
            vm.prank(guardian);
            vault.halt();
        }
        oracle.setDown(false);
        while (live.length != 0) {
            _finish(live[0]);
        }
        for (uint256 i = 0; i <= verifiers.length; ++i) {
            Agent memory agent = _agent(i);
            uint256 bonded = vault.stakeOf(agent.id).bonded;
            if (bonded == 0) continue;
            vm.prank(agent.owner);
            vault.requestUnstake(agent.id, bonded);
        }
        skip(UNBONDING);
        for (uint256 i = 0; i <= verifiers.length; ++i) {
            Agent memory agent = _agent(i);
            if (vault.stakeOf(agent.id).unbonding == 0) continue;
            vm.prank(agent.owner);
            vault.withdraw(agent.id);
        }
        _take(keeper);
        _take(client);
        _take(appellant);
        for (uint256 i = 0; i < owners.length; ++i) {
            _take(owners[i]);
        }
        for (uint256 i = 0; i < requestHashes.length; ++i) {
            bytes32 h = requestHashes[i];
            assertEq(uint8(rounds.phaseOf(h)), uint8(Phase.Final), "an end that was none");
            assertEq(_answerOf(h), _answer[h], "an answer that was written again");
        }
    }

    function _finish(bytes32 h) private {
        while (rounds.phaseOf(h) != Phase.Final) {
            skip(EPOCH);
            vm.roll(rounds.round(h).entropyBlock + 1);
            bool drawing = rounds.phaseOf(h) == Phase.Drawing && !vault.halted();
            if (!drawing) {
                _goOn(h);
                continue;
            }
            vm.recordLogs();
            vm.prank(keeper);
            rounds.draw(h);
            _learn(h);
        }
        _close(h);
    }

    function _take(address account) private {
        if (rounds.creditOf(account) == 0) return;
        vm.prank(account);
        rounds.withdraw();
    }

    // ------------------------------------------------------------------ helpers

    function _roundIn(uint256 which, Phase phase) internal view returns (bytes32 h, bool found) {
        for (uint256 i = 0; i < live.length; ++i) {
            h = live[(which % live.length + i) % live.length];
            if (rounds.phaseOf(h) == phase) return (h, true);
        }
    }

    /// @return When what a round waits for is over; before its count, at once.
    function _closesAt(bytes32 h) internal view returns (uint256) {
        Round memory r = rounds.round(h);
        if (r.phase == Phase.Tallying) return 0;
        return r.phase == Phase.Publishing ? r.publishClosesAt : r.openClosesAt;
    }

    function _sitting(bytes32 h) internal view returns (Sitting memory s) {
        Round memory r = rounds.round(h);
        (s.requestHash, s.level, s.key) = (h, r.level, r.key);
        Seat[] memory drawn = rounds.seatsAt(h, r.level);
        s.seats = new Seat[](drawn.length + 1);
        for (uint256 i = 0; i < drawn.length; ++i) {
            s.seats[i] = drawn[i];
        }
        s.seats[drawn.length] = rounds.providerSeat(h);
    }

    function _seatAt(Sitting memory s, uint256 i) internal pure returns (uint8) {
        return i + 1 == s.seats.length ? PROVIDER_SEAT : uint8(i);
    }

    function _commitmentOf(Sitting memory s, uint256 i, bytes32 digest) internal view returns (bytes32) {
        uint8 seat = _seatAt(s, i);
        return rounds.commitmentOf(
            s.requestHash,
            s.level,
            s.key,
            s.seats[i].agentId,
            digest,
            _evidence(seat),
            _salt(s.requestHash, seat)
        );
    }

    /// @dev Of everybody in the batch, or all but one, and the last one twice.
    function _openings(Sitting memory s, uint256 plan, mapping(uint8 seat => bytes32) storage digests)
        internal
        view
        returns (Opening[] memory list)
    {
        Batched[] storage batch = _batchOf[s.requestHash][s.level];
        list = new Opening[](batch.length);
        for (uint256 i = 0; i < list.length; ++i) {
            uint8 seat = batch[i == plan % (4 * list.length) ? list.length - 1 : i].seat;
            list[i] = _opening(s.requestHash, seat, digests[seat]);
        }
    }

    function _pendingOf(bytes32 h) private view returns (uint256 fees, uint256 locks) {
        Round memory r = rounds.round(h);
        bool over = r.phase == Phase.Final;
        if (!over) (fees, locks) = (r.fee + paidIn[h], r.bond);
        for (uint8 level = 0; level <= r.level; ++level) {
            (uint256 waiting, uint256 held) = _ofSeats(h, level, r.verdict);
            locks += held;
            if (over) fees += waiting;
        }
    }

    function _stakesAt(bytes32 h, uint8 level) private view returns (uint256[] memory list) {
        Seat[] memory seats = rounds.seatsAt(h, level);
        list = new uint256[](seats.length);
        for (uint256 i = 0; i < seats.length; ++i) {
            list[i] = _stakeOf(seats[i].agentId);
        }
    }

    /// @dev What of a round may not change after its submit.
    function _fixed(bytes32 h) private view returns (bytes32) {
        Round memory r = rounds.round(h);
        return keccak256(abi.encode(r.profileId, r.agentId, r.provider, r.payer, r.fee, r.bond));
    }

    function _answerOf(bytes32 h) private view returns (bytes32) {
        (,, uint8 response,, string memory tag, uint256 when) = validation.getValidationStatus(h);
        return keccak256(abi.encode(response, tag, when));
    }
}
