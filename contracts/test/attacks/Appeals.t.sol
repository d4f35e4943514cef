// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICourtRecord} from "../../src/interfaces/ICourtRecord.sol";
import {Phase, Receipt as Work, Seat, Verdict} from "../../src/interfaces/IVerificationRounds.sol";
import {AppealSetup} from "../appeals/AppealSetup.sol";

/// @dev Attacks on levels and on what is between them. Three seats, then seven; tolerance 20.
contract AppealAttacksTest is AppealSetup {
    uint256 private constant FEE = 0.01 ether;
    uint256 private constant BOND = 0.03 ether;

    /// @dev What the first level opened helps nobody at the second: the key is another, the bytes are sealed.
    function test_appeal_copies_bytes__when_the_first_levels_digests_are_copied__then_worth_nothing()
        external
    {
        bytes32 h = _submit(exactId, "task");
        _draw(h);
        bytes32 old = _claimOf(h, OUTPUT);
        _vote(h, old, old);
        _appeal(h);
        _draw(h);
        bytes32 fresh = _claimOf(h, OUTPUT);
        assertNotEq(old, fresh);
        bytes32[] memory digests = new bytes32[](7);
        for (uint256 i = 0; i < 7; ++i) {
            digests[i] = i < 3 ? old : fresh;
        }
        _commitAll(h, fresh, digests);
        // Nor is there anything to copy before the window is over.
        vm.expectRevert(
            abi.encodeWithSelector(ICourtRecord.RoundWrongPhase.selector, h, Phase.Opening, Phase.Publishing)
        );
        vm.prank(provider.owner);
        rounds.publish(h, "task", OUTPUT, OUTPUT_SALT);
        _openAll(h, fresh, digests);
        _advance(h);
        _closeWindow(h);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        for (uint256 i = 0; i < 7; ++i) {
            Seat memory seat = rounds.seatsAt(h, 1)[i];
            assertEq(rounds.creditOf(_ownerOf(seat.agentId)), i < 3 ? 0 : FEE);
            uint256 bad = ledger.scoreOf(seat.agentId, _domain(exactId, "verifier")).beta;
            assertEq(bad, i < 3 ? 1e9 : 0);
        }
        _assertClosed(h);
    }

    /// @dev A cheat's friends appeal and spread noise: what decides nothing overturns nothing.
    function test_appeal_inconclusive_grief__when_friends_spread_noise__then_the_verdict_stands() external {
        bytes32 h = _submit(fuzzyId, "task");
        _decide(h, 0, FAR);
        _appeal(h);
        _split(h, 0);
        _closeWindow(h);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        _assertClosed(h);
        assertEq(rounds.creditOf(appellant), 0);
        assertEq(rounds.burned(), BOND + 7 * FEE);
        _assertSeats(h, 0, FEE, 0);
        assertEq(vault.burned(), 1 ether);
    }

    /// @dev A majority that made one output cannot be talked out of it by a claim beside it, wherever the rest
    /// of the committee votes: anywhere, or between the two, near either or both.
    function testFuzz_claim_between_clusters__then_never_accepted(
        uint8 width,
        uint8 shift,
        uint256 third,
        bool between
    ) external {
        bytes32 h = _submit(fuzzyId, "task");
        _draw(h);
        uint256 claim = ((1 << bound(width, 21, 60)) - 1) << bound(shift, 0, 196);
        bytes32[] memory digests = new bytes32[](3);
        digests[2] = bytes32(between ? claim & third : third);
        _commitAll(h, bytes32(claim), digests);
        _openAll(h, bytes32(claim), digests);
        _advance(h);
        _closeWindow(h);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        assertEq(vault.burned(), 1 ether, "the provider's bond");
        for (uint8 seat = 0; seat < 2; ++seat) {
            assertEq(rounds.creditOf(_ownerOf(_agentIn(h, seat))), FEE);
        }
    }

    /// @dev The third seat stands between the claim and the two that agree: it makes no bridge.
    function test_claim_between_clusters__when_a_friend_stands_between__then_rejected() external {
        bytes32 h = _submit(fuzzyId, "task");
        _draw(h);
        bytes32[] memory digests = new bytes32[](3);
        digests[2] = bytes32(uint256((1 << 20) - 1));
        bytes32 claim = bytes32(uint256((1 << 40) - 1));
        _commitAll(h, claim, digests);
        _openAll(h, claim, digests);
        _advance(h);
        assertEq(rounds.round(h).cluster, 3);
        _closeWindow(h);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
    }

    /// @dev No second committee for the same work but the next level's, which is larger and costs a bond.
    function test_inconclusive_retry__when_submitted_again__then_refused() external {
        bytes32 h = _submit(fuzzyId, "task");
        _split(h, 0);
        _closeWindow(h);
        _advance(h);
        _assertVerdict(h, Verdict.Inconclusive, "vni:x-inconclusive", 0);
        uint256 fee = _fee();
        Work memory work = _receipt(fuzzyId, "task");
        bytes memory signature = _sign(work, provider.key);
        bytes32 again = rounds.requestHashOf(work, "another nonce");
        vm.prank(client);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundAlreadyVerified.selector, again, h));
        router.verify{value: fee}(work, signature, _taskURI("task"), "another nonce");
    }

    /// @dev A seat that opens noise earns nothing and a bad name, and decides nothing.
    function test_garbage_opener__when_a_seat_opens_noise__then_unpaid_and_outvoted() external {
        bytes32 h = _submit(fuzzyId, "task");
        _draw(h);
        bytes32[] memory digests = new bytes32[](3);
        digests[1] = keccak256("noise");
        _commitAll(h, 0, digests);
        _openAll(h, 0, digests);
        _advance(h);
        _closeWindow(h);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        uint256 agentId = rounds.seats(h)[1].agentId;
        assertEq(rounds.creditOf(_ownerOf(agentId)), 0);
        assertEq(ledger.scoreOf(agentId, _domain(fuzzyId, "verifier")).beta, 1e9);
        assertEq(vault.burned(), 0);
    }

    /// @dev A provider that claims noise first and the truth after its own appeal slashes nobody, and pays more
    /// than it takes from the first committee.
    function test_garbage_opener__when_the_provider_claims_noise_first__then_it_costs_the_provider()
        external
    {
        bytes32 h = _submit(fuzzyId, "task");
        _decide(h, FAR, 0);
        _appeal(h);
        _decide(h, 0, 0);
        _closeWindow(h);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        _assertClosed(h);
        _assertSeats(h, 0, 0, 0);
        assertEq(rounds.creditOf(appellant), 3 * FEE + BOND);
        assertLt(rounds.creditOf(appellant), 7 * FEE + BOND);
        assertEq(vault.burned(), 0);
    }

    /// @dev For the exact family the contract sees it when the output is published.
    function test_garbage_opener__when_the_family_is_exact__then_the_provider_is_found_out() external {
        bytes32 h = _submit(exactId, "task");
        _draw(h);
        _vote(h, "noise", _claimOf(h, OUTPUT));
        _appeal(h);
        _draw(h);
        _vote(h, _claimOf(h, OUTPUT), _claimOf(h, OUTPUT));
        _closeWindow(h);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        _assertSeats(h, 0, FEE, 0);
        assertEq(vault.burned(), 1 ether);
    }

    /// @dev Seats that stay away together stop one committee, at their own cost and nobody else's; the next
    /// one has none of them.
    function test_noshow_collusion__when_two_of_three_stay_away__then_only_they_pay() external {
        bytes32 h = _submit(fuzzyId, "task");
        _draw(h);
        _commit(h, 0, 0);
        _commit(h, PROVIDER_SEAT, 0);
        vm.warp(rounds.round(h).commitClosesAt);
        _advance(h);
        _appeal(h);
        _decide(h, 0, 0);
        _closeWindow(h);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        _assertClosed(h);
        assertEq(vault.burned(), 2 * 0.05 ether);
        assertEq(rounds.creditOf(client), 3 * FEE);
        Seat[] memory seats = rounds.seatsAt(h, 0);
        for (uint256 i = 0; i < 3; ++i) {
            assertEq(rounds.creditOf(_ownerOf(seats[i].agentId)), 0);
        }
    }

    /// @dev The receipt's hash tells nobody whether a guess is right.
    /// forge-config: default.fuzz.runs = 32
    function testFuzz_output_hash_oracle__when_guessed_without_the_salt__then_nothing_shows(bytes32 salt)
        external
    {
        vm.assume(salt != OUTPUT_SALT);
        bytes32 promised = _receipt(exactId, "task").outputHash;
        assertNotEq(promised, keccak256(OUTPUT));
        assertNotEq(promised, keccak256(abi.encode(salt, keccak256(OUTPUT))));
        bytes32 h = _submit(exactId, "task");
        _draw(h);
        _vote(h, _claimOf(h, OUTPUT), _claimOf(h, OUTPUT));
        _closeWindow(h);
        bytes32 found = keccak256(abi.encode(salt, keccak256(OUTPUT)));
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.OutputHashMismatch.selector, h, found));
        vm.prank(provider.owner);
        rounds.publish(h, "task", OUTPUT, salt);
    }

    /// @dev Other bytes than those delivered cannot be published, and none cost the bond.
    /// forge-config: deep.fuzz.runs = 5000
    function testFuzz_selective_bytes__when_others_are_published__then_refused(bytes calldata other)
        external
    {
        vm.assume(keccak256(other) != keccak256(OUTPUT) && other.length <= 1024);
        bytes32 h = _submit(fuzzyId, "task");
        _decide(h, 0, 0);
        _closeWindow(h);
        bytes32 found = _outputHash(other);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.OutputHashMismatch.selector, h, found));
        vm.prank(provider.owner);
        rounds.publish(h, "task", other, OUTPUT_SALT);
        vm.warp(rounds.round(h).publishClosesAt);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        assertEq(vault.burned(), 1 ether);
    }

    /// @dev A chain that stands still while nobody can act: no verdict comes of it, the client and the provider
    /// lose nothing, seats a share of a lock that is bounded; and the round can go on.
    function test_sequencer_outage__when_a_window_passes_in_it__then_no_verdict_and_bounded() external {
        bytes32 h = _submit(fuzzyId, "task");
        vm.roll(rounds.round(h).entropyBlock + 300);
        skip(3 hours);
        rounds.draw(h);
        _assertPhase(h, Phase.Drawing); // postponed by rule
        _lapse(h);
        assertEq(uint8(rounds.round(h).level), 0);
        _appeal(h);
        _decide(h, 0, 0);
        _closeWindow(h);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        assertEq(rounds.creditOf(client), 3 * FEE);
        assertEq(vault.burned(), 3 * 0.05 ether);
    }
}
