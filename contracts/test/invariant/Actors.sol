// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    Flag,
    FlagKind,
    Phase,
    Receipt as Work,
    Seat,
    SeatRef,
    SeatState,
    SignedCommitment
} from "../../src/interfaces/IVerificationRounds.sol";
import {Docket} from "./Docket.sol";

/// @dev What people may do with rounds, each act only when it is allowed: no call may revert. What must never
/// happen in an act is asserted on the spot.
contract Actors is Docket {
    /// @dev How a committee of a level is minded.
    enum Mood {
        Honest,
        HonestAgain,
        LyingProvider, // the committee is honest
        LyingCommittee, // the provider is honest
        Collusion, // both lie, and alike
        Divided
    }

    bytes32 private constant COPIED = "copied";
    uint256 private constant MOST_ROUNDS = 8;

    mapping(bytes32 requestHash => mapping(uint8 level => mapping(uint8 seat => bytes32))) private _digestOf;

    function submit(bool exact, uint96 seed) public {
        if (live.length >= MOST_ROUNDS) return;
        if (vault.freeStakeOf(provider.id) < profile.providerBond) _stake(provider, 2 ether);
        Work memory w = _receipt(exact ? exactId : fuzzyId, keccak256(abi.encode(requestHashes.length, seed)));
        w.deadline = uint64(vm.getBlockTimestamp() + 1 days);
        vm.deal(client, _fee());
        _enter(_submit(w));
    }

    /// @dev Once more if it was too late for it.
    function draw(uint256 which) public {
        (bytes32 h, bool found) = _roundIn(which, Phase.Drawing);
        for (uint256 i = 0; found && i < 2 && rounds.phaseOf(h) == Phase.Drawing; ++i) {
            vm.roll(vm.getBlockNumber() + 3);
            vm.recordLogs();
            vm.prank(keeper);
            rounds.draw(h);
            _learn(h);
        }
    }

    /// @dev Most seats commit; one may copy the first, and can then never open.
    function commit(uint256 which, uint256 plan) public {
        (bytes32 h, bool found) = _roundIn(which, Phase.Committing);
        if (!found) return;
        Sitting memory s = _sitting(h);
        bytes32 first = s.seats[0].commitment;
        for (uint256 i = 0; i < s.seats.length; ++i) {
            uint256 whim = _whim(plan, i);
            if (whim == 0 || s.seats[i].state != SeatState.Drawn) continue;
            bytes32 digest = _choice(s, i, whim);
            bytes32 commitment = _commitmentOf(s, i, digest);
            if (whim == 1 && first != 0) (digest, commitment) = (COPIED, first);
            _digestOf[h][s.level][_seatAt(s, i)] = digest;
            vm.prank(_ownerOf(s.seats[i].agentId));
            rounds.commit(h, s.level, _seatAt(s, i), commitment);
        }
        ++count["commit"];
    }

    /// @dev A relayer posts what seats signed, one entry twice; a level's first batch only.
    function relay(uint256 which, uint256 plan) external {
        (bytes32 h, bool found) = _roundIn(which, Phase.Committing);
        if (!found) return;
        Sitting memory s = _sitting(h);
        if (_batchOf[h][s.level].length != 0) return;
        SignedCommitment[] memory entries = new SignedCommitment[](s.seats.length + 1);
        for (uint256 i = 0; i < s.seats.length; ++i) {
            uint8 seat = _seatAt(s, i);
            bytes32 digest = _choice(s, i, _whim(plan, i));
            entries[i] = _signedCommitment(h, seat, digest);
            if (s.seats[i].state == SeatState.Drawn) _digestOf[h][s.level][seat] = digest;
        }
        entries[s.seats.length] = entries[plan % s.seats.length];
        vm.recordLogs();
        vm.prank(keeper);
        rounds.commitMany(h, s.level, entries);
        _learn(h);
        ++count["relay"];
    }

    /// @dev Most of those that can open do; a relayer those whose commitments it posted.
    function open(uint256 which, uint256 plan) public {
        (bytes32 h, bool found) = _roundIn(which, Phase.Opening);
        if (!found) return;
        Sitting memory s = _sitting(h);
        if (_batchOf[h][s.level].length != 0 && plan % 8 != 0) {
            vm.recordLogs();
            vm.prank(keeper);
            rounds.openMany(h, s.level, _openings(s, plan, _digestOf[h][s.level]), _batchOf[h][s.level]);
            _learn(h);
        }
        for (uint256 i = 0; i < s.seats.length && rounds.phaseOf(h) == Phase.Opening; ++i) {
            bytes memory opening = _openingCall(s, i, false);
            // Of a batched seat the commitment is not stored.
            bool posted = s.seats[i].state == SeatState.Committed && s.seats[i].commitment != 0;
            bool copied = _digestOf[h][s.level][_seatAt(s, i)] == COPIED;
            if (_whim(plan, i) == 0 || !posted || copied) continue;
            (bool done,) = address(rounds).call(opening);
            assertTrue(done, "an opening that must be taken");
            if (_seatAt(s, i) == PROVIDER_SEAT) _noteClaim(h);
            if (_whim(plan, i) == 3 && rounds.phaseOf(h) == Phase.Opening) {
                _refused(address(rounds), opening);
                ++count["reopened"];
            }
        }
        ++count["open"];
    }

    function advance(uint256 which) public {
        (bytes32 h, bool found) = _roundIn(which, Phase.Tallying);
        if (!found) (h, found) = _roundIn(which, Phase.Publishing);
        if (!found) (h, found) = _roundIn(which, Phase.Flagging);
        if (!found) (h, found) = _roundIn(which, Phase.Voting);
        if (!found || vm.getBlockTimestamp() < _closesAt(h)) return;
        if (rounds.phaseOf(h) == Phase.Publishing) ++count["unpublished"];
        _goOn(h);
    }

    function appeal(uint256 which) public {
        (bytes32 h, bool found) = _roundIn(which, Phase.Appealing);
        if (!found) return;
        vm.recordLogs();
        _appeal(h);
        _learn(h);
    }

    function publish(uint256 which) public {
        (bytes32 h, bool found) = _roundIn(which, Phase.Publishing);
        if (!found || vm.getBlockTimestamp() >= rounds.round(h).publishClosesAt) return;
        _publish(h, OUTPUT);
        ++count["published"];
    }

    function flag(uint256 which) public {
        (bytes32 h, bool found) = _roundIn(which, Phase.Flagging);
        if (!found || vm.getBlockTimestamp() >= _closesAt(h)) return;
        vm.deal(appellant, appellant.balance + profile.appealBond);
        vm.recordLogs();
        vm.prank(appellant);
        rounds.flag{value: profile.appealBond}(h, FlagKind.Claim);
        _learn(h);
    }

    /// @dev Some seats vote, most of them the same.
    function vote(uint256 which, uint256 plan) public {
        (bytes32 h, bool found) = _roundIn(which, Phase.Voting);
        if (!found || vm.getBlockTimestamp() >= _closesAt(h)) return;
        Flag memory f = rounds.flagOf(h);
        Seat[] memory seats = rounds.seatsAt(h, f.level);
        vm.recordLogs();
        for (uint8 seat = 0; seat < seats.length; ++seat) {
            uint256 whim = _whim(plan, seat);
            if (whim < 6 || ((f.faulty | f.sound) >> seat) & 1 == 1) continue;
            vm.prank(_ownerOf(seats[seat].agentId));
            rounds.vote(h, seat, whim != 6 && uint256(h) % 2 == 0);
        }
        _learn(h);
    }

    /// @dev Some seats of a round, some of them twice, some that do not exist.
    function settle(uint256 which, uint256 plan) external {
        (bytes32 h, bool found) = _roundIn(which, Phase.Final);
        if (!found) return;
        uint8 level = uint8(plan >> 64) % (rounds.round(h).level + 1);
        SeatRef[] memory refs = new SeatRef[](8);
        for (uint256 i = 0; i < refs.length; ++i) {
            refs[i] = SeatRef(h, level, uint8(plan >> (8 * i)) % 16);
        }
        _settleSome(h, level, refs);
    }

    /// @dev Every seat of a round that is over, which with it leaves the list.
    function settleAll(uint256 which) public {
        (bytes32 h, bool found) = _roundIn(which, Phase.Final);
        if (found) _close(h);
    }

    function withdrawCredit(uint256 who) external {
        address account = [keeper, client, appellant, _agent(who / 4).owner][who % 4];
        if (rounds.creditOf(account) == 0) return;
        vm.prank(account);
        rounds.withdraw();
        ++count["paid"];
    }

    /// @dev Whatever some round waits for, so that many come to an end.
    function hurry(uint256 which, uint256 plan) external {
        if (live.length < MOST_ROUNDS && plan % 4 == 0) return submit(plan % 8 == 0, uint96(plan));
        if (live.length == 0) return;
        which %= live.length;
        Phase phase = rounds.phaseOf(live[which]);
        if (phase == Phase.Drawing) draw(which);
        else if (phase == Phase.Committing) commit(which, plan);
        else if (phase == Phase.Opening) open(which, plan);
        else if (phase == Phase.Tallying) advance(which);
        else if (phase == Phase.Appealing && plan % 3 != 0) appeal(which);
        else if (phase == Phase.Publishing) publish(which);
        else if (phase == Phase.Flagging && plan % 3 != 0) flag(which);
        else if (phase == Phase.Voting && plan % 3 != 0) vote(which, plan);
        else if (phase == Phase.Final) settleAll(which);
        else wait(uint16(plan));
    }

    // ------------------------------------------------------------------ what must be refused

    /// @dev An opening that is not the commitment's, and verbs of the court's.
    function misbehave(uint256 which, uint8 seed) external {
        (bytes32 h, bool found) = _roundIn(which, Phase.Opening);
        if (!found) return;
        Sitting memory s = _sitting(h);
        uint256 i = seed % s.seats.length;
        _refused(address(rounds), _openingCall(s, i, true));
        uint256 agentId = s.seats[i].agentId;
        _refused(address(vault), abi.encodeCall(vault.release, (agentId, 1, 1, h)));
        _refused(address(vault), abi.encodeCall(vault.lock, (agentId, 1, h)));
        _refused(address(rounds), abi.encodeCall(rounds.draw, (h)));
        _refused(address(ledger), abi.encodeCall(ledger.record, (agentId, keeper, fuzzyId, 1, 0)));
        ++count["refused"];
    }

    function _openingCall(Sitting memory s, uint256 i, bool wrong) private view returns (bytes memory) {
        uint8 seat = _seatAt(s, i);
        bytes32 digest = _digestOf[s.requestHash][s.level][seat];
        if (wrong) digest = ~digest;
        return abi.encodeCall(
            rounds.open, (s.requestHash, s.level, seat, digest, _evidence(seat), _salt(s.requestHash, seat))
        );
    }

    function _refused(address target, bytes memory data) private {
        vm.prank(keeper);
        (bool done,) = target.call(data);
        assertFalse(done, "a call that must be refused");
    }

    // ------------------------------------------------------------------ minds

    function _choice(Sitting memory s, uint256 i, uint256 whim) private pure returns (bytes32) {
        bytes32 truth = keccak256(abi.encodePacked(s.key, OUTPUT));
        uint256 moods = uint256(type(Mood).max) + 1;
        Mood mood = Mood(uint256(keccak256(abi.encode(s.requestHash, s.level))) % moods);
        if (whim == 2 || mood == Mood.Divided) return keccak256(abi.encode(truth, i));
        bool provides = _seatAt(s, i) == PROVIDER_SEAT;
        bool lies = mood == Mood.Collusion || mood == (provides ? Mood.LyingProvider : Mood.LyingCommittee);
        return lies ? ~truth : truth;
    }

    /// @dev 0: does not act. 1: copies. 2: makes something up.
    function _whim(uint256 plan, uint256 i) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(plan, i))) % 24;
    }
}
