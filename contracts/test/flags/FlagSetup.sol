// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Profile} from "../../src/interfaces/IProfileRegistry.sol";
import {FlagKind} from "../../src/interfaces/IVerificationRounds.sol";
import {AppealSetup} from "../appeals/AppealSetup.sol";

/// @dev Rounds whose publications can be flagged: committees of three, then seven.
abstract contract FlagSetup is AppealSetup {
    uint256 internal constant FEE = 0.01 ether; // of a seat
    uint256 internal constant BOND = 0.03 ether; // of an appeal, and of a flag
    uint256 internal constant VOTE = 0.0025 ether; // a third of a quarter of it
    uint256 internal constant LOST = 1 ether; // by a rejected provider
    uint256 internal constant FLAGS = 77;
    string internal constant URI = "https://example.org/output";

    address internal flagger = makeAddr("flagger");

    function _profile() internal pure virtual override returns (Profile memory p) {
        p = super._profile();
        (p.appealWindow, p.flagWindow) = (0, uint32(FLAGS));
    }

    /// @dev Accepted, and not published yet.
    function _accepted(bytes32 profileId) internal returns (bytes32 h) {
        h = _submit(profileId, "task");
        _draw(h);
        bytes32 claim = profileId == exactId ? _claimOf(h, OUTPUT) : bytes32(0);
        _vote(h, claim, claim);
    }

    function _referenced(bytes32 profileId) internal returns (bytes32 h) {
        h = _accepted(profileId);
        _refer(h);
    }

    function _refer(bytes32 h) internal {
        vm.prank(provider.owner);
        rounds.publishByReference(h, "task", keccak256(OUTPUT), OUTPUT_SALT, URI);
    }

    function _flag(bytes32 h, FlagKind kind) internal {
        vm.deal(flagger, BOND);
        vm.prank(flagger);
        rounds.flag{value: BOND}(h, kind);
    }

    function _say(bytes32 h, uint8 seat, bool faulty) internal {
        uint256 agentId = rounds.seatsAt(h, rounds.flagOf(h).level)[seat].agentId;
        vm.prank(_ownerOf(agentId));
        rounds.vote(h, seat, faulty);
    }

    function _lapseFlags(bytes32 h) internal {
        vm.warp(rounds.flagOf(h).closesAt);
        _advance(h);
    }

    /// @dev After the end, seats settled: the court holds what it owes, the vault what it has.
    function _assertPaid(bytes32 h) internal {
        // Whoever flags is nobody of the network's: what it is owed is counted apart.
        uint256 owed = rounds.creditOf(flagger);
        if (owed != 0) {
            vm.prank(flagger);
            rounds.withdraw();
        }
        _assertClosed(h);
        uint256 held = vault.burned() + _stakeOf(provider.id);
        for (uint256 i = 0; i < verifiers.length; ++i) {
            held += _stakeOf(verifiers[i].id);
        }
        assertEq(address(vault).balance, held, "vault");
    }
}
