// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Stake} from "../../src/interfaces/IStakeVault.sol";
import {
    Phase,
    Receipt as Work,
    Round,
    Seat,
    SeatRef,
    SeatState
} from "../../src/interfaces/IVerificationRounds.sol";
import {Ledgers} from "./Ledgers.sol";

/// @dev What people may do with the network, each act only when it is allowed: no call may revert.
/// Acts that settle a round check on the spot that nobody who opened lost stake.
contract Actors is Ledgers {
    bytes32 private constant COPIED = "copied";

    bytes32[] public requestHashes;
    mapping(bytes32 requestHash => uint256) public seen;
    mapping(bytes32 requestHash => mapping(uint8 level => mapping(uint8 seat => bytes32))) private digests;
    mapping(string act => uint256) public count;
    bool public openedSeatLostStake;
    bool public slashExceededLock;

    modifier counted(string memory act) {
        _;
        ++count[act];
    }

    // ------------------------------------------------------------------ stake

    function stake(uint256 who, uint96 amount) external counted("stake") {
        _stake(_agent(who), bound(amount, 1, 5 ether));
    }

    function requestUnstake(uint256 who, uint96 amount) external counted("requestUnstake") {
        Agent memory agent = _agent(who);
        uint256 bonded = vault.stakeOf(agent.id).bonded;
        if (bonded == 0) return;
        vm.prank(agent.owner);
        vault.requestUnstake(agent.id, bound(amount, 1, bonded));
    }

    function withdrawStake(uint256 who, uint8 patience) external counted("withdrawStake") {
        Agent memory agent = _agent(who);
        Stake memory s = vault.stakeOf(agent.id);
        if (s.unbonding == 0 || vault.freeStakeOf(agent.id) == 0) return;
        if (s.unbondsAt > vm.getBlockTimestamp()) {
            if (patience % 8 != 0) return; // waiting it out ends every window
            vm.warp(s.unbondsAt);
        }
        vm.prank(agent.owner);
        vault.withdraw(agent.id);
    }

    function enrolOrLeave(uint256 who) external counted("enrolOrLeave") {
        Agent memory agent = _agent(who);
        vm.startPrank(agent.owner);
        if (vault.isEnrolled(agent.id, fuzzyId)) vault.unenrol(agent.id, fuzzyId);
        else vault.enrol(agent.id, fuzzyId);
        vm.stopPrank();
    }

    // ------------------------------------------------------------------ rounds

    function submit(bool exact) external {
        if (vault.freeStakeOf(provider.id) < profile.providerBond) return;
        Work memory w = _receipt(exact ? exactId : fuzzyId, bytes32(requestHashes.length));
        w.deadline = uint64(vm.getBlockTimestamp() + 1 days);
        vm.deal(client, _fee());
        requestHashes.push(_submit(w));
        ++count["submit"];
    }

    function draw(uint256 which) external {
        (bytes32 h, bool found) = _roundIn(which, Phase.Drawing);
        if (!found) return;
        vm.roll(vm.getBlockNumber() + 3);
        vm.recordLogs();
        vm.prank(keeper);
        rounds.draw(h);
        _learn(h);
        ++count["draw"];
    }

    /// @dev Most seats commit, and most the same; one may copy the first, and can then never open.
    function commit(uint256 which, uint256 plan) external {
        (bytes32 h, bool found) = _roundIn(which, Phase.Committing);
        if (!found) return;
        uint256 last = rounds.seats(h).length; // the provider's turn
        for (uint256 i = 0; i <= last && rounds.phaseOf(h) == Phase.Committing; ++i) {
            uint8 seat = i == last ? PROVIDER_SEAT : uint8(i);
            uint256 whim = uint256(keccak256(abi.encode(plan, i))) % 32;
            if (whim == 0 || _stateOf(h, seat) != SeatState.Drawn) continue;
            uint8 level = rounds.round(h).level;
            // At the levels above, some committees are of another mind altogether.
            bytes32 common = level == 0 || plan % 3 == 0 ? bytes32(0) : bytes32(type(uint256).max);
            if (seat == PROVIDER_SEAT) common = 0;
            digests[h][level][seat] = whim < 26 ? common : bytes32(type(uint256).max << whim);
            bytes32 first = rounds.seats(h)[0].commitment;
            if (whim == 1 && first != 0) {
                digests[h][level][seat] = COPIED;
                vm.prank(_ownerOf(_agentIn(h, seat)));
                rounds.commit(h, level, seat, first);
            } else {
                _commit(h, seat, digests[h][level][seat]);
            }
            ++count["commit"];
        }
    }

    /// @dev Most of those that can open do.
    function open(uint256 which, uint256 plan) external {
        (bytes32 h, bool found) = _roundIn(which, Phase.Opening);
        if (!found) return;
        uint256 last = rounds.seats(h).length;
        for (uint256 i = 0; i <= last && rounds.phaseOf(h) == Phase.Opening; ++i) {
            uint8 seat = i == last ? PROVIDER_SEAT : uint8(i);
            bool lazy = uint256(keccak256(abi.encode(plan, i))) % 32 == 0;
            bytes32 digest = digests[h][rounds.round(h).level][seat];
            if (lazy || _stateOf(h, seat) != SeatState.Committed || digest == COPIED) continue;
            _open(h, seat, digest);
            if (seat == PROVIDER_SEAT) _noteClaim(h);
            ++count["open"];
        }
    }

    function advance(uint256 which) external {
        (bytes32 h, bool found) = _roundIn(which, Phase.Tallying);
        if (!found) {
            (h, found) = _roundIn(which, Phase.Publishing);
            if (!found || vm.getBlockTimestamp() < rounds.round(h).publishClosesAt) return;
        }
        // For whoever concludes, an audit's lot must be there.
        uint256 lot = rounds.round(h).entropyBlock;
        if (vm.getBlockNumber() <= lot) vm.roll(lot + 1);
        vm.recordLogs();
        _advance(h);
        _learn(h);
        ++count["advance"];
    }

    function appeal(uint256 which) external {
        (bytes32 h, bool found) = _roundIn(which, Phase.Appealing);
        if (!found) return;
        vm.recordLogs();
        _appeal(h);
        _learn(h);
        ++count["appeal"];
    }

    function publish(uint256 which) external {
        (bytes32 h, bool found) = _roundIn(which, Phase.Publishing);
        if (!found || vm.getBlockTimestamp() >= rounds.round(h).publishClosesAt) return;
        _publish(h, OUTPUT);
        ++count["publish"];
    }

    /// @dev Some seats of a round, some of them twice, some that do not exist.
    function settle(uint256 which, uint256 plan) external {
        (bytes32 h, bool found) = _roundIn(which, Phase.Final);
        if (!found) return;
        uint8 level = uint8(plan >> 64) % (rounds.round(h).level + 1);
        uint256[] memory before = _stakes(h, level);
        SeatRef[] memory refs = new SeatRef[](4);
        for (uint256 i = 0; i < refs.length; ++i) {
            refs[i] = SeatRef(h, level, uint8(plan >> (8 * i)) % 8);
        }
        vm.prank(keeper);
        rounds.settle(refs);
        _checkSettled(h, level, before);
        ++count["settle"];
    }

    function withdrawCredit(uint256 who) external counted("withdrawCredit") {
        address account = [keeper, client, appellant, _agent(who / 4).owner][who % 4];
        if (rounds.creditOf(account) == 0) return;
        vm.prank(account);
        rounds.withdraw();
    }

    function wait(uint16 time) external counted("wait") {
        skip(time % 40);
        vm.roll(vm.getBlockNumber() + 1 + time % 5);
    }

    // ------------------------------------------------------------------ what the invariants read

    /// @dev Remembers the phases; false if one went back.
    function phasesAdvance() external returns (bool) {
        for (uint256 i = 0; i < requestHashes.length; ++i) {
            bytes32 h = requestHashes[i];
            uint256 now_ = 16 * begun[h] + uint8(rounds.phaseOf(h));
            if (now_ < seen[h]) return false;
            seen[h] = now_;
        }
        return true;
    }

    function agents() external view returns (uint256) {
        return verifiers.length + 1;
    }

    /// @return sum of all bonded and unbonding stake. @return covered every lock is within its stake.
    function stakes() external view returns (uint256 sum, bool covered) {
        covered = true;
        for (uint256 i = 0; i <= verifiers.length; ++i) {
            Stake memory s = vault.stakeOf(_agent(i).id);
            sum += uint256(s.bonded) + s.unbonding;
            covered = covered && s.locked <= uint256(s.bonded) + s.unbonding;
        }
    }

    /// @return fees and bonds of the rounds that are not final, and of seats that were not settled.
    /// @return locks that rounds and unsettled seats must hold, all agents together.
    function pending() external view returns (uint256 fees, uint256 locks) {
        for (uint256 i = 0; i < requestHashes.length; ++i) {
            bytes32 h = requestHashes[i];
            Round memory r = rounds.round(h);
            bool over = r.phase == Phase.Final;
            if (!over) (fees, locks) = (fees + r.fee + paidIn[h], locks + r.bond);
            for (uint8 level = 0; level <= r.level; ++level) {
                (uint256 waiting, uint256 held) = _ofSeats(h, level, r.verdict);
                locks += held;
                if (over) fees += waiting;
            }
        }
    }

    function locked() external view returns (uint256 sum) {
        for (uint256 i = 0; i <= verifiers.length; ++i) {
            sum += vault.stakeOf(_agent(i).id).locked;
        }
    }

    function credits() external view returns (uint256 sum) {
        sum = rounds.creditOf(keeper) + rounds.creditOf(client) + rounds.creditOf(provider.owner)
            + rounds.creditOf(appellant);
        for (uint256 i = 0; i < verifiers.length; ++i) {
            sum += rounds.creditOf(verifiers[i].owner);
        }
    }

    function balances()
        external
        view
        returns (uint256 court, uint256 courtBurned, uint256 bank, uint256 bankBurned)
    {
        return (address(rounds).balance, rounds.burned(), address(vault).balance, vault.burned());
    }

    // ------------------------------------------------------------------ helpers

    function _agent(uint256 who) private view returns (Agent memory) {
        uint256 index = who % (verifiers.length + 1);
        return index == verifiers.length ? provider : verifiers[index];
    }

    function _roundIn(uint256 which, Phase phase) private view returns (bytes32 h, bool found) {
        for (uint256 i = 0; i < requestHashes.length; ++i) {
            h = requestHashes[(which % requestHashes.length + i) % requestHashes.length];
            if (rounds.phaseOf(h) == phase) return (h, true);
        }
    }

    function _stateOf(bytes32 h, uint8 seat) private view returns (SeatState) {
        return seat == PROVIDER_SEAT ? rounds.providerSeat(h).state : rounds.seats(h)[seat].state;
    }

    function _stakes(bytes32 h, uint8 level) private view returns (uint256[] memory list) {
        Seat[] memory seats = rounds.seatsAt(h, level);
        list = new uint256[](seats.length);
        for (uint256 i = 0; i < seats.length; ++i) {
            list[i] = _stakeOf(seats[i].agentId);
        }
    }

    function _checkSettled(bytes32 h, uint8 level, uint256[] memory before) private {
        Seat[] memory seats = rounds.seatsAt(h, level);
        bool overturned = _isOverturned(h, level, rounds.round(h).verdict);
        for (uint256 i = 0; i < seats.length; ++i) {
            uint256 lost = before[i] - _stakeOf(seats[i].agentId);
            bool spared = seats[i].state == SeatState.Opened && !(overturned && _isIn(h, level, i));
            if (spared && lost != 0) openedSeatLostStake = true;
            if (lost != 0 && overturned) ++count["overturned"];
            if (lost > seats[i].lock) slashExceededLock = true;
        }
    }
}
