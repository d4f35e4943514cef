// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Profile} from "../../src/interfaces/IProfileRegistry.sol";
import {Stake} from "../../src/interfaces/IStakeVault.sol";
import {Ledgers} from "./Ledgers.sol";

/// @dev What agents and those who run the network may do at any time, rounds or none.
abstract contract Holders is Ledgers {
    uint256 private constant TRADERS = 4;
    uint256 private constant MOST_AGENTS = 24;
    uint256 private constant MOST_PROFILES = 4;

    /// @dev Whoever may ever own an agent, and so have credit.
    address[] internal owners;
    mapping(address owner => uint256) private _keys;
    bytes32 private _terms;

    function setUp() public virtual override {
        super.setUp();
        _meet(provider.owner, provider.key);
        for (uint256 i = 0; i < verifiers.length; ++i) {
            _meet(verifiers[i].owner, verifiers[i].key);
        }
        for (uint256 i = 0; i < TRADERS; ++i) {
            (address trader, uint256 key) = makeAddrAndKey(string.concat("trader", vm.toString(i)));
            _meet(trader, key);
        }
        _terms = _termsNow();
    }

    /// @dev So many that a third committee can be drawn.
    function _verifierCount() internal pure override returns (uint256) {
        return 20;
    }

    // ------------------------------------------------------------------ stake

    function stake(uint256 who, uint96 amount) external {
        _stake(_agent(who), _bound(amount, 1, 5 ether));
    }

    function requestUnstake(uint256 who, uint96 amount) external {
        Agent memory agent = _agent(who);
        uint256 bonded = vault.stakeOf(agent.id).bonded;
        if (bonded == 0) return;
        vm.prank(agent.owner);
        vault.requestUnstake(agent.id, _bound(amount, 1, bonded));
        ++count["unstaked"];
    }

    /// @dev Now and then by waiting it out, which ends every window: so all who had a part vanish.
    function withdrawStake(uint256 who, uint8 patience) external {
        Agent memory agent = _agent(who);
        Stake memory s = vault.stakeOf(agent.id);
        if (s.unbonding == 0 || vault.freeStakeOf(agent.id) == 0) return;
        if (s.unbondsAt > vm.getBlockTimestamp()) {
            if (patience % 16 != 0) return;
            vm.warp(s.unbondsAt);
        }
        vm.prank(agent.owner);
        vault.withdraw(agent.id);
        ++count["withdrawn"];
    }

    /// @dev Refused to whoever has another agent there, or has lost the exam.
    function enrolOrLeave(uint256 who, bool exact) external {
        Agent memory agent = _agent(who);
        bytes32 profileId = exact ? exactId : fuzzyId;
        vm.startPrank(agent.owner);
        if (vault.isEnrolled(agent.id, profileId)) vault.unenrol(agent.id, profileId);
        else try vault.enrol(agent.id, profileId) {} catch {}
        vm.stopPrank();
    }

    // ------------------------------------------------------------------ identities

    function register(uint96 amount) external {
        if (verifiers.length == MOST_AGENTS) return;
        Agent memory agent = _register(string.concat("newcomer", vm.toString(verifiers.length)));
        verifiers.push(agent);
        _meet(agent.owner, agent.key);
        _stake(agent, _bound(amount, profile.minStake, 10 ether));
        _enrol(agent, fuzzyId);
        _enrol(agent, exactId);
        ++count["registered"];
    }

    /// @dev With its seats, locks and rounds, to anybody: also to whose work it judges.
    function sell(uint256 who, uint256 to) external {
        Agent memory agent = _agent(who);
        address buyer = owners[to % owners.length];
        if (buyer == agent.owner) return;
        vm.prank(agent.owner);
        identity.transferFrom(agent.owner, buyer, agent.id);
        if (agent.id == provider.id) {
            (provider.owner, provider.key) = (buyer, _keys[buyer]);
            vm.prank(buyer);
            identity.approve(address(router), provider.id);
        } else {
            Agent storage sold = verifiers[agent.id - provider.id - 1];
            (sold.owner, sold.key) = (buyer, _keys[buyer]);
        }
        ++count["sold"];
    }

    // ------------------------------------------------------------------ those who run it

    /// @dev A new version with other parameters for everything, which no round that is begun may notice.
    function flip(uint16 seed) external {
        if (count["flipped"] >= MOST_PROFILES) return;
        Profile memory p = profile;
        (p.tolerance, p.committeeSize, p.minOperators) = (0, 5, 4);
        (p.commitWindow, p.openWindow, p.appealWindow, p.publishWindow) = (1, 1, 1, 1);
        (p.slashNoCommitBps, p.slashNoOpenBps, p.slashOverturnedBps) = (9000, 10_000, 10_000);
        (p.seatFee, p.minStake, p.seatLock) = (p.seatFee / 2, 2 ether, 2 ether);
        profiles.register(abi.encode("another version", count["flipped"], seed), p);
        ++count["flipped"];
    }

    /// @dev Exams are lost and passed, and blocks' entropy is there or not; mostly all is well.
    function trouble(uint256 who, uint8 kind) external {
        oracle.setDown(kind % 32 == 7);
        exams.fail(_agent(who).id, kind % 16 == 9);
    }

    // ------------------------------------------------------------------ what the invariants read

    /// @return Whether the profiles of the rounds are those of the start.
    function termsHold() external view returns (bool) {
        return _termsNow() == _terms;
    }

    /// @return sum of all bonded and unbonding stake.
    /// @return locked of it.
    /// @return covered every lock is within its stake.
    function stakes() public view returns (uint256 sum, uint256 locked, bool covered) {
        covered = true;
        for (uint256 i = 0; i <= verifiers.length; ++i) {
            Stake memory s = vault.stakeOf(_agent(i).id);
            sum += uint256(s.bonded) + s.unbonding;
            locked += s.locked;
            covered = covered && s.locked <= uint256(s.bonded) + s.unbonding;
        }
    }

    function credits() public view returns (uint256 sum) {
        sum = rounds.creditOf(keeper) + rounds.creditOf(client) + rounds.creditOf(appellant);
        for (uint256 i = 0; i < owners.length; ++i) {
            sum += rounds.creditOf(owners[i]);
        }
    }

    // ------------------------------------------------------------------ helpers

    /// @dev The provider comes last.
    function _agent(uint256 who) internal view returns (Agent memory) {
        uint256 index = who % (verifiers.length + 1);
        return index == verifiers.length ? provider : verifiers[index];
    }

    function _meet(address owner, uint256 key) private {
        owners.push(owner);
        _keys[owner] = key;
    }

    function _termsNow() private view returns (bytes32) {
        return keccak256(abi.encode(profiles.profile(fuzzyId), profiles.profile(exactId)));
    }
}
