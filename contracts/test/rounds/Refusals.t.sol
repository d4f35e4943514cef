// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CourtDraws} from "../../src/CourtDraws.sol";
import {CourtIntake} from "../../src/CourtIntake.sol";
import {CourtSettlement} from "../../src/CourtSettlement.sol";
import {VerificationRounds} from "../../src/VerificationRounds.sol";
import {ICourtRecord} from "../../src/interfaces/ICourtRecord.sol";
import {IProfileRegistry, Profile} from "../../src/interfaces/IProfileRegistry.sol";
import {IStakeVault} from "../../src/interfaces/IStakeVault.sol";
import {
    Batched,
    FlagKind,
    Opening,
    Phase,
    Receipt as Work,
    SignedCommitment
} from "../../src/interfaces/IVerificationRounds.sol";
import {FlagSetup} from "../flags/FlagSetup.sol";
import {Oracle} from "../support/Mocks.sol";

/// @dev What is refused is refused with an error that says why, at any time, and has changed nothing.
contract RefusalsTest is FlagSetup {
    bytes4 private constant PANIC = 0x4e487b71;
    bytes4 private constant REASON = 0x08c379a0;

    uint256 private _seed;
    uint256 private _refused;

    function _profile() internal pure override returns (Profile memory p) {
        p = super._profile();
        p.appealWindow = uint32(WINDOW);
    }

    /// @dev One round through all of its phases; in each, every verb, by anybody, with anything.
    /// forge-config: default.fuzz.runs = 4
    /// forge-config: ci.fuzz.runs = 50
    /// forge-config: deep.fuzz.runs = 2000
    function testFuzz_verb__when_it_is_refused__then_with_an_error_and_nothing_has_changed(uint256 seed)
        external
    {
        _seed = seed;
        bytes32 h = _submit(fuzzyId, "task");
        _tryAll(h);
        _draw(h);
        _tryAll(h);
        bytes32[] memory digests = new bytes32[](3);
        _commitAll(h, 0, digests);
        _tryAll(h);
        for (uint8 seat = 0; seat < 3; ++seat) {
            _open(h, seat, 0);
        }
        vm.warp(rounds.round(h).openClosesAt - 1);
        _open(h, PROVIDER_SEAT, 0);
        _assertPhase(h, Phase.Tallying);
        _tryAll(h);
        _advance(h);
        _tryAll(h);
        _appeal(h);
        _decide(h, 0, 0);
        _closeWindow(h);
        _assertPhase(h, Phase.Publishing);
        _tryAll(h);
        _refer(h);
        _tryAll(h);
        _flag(h, FlagKind.Claim);
        _assertPhase(h, Phase.Voting);
        _tryAll(h);
        _lapseFlags(h);
        _assertPhase(h, Phase.Final);
        _tryAll(h);
        assertGt(_refused, 60, "most of what comes at the wrong time is refused");
    }

    function _tryAll(bytes32 h) private {
        bytes32 r = _roll(1) % 8 == 0 ? bytes32(_roll(2)) : h;
        uint8 level = uint8(_roll(3) % 5);
        uint8 seat = [0, 1, 2, 6, 200, 255][_roll(4) % 6];
        bytes32 word = bytes32(_roll(5));
        bytes memory some = abi.encodePacked(word, word);
        _try(h, 0, abi.encodeCall(rounds.submit, (r, rounds.policyOf(fuzzyId), some)));
        _try(h, 0, abi.encodeCall(rounds.submit, (r, some, some)));
        _try(h, 0, abi.encodeCall(rounds.draw, (r)));
        _try(h, 0, abi.encodeCall(rounds.commit, (r, level, seat, word)));
        _try(h, 0, abi.encodeCall(rounds.open, (r, level, seat, word, word, word)));
        _try(h, 0, abi.encodeCall(rounds.advance, (r)));
        _try(h, _roll(6) % 1 ether, abi.encodeCall(rounds.appeal, (r)));
        _try(h, 0, abi.encodeCall(rounds.publish, (r, "task", some, word)));
        _try(h, 0, abi.encodeCall(rounds.publishByReference, (r, "task", word, word, URI)));
        _try(h, _roll(7) % 1 ether, abi.encodeCall(rounds.flag, (r, FlagKind(_roll(8) % 3))));
        _try(h, 0, abi.encodeCall(rounds.vote, (r, seat, _roll(9) % 2 == 0)));
        _try(h, 0, abi.encodeCall(rounds.withdraw, ()));
        SignedCommitment[] memory signed = new SignedCommitment[](1);
        signed[0] = SignedCommitment(seat, word, word, word);
        _try(h, 0, abi.encodeCall(rounds.commitMany, (r, level, signed)));
        Opening[] memory openings = new Opening[](1);
        openings[0] = Opening(seat, word, word, word);
        Batched[] memory batch = new Batched[](_roll(10) % 2);
        if (batch.length != 0) batch[0] = Batched(seat, word);
        _try(h, 0, abi.encodeCall(rounds.openMany, (r, level, openings, batch)));
    }

    /// @dev Undoes what goes through.
    function _try(bytes32 h, uint256 value, bytes memory data) private {
        address by = [keeper, client, provider.owner, verifiers[_roll(11) % 12].owner][_roll(12) % 4];
        vm.deal(by, by.balance + value);
        bytes32 before = _state(h, by);
        uint256 snapshot = vm.snapshotState();
        vm.prank(by);
        (bool done, bytes memory reason) = address(rounds).call{value: value}(data);
        if (done) {
            vm.revertToState(snapshot);
            return;
        }
        ++_refused;
        assertGe(reason.length, 4, "refused without an error");
        bytes4 selector = bytes4(reason);
        assertTrue(selector != PANIC && selector != REASON, "refused with none of our errors");
        assertEq(_state(h, by), before, "refused, and something has changed");
    }

    function _state(bytes32 h, address by) private view returns (bytes32) {
        return keccak256(
            abi.encode(
                rounds.round(h),
                rounds.seats(h),
                rounds.providerSeat(h),
                rounds.flagOf(h),
                rounds.creditOf(by),
                [rounds.burned(), rounds.roundCount(), vault.burned()],
                [by.balance, address(rounds).balance, address(vault).balance],
                vault.stakeOf(provider.id)
            )
        );
    }

    function _roll(uint256 salt) private view returns (uint256) {
        return uint256(keccak256(abi.encode(_seed, _refused, salt)));
    }

    // ------------------------------------------------------------------ those that no ladder comes to

    function test_submit__when_the_uri_is_of_another_task__then_refused() external {
        Work memory work = _receipt(fuzzyId, "task");
        bytes memory signature = _sign(work, provider.key);
        uint256 fee = _fee();
        vm.prank(client);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.TaskURIInvalid.selector, bytes32("task")));
        router.verify{value: fee}(work, signature, _taskURI("another"), "nonce");
    }

    function test_court__when_a_piece_has_other_neighbours__then_not_made() external {
        Oracle other = new Oracle();
        for (uint256 odd = 0; odd < 3; ++odd) {
            Oracle[3] memory o = [oracle, oracle, oracle];
            o[odd] = other;
            CourtIntake intake = new CourtIntake(identity, validation, profiles, vault, ledger, o[0]);
            CourtDraws draws = new CourtDraws(identity, validation, profiles, vault, ledger, o[1]);
            CourtSettlement end = new CourtSettlement(identity, validation, profiles, vault, ledger, o[2]);
            address piece = [address(intake), address(draws), address(end)][odd];
            vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundModuleMismatch.selector, piece));
            new VerificationRounds(identity, validation, profiles, vault, ledger, oracle, intake, draws, end);
        }
    }

    function test_profileAt__when_there_is_none__then_refused() external {
        vm.expectRevert(abi.encodeWithSelector(IProfileRegistry.ProfileNumberUnknown.selector, 77));
        profiles.profileAt(77);
    }

    /// @dev Eight ids fit in a word of the court's; registries count from 0.
    function test_enrol__when_the_agents_id_is_too_large__then_refused() external {
        uint256 agentId = uint256(type(uint32).max) + 1;
        vm.mockCall(
            address(identity),
            abi.encodeCall(identity.isAuthorizedOrOwner, (address(this), agentId)),
            abi.encode(true)
        );
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.VaultAgentIdTooLarge.selector, agentId));
        vault.enrol(agentId, fuzzyId);
    }
}

/// @dev A profile without a window for flags.
contract NoReferenceTest is FlagSetup {
    function _profile() internal pure override returns (Profile memory p) {
        p = super._profile();
        p.flagWindow = 0;
    }

    function test_publishByReference__when_nobody_could_flag_it__then_the_bytes_are_owed() external {
        bytes32 h = _accepted(fuzzyId);
        vm.prank(provider.owner);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.OutputNeedsBytes.selector, h));
        rounds.publishByReference(h, "task", keccak256(OUTPUT), OUTPUT_SALT, URI);
        _assertPhase(h, Phase.Publishing);
    }
}
