// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Profile} from "../../src/interfaces/IProfileRegistry.sol";
import {FlagKind, Phase, Round, SeatState} from "../../src/interfaces/IVerificationRounds.sol";
import {FlagSetup} from "./FlagSetup.sol";

/// @dev Rounds of up to three levels that end in any way a flag can make them end: nobody is paid twice, no lock
/// stays, and no seat that opened loses stake by a vote.
contract FlagBooksTest is FlagSetup {
    uint256 private _seed;

    function _verifierCount() internal pure override returns (uint256) {
        return 30;
    }

    function _profile() internal pure override returns (Profile memory p) {
        p = super._profile();
        p.appealWindow = uint32(WINDOW);
    }

    /// forge-config: default.fuzz.runs = 64
    /// forge-config: ci.fuzz.runs = 500
    /// forge-config: deep.fuzz.runs = 5000
    function testFuzz_flag__when_levels_turn_and_all_vote_as_they_like__then_the_books_close(uint256 seed)
        external
    {
        _seed = seed;
        bytes32 profileId = _roll("profile", 2) == 0 ? fuzzyId : exactId;
        bytes32 h = _submit(profileId, "task");
        uint256 levels = 1 + _roll("levels", 3);
        for (uint256 i = 0; i < levels; ++i) {
            // The last decides for the provider, or nothing after a level that did.
            bool last = i + 1 == levels;
            uint256 mood = last ? 0 : uint256(keccak256(abi.encode(seed, i))) % 3;
            if (last && i != 0 && _accepts(h) && _roll("lapses", 3) == 0) mood = 3;
            if (mood == 3) {
                _lapse(h);
            } else {
                _draw(h);
                bytes32 claim = profileId == exactId ? _claimOf(h, OUTPUT) : bytes32(0);
                _vote(h, claim, mood == 1 ? claim ^ FAR : claim);
            }
            if (!last) _appeal(h);
        }
        if (rounds.phaseOf(h) == Phase.Appealing) _closeWindow(h);
        _assertPhase(h, Phase.Publishing);
        _refer(h);
        _mind(h);
        _end(h);
        assertEq(uint8(rounds.phaseOf(h)), uint8(Phase.Final));
        uint256 rewarded = rounds.creditOf(flagger);
        _assertPaid(h);
        _assertNobodySlashedByVotes(h);
        assertLe(rewarded, 2 * BOND);
    }

    /// @dev Flagged or not, voted on or not, the vault halted in between or not.
    function _mind(bytes32 h) private {
        if (_roll("flagged", 4) == 0) return;
        skip(_roll("when", FLAGS));
        _flag(h, FlagKind(_roll("kind", 3)));
        uint256 seats = rounds.seatsAt(h, rounds.flagOf(h).level).length;
        for (uint8 seat = 0; seat < seats; ++seat) {
            uint256 mind = uint256(keccak256(abi.encode(_seed, "vote", seat))) % (2 + _roll("mood", 2));
            if (mind != 2) _say(h, seat, mind == 0);
        }
    }

    function _end(bytes32 h) private {
        vm.warp(rounds.flagOf(h).closesAt);
        _advance(h);
    }

    /// @dev A level whose majority the committees' last word overturned is an appeal's affair.
    function _assertNobodySlashedByVotes(bytes32 h) private view {
        Round memory r = rounds.round(h);
        for (uint8 level = 0; level <= r.level; ++level) {
            for (uint256 seat = 0; seat < rounds.seatsAt(h, level).length; ++seat) {
                if (rounds.seatsAt(h, level)[seat].state != SeatState.Opened) continue;
                // Nothing was published where the contract saw it: nobody who rejected is slashed either.
                uint256 id = rounds.seatsAt(h, level)[seat].agentId;
                assertEq(_stakeOf(id), 2 ether + (id - provider.id - 1) * 1 ether, "opened, and lost stake");
            }
        }
    }

    function _accepts(bytes32 h) private view returns (bool) {
        return rounds.seatsAt(h, rounds.round(h).level - 1).length != 0
            && uint256(keccak256(abi.encode(_seed, uint256(rounds.round(h).level - 1)))) % 3 != 1;
    }

    function _roll(string memory what, uint256 sides) private view returns (uint256) {
        return uint256(keccak256(abi.encode(_seed, what))) % sides;
    }
}
