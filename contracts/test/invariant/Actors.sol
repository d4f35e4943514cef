// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Stake} from "../../src/interfaces/IStakeVault.sol";
import {
    Phase,
    Receipt as Work,
    Round,
    Seat,
    SeatRef,
    SeatState,
    Verdict
} from "../../src/interfaces/IVerificationRounds.sol";
import {Network} from "../support/Network.sol";

/// @dev What people may do with the network, each act only when it is allowed: no call may revert.
/// Acts that settle a round check on the spot that nobody who opened lost stake.
contract Actors is Network {
    bytes32 private constant COPIED = "copied";

    bytes32[] public requestHashes;
    mapping(bytes32 requestHash => Phase) public seen;
    mapping(bytes32 requestHash => mapping(uint8 seat => bytes32)) private digests;
    mapping(string act => uint256) public count;
    bool public openedSeatLostStake;
    bool public slashExceededLock;

    modifier counted(string memory act) {
        _;
        ++count[act];
    }

    function _verifierCount() internal pure override returns (uint256) {
        return 6;
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
        vm.prank(keeper);
        rounds.draw(h);
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
            digests[h][seat] = whim < 26 ? bytes32(0) : bytes32(type(uint256).max << whim);
            bytes32 first = rounds.seats(h)[0].commitment;
            if (whim == 1 && first != 0) {
                digests[h][seat] = COPIED;
                vm.prank(_ownerOf(_agentIn(h, seat)));
                rounds.commit(h, 0, seat, first);
            } else {
                _commit(h, seat, digests[h][seat]);
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
            if (lazy || _stateOf(h, seat) != SeatState.Committed || digests[h][seat] == COPIED) continue;
            _open(h, seat, digests[h][seat]);
            ++count["open"];
        }
    }

    function advance(uint256 which) external {
        (bytes32 h, bool found) = _roundIn(which, Phase.Tallying);
        if (!found) {
            (h, found) = _roundIn(which, Phase.Publishing);
            if (!found || vm.getBlockTimestamp() < rounds.round(h).publishClosesAt) return;
        }
        _advance(h);
        ++count["advance"];
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
        uint256[] memory before = _stakes(h);
        SeatRef[] memory refs = new SeatRef[](4);
        for (uint256 i = 0; i < refs.length; ++i) {
            refs[i] = SeatRef(h, 0, uint8(plan >> (8 * i)) % 6);
        }
        vm.prank(keeper);
        rounds.settle(refs);
        _checkSettled(h, before);
        ++count["settle"];
    }

    function withdrawCredit(uint256 who) external counted("withdrawCredit") {
        address account = who % 3 == 0 ? keeper : who % 3 == 1 ? client : _agent(who / 3).owner;
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
            Phase phase = rounds.phaseOf(h);
            if (phase < seen[h]) return false;
            seen[h] = phase;
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

    /// @return fees of the rounds that are not final, and of clusters' seats that were not settled.
    /// @return locks that rounds and unsettled seats must hold, all agents together.
    function pending() external view returns (uint256 fees, uint256 locks) {
        for (uint256 i = 0; i < requestHashes.length; ++i) {
            Round memory r = rounds.round(requestHashes[i]);
            bool over = r.phase == Phase.Final;
            if (!over) (fees, locks) = (fees + r.fee, locks + r.bond);
            Seat[] memory seats = rounds.seats(requestHashes[i]);
            for (uint256 j = 0; j < seats.length; ++j) {
                if (seats[j].settled) continue;
                locks += seats[j].lock;
                bool waits = (r.cluster >> j) & 1 == 1 || seats[j].state != SeatState.Opened;
                if (over && waits && r.verdict != Verdict.Expired) fees += profile.seatFee;
            }
        }
    }

    function locked() external view returns (uint256 sum) {
        for (uint256 i = 0; i <= verifiers.length; ++i) {
            sum += vault.stakeOf(_agent(i).id).locked;
        }
    }

    function credits() external view returns (uint256 sum) {
        sum = rounds.creditOf(keeper) + rounds.creditOf(client) + rounds.creditOf(provider.owner);
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

    function _stakes(bytes32 h) private view returns (uint256[] memory list) {
        Seat[] memory seats = rounds.seats(h);
        list = new uint256[](seats.length);
        for (uint256 i = 0; i < seats.length; ++i) {
            list[i] = _stakeOf(seats[i].agentId);
        }
    }

    function _checkSettled(bytes32 h, uint256[] memory before) private {
        Seat[] memory seats = rounds.seats(h);
        for (uint256 i = 0; i < seats.length; ++i) {
            uint256 lost = before[i] - _stakeOf(seats[i].agentId);
            if (seats[i].state == SeatState.Opened && lost != 0) openedSeatLostStake = true;
            if (lost > seats[i].lock) slashExceededLock = true;
        }
    }
}
