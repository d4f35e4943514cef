// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Profile} from "../../src/interfaces/IProfileRegistry.sol";
import {Phase, Seat} from "../../src/interfaces/IVerificationRounds.sol";
import {Network} from "../support/Network.sol";

/// @dev Committees of three, then seven, fifteen and thirty-one. Tolerance 20.
abstract contract AppealSetup is Network {
    bytes32 internal constant FAR = bytes32(type(uint256).max);
    uint256 internal constant WINDOW = 250;

    address internal appellant = makeAddr("appellant");

    function _verifierCount() internal pure virtual override returns (uint256) {
        return 12;
    }

    function _profile() internal pure virtual override returns (Profile memory p) {
        p = super._profile();
        (p.committeeSize, p.minOperators, p.appealWindow) = (3, 3, uint32(WINDOW));
    }

    function _appeal(bytes32 h) internal {
        (uint256 fees, uint256 bond) = rounds.appealCost(h);
        vm.deal(appellant, appellant.balance + fees + bond);
        vm.prank(appellant);
        rounds.appeal{value: fees + bond}(h);
    }

    /// @dev Draws the level and has all its seats commit one digest, the provider another, and open them.
    function _decide(bytes32 h, bytes32 claim, bytes32 digest) internal {
        _draw(h);
        _vote(h, claim, digest);
    }

    function _vote(bytes32 h, bytes32 claim, bytes32 digest) internal {
        bytes32[] memory digests = new bytes32[](rounds.round(h).seatCount);
        for (uint256 i = 0; i < digests.length; ++i) {
            digests[i] = digest;
        }
        _commitAll(h, claim, digests);
        _openAll(h, claim, digests);
        _advance(h);
    }

    /// @dev A drawn level of which nobody acts.
    function _lapse(bytes32 h) internal {
        _draw(h);
        vm.warp(rounds.round(h).commitClosesAt);
        _advance(h);
    }

    /// @dev Every seat differs from every other and from the claim.
    function _split(bytes32 h, bytes32 claim) internal {
        _draw(h);
        bytes32[] memory digests = new bytes32[](rounds.round(h).seatCount);
        for (uint256 i = 0; i < digests.length; ++i) {
            digests[i] = keccak256(abi.encode("split", i));
        }
        _commitAll(h, claim, digests);
        _openAll(h, claim, digests);
        _advance(h);
    }

    function _closeWindow(bytes32 h) internal {
        vm.warp(rounds.round(h).appealClosesAt);
    }

    function _claimOf(bytes32 h, bytes memory output) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(rounds.round(h).key, output));
    }

    function _assertPhase(bytes32 h, Phase phase) internal view {
        assertEq(uint8(rounds.phaseOf(h)), uint8(phase), "phase");
    }

    /// @dev After the end, seats settled: nothing is locked, and the court holds what it owes.
    function _assertClosed(bytes32 h) internal {
        _settle(h);
        assertEq(uint8(rounds.phaseOf(h)), uint8(Phase.Final));
        uint256 owed = rounds.creditOf(appellant) + rounds.creditOf(keeper) + rounds.creditOf(client)
            + rounds.creditOf(provider.owner);
        for (uint256 i = 0; i < verifiers.length; ++i) {
            owed += rounds.creditOf(verifiers[i].owner);
            assertEq(vault.stakeOf(verifiers[i].id).locked, 0, "locked");
        }
        assertEq(vault.stakeOf(provider.id).locked, 0, "bond");
        assertEq(address(rounds).balance, owed + rounds.burned(), "balance");
    }

    /// @dev Fees paid to the seats of a level, and stake they lost, each the same.
    function _assertSeats(bytes32 h, uint8 level, uint256 paid, uint256 lost) internal view {
        Seat[] memory seats = rounds.seatsAt(h, level);
        for (uint256 i = 0; i < seats.length; ++i) {
            Agent memory agent = verifiers[seats[i].agentId - provider.id - 1];
            assertEq(rounds.creditOf(agent.owner), paid, "paid");
            uint256 index = seats[i].agentId - provider.id - 1;
            assertEq(_stakeOf(agent.id), 2 ether + index * 1 ether - lost, "stake");
        }
    }
}
