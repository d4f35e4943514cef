// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Profile} from "../../src/interfaces/IProfileRegistry.sol";
import {Phase, SeatRef, Verdict} from "../../src/interfaces/IVerificationRounds.sol";
import {Network} from "../support/Network.sol";

/// @dev A committee of 31 whose every seat is slashed, each over four profiles with crowded trees: what
/// ends a round, and closes all its accounts at once, must fit in one transaction, or stakes would stay locked for ever. The rounds stand
/// in `setUp`, so that each test starts with cold storage, as a transaction does.
contract LargestCommitteeTest is Network {
    /// @dev EIP-7825: no transaction may use more.
    uint256 private constant TRANSACTION_GAS = 1 << 24;
    uint256 private constant SEATS = 31;
    uint256 private constant BYSTANDERS = 23;

    bytes32[] private _profileIds;
    bytes32 private _undrawn;
    bytes32 private _absent;
    bytes32 private _silent;

    function setUp() public override {
        super.setUp();
        _profileIds =
            [fuzzyId, exactId, profiles.register("third", profile), profiles.register("fourth", profile)];
        for (uint256 i = 0; i < SEATS + 1; ++i) {
            Agent memory agent = _register(string.concat("member", vm.toString(i)));
            verifiers.push(agent);
            _stake(agent, 5 ether);
            _enrolEverywhere(agent);
            // Unstaked, yet they take leaves: the members have few nodes in common.
            for (uint256 j = 0; j < BYSTANDERS; ++j) {
                _enrolEverywhere(_register(string.concat("bystander", vm.toString(i * BYSTANDERS + j))));
            }
        }
        skip(EPOCH);
        _absent = _submit(fuzzyId, keccak256("absent"));
        _silent = _submit(fuzzyId, keccak256("silent"));
        _undrawn = _submit(fuzzyId, keccak256("undrawn"));
        _draw(_absent);
        _draw(_silent);
        for (uint8 seat = 0; seat < SEATS; ++seat) {
            _commit(_silent, seat, bytes32(uint256(seat)));
        }
    }

    function _verifierCount() internal pure override returns (uint256) {
        return 0;
    }

    function _profile() internal pure override returns (Profile memory p) {
        p = super._profile();
        (p.committeeSize, p.minOperators) = (uint8(SEATS), uint8(SEATS));
    }

    function test_draw__when_committee_is_the_largest__then_fits_in_a_transaction() external {
        uint256 before = gasleft();
        rounds.draw(_undrawn);
        _assertFits(before - gasleft());
        assertEq(rounds.seats(_undrawn).length, SEATS);
    }

    function test_advance__when_all_31_are_absent__then_fits_in_a_transaction() external {
        vm.warp(rounds.round(_absent).commitClosesAt);
        _assertSettles(_absent, 0.05 ether);
    }

    function test_advance__when_all_31_stay_silent__then_fits_in_a_transaction() external {
        vm.warp(rounds.round(_silent).openClosesAt);
        _assertSettles(_silent, 0.15 ether);
    }

    function _assertSettles(bytes32 h, uint256 slash) private {
        uint256 before = gasleft();
        rounds.advance(h);
        _assertFits(before - gasleft());
        SeatRef[] memory refs = new SeatRef[](SEATS);
        for (uint8 seat = 0; seat < SEATS; ++seat) {
            refs[seat] = SeatRef(h, 0, seat);
        }
        before = gasleft();
        rounds.settle(refs);
        _assertFits(before - gasleft());
        assertEq(uint8(rounds.round(h).verdict), uint8(Verdict.Expired));
        assertEq(vault.burned(), SEATS * slash);
        assertEq(uint8(rounds.phaseOf(h)), uint8(Phase.Final));
    }

    /// @dev With a quarter to spare, for trees of a thousand times as many.
    function _assertFits(uint256 used) private {
        emit log_named_uint("gas", used);
        assertLt(used, TRANSACTION_GAS * 3 / 4);
    }

    function _enrolEverywhere(Agent memory agent) private {
        for (uint256 i = 0; i < _profileIds.length; ++i) {
            _enrol(agent, _profileIds[i]);
        }
    }
}
