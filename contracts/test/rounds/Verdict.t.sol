// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICourtRecord} from "../../src/interfaces/ICourtRecord.sol";
import {Score} from "../../src/interfaces/IReputationLedger.sol";
import {IVerificationRounds, Phase, Seat, Verdict} from "../../src/interfaces/IVerificationRounds.sol";
import {Wallet} from "../support/Mocks.sol";
import {Network} from "../support/Network.sol";

/// @dev From the openings to the verdict, the money and the evidence. Tolerance 20, five seats, three decide.
contract VerdictTest is Network {
    uint256 private constant FAR = type(uint256).max; // 256 bits from 0
    uint256 private constant ELSEWHERE = type(uint128).max; // 128 bits from both

    // ------------------------------------------------------------------ verdicts

    function test_accepted__when_majority_agrees_and_output_is_published() external {
        bytes32 h = _voted(fuzzyId, 0, _digests(0, (1 << 20) - 1, 1, FAR, (1 << 21) - 1));
        assertEq(uint8(rounds.phaseOf(h)), uint8(Phase.Publishing));
        assertEq(rounds.round(h).cluster, 7);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        _expectPaid(h, 7);
        assertEq(rounds.burned(), 2 * 0.01 ether);
        _expectProvider(1e9, 0, 10 ether);
        _expectMarks(h, fuzzyId, 7, 24);
        (uint8 state, uint16 count, bool aggregated) = rounds.status(h);
        assertEq(state, 2);
        assertEq(count, 5);
        assertTrue(aggregated);
    }

    function test_rejected__when_majority_agrees_on_something_else() external {
        bytes32 h = _voted(fuzzyId, 0, _digests(FAR, FAR - 1, 0, FAR - 3, ELSEWHERE));
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        _expectPaid(h, 11);
        _expectProvider(0, 1e9, 9 ether);
        _expectMarks(h, fuzzyId, 11, 20);
        assertEq(vault.burned(), 1 ether);
    }

    /// @dev The two accomplices of a cheat are outvoted and lose no stake.
    function test_rejected__when_two_collude_with_the_provider() external {
        bytes32 h = _voted(fuzzyId, 0, _digests(0, 0, FAR, FAR, FAR));
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        _expectPaid(h, 28);
        for (uint256 i = 0; i < 5; ++i) {
            _expectUntouched(_seatsOf(h)[i].agentId);
        }
    }

    function test_rejected__when_provider_does_not_open() external {
        bytes32 h = _drawn(fuzzyId);
        _commitAll(h, 0, _digests(0, 0, 0, 0, 0));
        for (uint8 seat = 0; seat < 5; ++seat) {
            _open(h, seat, 0);
        }
        vm.expectRevert(
            abi.encodeWithSelector(ICourtRecord.RoundWindowOpen.selector, h, rounds.round(h).openClosesAt)
        );
        rounds.advance(h);
        vm.warp(rounds.round(h).openClosesAt);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        _expectPaid(h, 31);
        _expectProvider(0, 1e9, 9 ether);
    }

    function test_rejected__when_provider_does_not_even_commit_and_seats_differ() external {
        bytes32 h = _drawn(fuzzyId);
        bytes32[] memory digests = _digests(0, FAR, ELSEWHERE, ~ELSEWHERE, uint256(keccak256("x")));
        for (uint8 seat = 0; seat < 5; ++seat) {
            _commit(h, seat, digests[seat]);
        }
        vm.warp(rounds.round(h).commitClosesAt);
        for (uint8 seat = 0; seat < 5; ++seat) {
            _open(h, seat, digests[seat]);
        }
        _advance(h); // all who committed have opened
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        _expectPaid(h, 0);
        _expectMarks(h, fuzzyId, 0, 0);
        assertEq(rounds.burned(), 5 * 0.01 ether);
    }

    function test_rejected__when_accepted_but_not_published() external {
        bytes32 h = _voted(fuzzyId, 0, _digests(0, 0, 0, 0, FAR));
        uint256 closesAt = rounds.round(h).publishClosesAt;
        assertEq(closesAt, block.timestamp + 30);
        vm.warp(closesAt - 1);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundWindowOpen.selector, h, closesAt));
        rounds.advance(h);
        vm.warp(closesAt);
        vm.prank(provider.owner);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundWindowClosed.selector, h, closesAt));
        rounds.publish(h, _taskOf[h], OUTPUT, OUTPUT_SALT);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        _expectPaid(h, 15);
        _expectProvider(0, 1e9, 9 ether);
    }

    function test_exact__when_claim_is_of_the_output__then_accepted() external {
        bytes32 h = _drawn(exactId);
        bytes32 claim = keccak256(abi.encodePacked(rounds.round(h).key, OUTPUT));
        bytes32[] memory digests = new bytes32[](5);
        for (uint256 i = 0; i < 5; ++i) {
            digests[i] = claim;
        }
        digests[4] = claim ^ bytes32(uint256(1)); // a single bit is too far
        _commitAll(h, claim, digests);
        _openAll(h, claim, digests);
        _advance(h);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        _expectPaid(h, 15);
    }

    function test_exact__when_claim_is_not_of_the_output__then_rejected_and_seats_paid() external {
        bytes32 h = _voted(exactId, "claim", _repeat("claim"));
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        _expectPaid(h, 31);
        assertEq(ledger.scoreOf(0, _domain(exactId, "provider")).beta, 1e9);
        assertEq(_stakeOf(0), 9 ether);
    }

    function test_inconclusive__when_no_majority() external {
        bytes32 h = _voted(fuzzyId, 0, _digests(0, 0, FAR, FAR, ELSEWHERE));
        _assertVerdict(h, Verdict.Inconclusive, "vni:x-inconclusive", 0);
        _expectPaid(h, 0);
        _expectProvider(0, 0, 10 ether);
        _expectMarks(h, fuzzyId, 0, 0);
        assertEq(rounds.burned(), 5 * 0.01 ether);
        (uint8 state,,) = rounds.status(h);
        assertEq(state, 3);
    }

    function test_expired__when_too_few_commit__then_at_once_and_nobody_who_did_pays() external {
        bytes32 h = _drawn(fuzzyId);
        _commit(h, 0, 0);
        _commit(h, 1, 0);
        vm.expectRevert(
            abi.encodeWithSelector(ICourtRecord.RoundWindowOpen.selector, h, rounds.round(h).commitClosesAt)
        );
        rounds.advance(h);
        vm.warp(rounds.round(h).commitClosesAt);
        assertEq(uint8(rounds.phaseOf(h)), uint8(Phase.Tallying));
        _advance(h);
        _assertVerdict(h, Verdict.Expired, "vni:timeout", 0);
        _expectUntouched(_agentIn(h, 0));
        _expectUntouched(_agentIn(h, 1));
        for (uint8 seat = 2; seat < 5; ++seat) {
            _expectLost(_agentIn(h, seat), 0.05 ether);
        }
        _expectMarks(h, fuzzyId, 0, 28);
        _expectProvider(0, 0, 10 ether);
        assertEq(rounds.creditOf(client), _fee() - profile.tip);
        assertEq(rounds.burned(), 0);
    }

    function test_slash__then_weight_in_the_next_epoch_is_what_is_left() external {
        bytes32 h = _drawn(fuzzyId);
        uint256 idle = _agentIn(h, 0);
        vm.warp(rounds.round(h).commitClosesAt);
        _advance(h);
        _settle(h);
        uint32 next = vault.currentEpoch() + 1;
        uint256 left = _stakeOf(idle) / 1 gwei;
        assertEq(left, (2 ether + (idle - 1) * 1 ether - 0.05 ether) / 1 gwei);
        // Half of it: the agent is enrolled for two profiles.
        assertEq(vault.weightOf(idle, fuzzyId, next), left / 2);
        assertEq(vault.weightOf(idle, fuzzyId, next - 1), (left + 0.05 ether / 1 gwei) / 2);
    }

    function test_expired__when_too_few_open__then_they_pay_more() external {
        bytes32 h = _drawn(fuzzyId);
        bytes32[] memory digests = _repeat(0);
        for (uint8 seat = 0; seat < 4; ++seat) {
            _commit(h, seat, digests[seat]);
        }
        _commit(h, PROVIDER_SEAT, 0);
        vm.warp(rounds.round(h).commitClosesAt);
        _open(h, 0, 0);
        _open(h, 1, 0);
        _open(h, PROVIDER_SEAT, 0);
        vm.warp(rounds.round(h).openClosesAt);
        _advance(h);
        _assertVerdict(h, Verdict.Expired, "vni:timeout", 0);
        _expectUntouched(_agentIn(h, 0));
        _expectUntouched(_agentIn(h, 1));
        _expectLost(_agentIn(h, 2), 0.15 ether);
        _expectLost(_agentIn(h, 3), 0.15 ether);
        _expectLost(_agentIn(h, 4), 0.05 ether);
        _expectMarks(h, fuzzyId, 0, 28);
    }

    function test_accepted__when_self_verified__then_no_good_evidence() external {
        vm.prank(provider.owner);
        identity.setApprovalForAll(client, true);
        bytes32 h = _voted(fuzzyId, 0, _repeat(0));
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        _expectProvider(0, 0, 10 ether);
    }

    /// @dev A changed profile registry, a sale, time: a round keeps what it began with.
    function test_round__when_provider_is_sold_midway__then_evidence_stays_with_the_seller() external {
        bytes32 h = _voted(fuzzyId, 0, _repeat(0));
        address buyer = makeAddr("buyer");
        vm.prank(provider.owner);
        identity.transferFrom(provider.owner, buyer, 0);
        vm.prank(buyer);
        rounds.publish(h, _taskOf[h], OUTPUT, OUTPUT_SALT);
        Score memory score = ledger.scoreOf(0, _domain(fuzzyId, "provider"));
        assertEq(score.alpha, 0);
        assertFalse(score.known);
    }

    // ------------------------------------------------------------------ advance and publish, refused

    function test_advance__when_there_is_nothing_to_advance__then_refused() external {
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundUnknown.selector, bytes32("x")));
        rounds.advance("x");
        bytes32 h = _submit(fuzzyId, "task");
        _expectWrongPhase(h, Phase.Drawing, Phase.Tallying);
        rounds.advance(h);
        _draw(h);
        _commitAll(h, 0, _repeat(0));
        _openAll(h, 0, _repeat(0));
        _advance(h);
        _publish(h, OUTPUT);
        _expectWrongPhase(h, Phase.Final, Phase.Tallying);
        rounds.advance(h);
    }

    /// forge-config: deep.fuzz.runs = 5000
    function testFuzz_publish__when_each_check_fails__then_refused_in_order(bytes calldata other) external {
        vm.assume(keccak256(other) != keccak256(OUTPUT) && other.length <= 1024);
        bytes32 h = _drawn(fuzzyId);
        _expectWrongPhase(h, Phase.Committing, Phase.Publishing);
        rounds.publish(h, _taskOf[h], OUTPUT, OUTPUT_SALT);
        _commitAll(h, 0, _repeat(0));
        _openAll(h, 0, _repeat(0));
        _advance(h);
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.OutputNotProvider.selector, 0, keeper));
        rounds.publish(h, _taskOf[h], OUTPUT, OUTPUT_SALT);
        vm.startPrank(provider.owner);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.OutputTooLarge.selector, 1025, 1024));
        rounds.publish(h, _taskOf[h], new bytes(1025), OUTPUT_SALT);
        vm.expectPartialRevert(ICourtRecord.OutputHashMismatch.selector);
        rounds.publish(h, _taskOf[h], other, OUTPUT_SALT);
        vm.expectPartialRevert(ICourtRecord.OutputHashMismatch.selector);
        rounds.publish(h, _taskOf[h], OUTPUT, ~OUTPUT_SALT);
        vm.expectEmit();
        emit ICourtRecord.OutputPublished(h, keccak256(OUTPUT), OUTPUT_SALT, OUTPUT);
        rounds.publish(h, _taskOf[h], OUTPUT, OUTPUT_SALT);
    }

    // ------------------------------------------------------------------ withdraw

    function test_withdraw__when_credit__then_paid_once() external {
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundNoWithdrawal.selector, keeper));
        vm.prank(keeper);
        rounds.withdraw();
        bytes32 h = _voted(fuzzyId, 0, _digests(FAR, FAR, FAR, FAR, FAR));
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        vm.startPrank(keeper);
        vm.expectEmit();
        emit ICourtRecord.Withdrawn(keeper, profile.tip);
        rounds.withdraw();
        assertEq(keeper.balance, profile.tip);
        assertEq(rounds.creditOf(keeper), 0);
        vm.expectPartialRevert(ICourtRecord.RoundNoWithdrawal.selector);
        rounds.withdraw();
    }

    /// @dev A finalizer that cannot take money, or tries to take it twice, holds up nobody but itself.
    function test_withdraw__when_receiver_refuses_or_reenters__then_reverts_alone() external {
        Wallet wallet = new Wallet();
        bytes32 h = _drawn(fuzzyId);
        _commitAll(h, 0, _repeat(bytes32(FAR)));
        _openAll(h, 0, _repeat(bytes32(FAR)));
        wallet.execute(address(rounds), 0, abi.encodeCall(rounds.advance, (h)));
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        vm.expectRevert(
            abi.encodeWithSelector(ICourtRecord.RoundTransferFailed.selector, address(wallet), profile.tip)
        );
        wallet.execute(address(rounds), 0, abi.encodeCall(rounds.withdraw, ()));
        wallet.setOpen(true);
        wallet.setReenter(rounds);
        vm.expectPartialRevert(ICourtRecord.RoundTransferFailed.selector);
        wallet.execute(address(rounds), 0, abi.encodeCall(rounds.withdraw, ()));
        wallet.setReenter(IVerificationRounds(address(0)));
        wallet.execute(address(rounds), 0, abi.encodeCall(rounds.withdraw, ()));
        assertEq(address(wallet).balance, profile.tip);
        vm.prank(_ownerOf(_agentIn(h, 0)));
        rounds.withdraw();
    }

    // ------------------------------------------------------------------ helpers

    function _repeat(bytes32 digest) private pure returns (bytes32[] memory digests) {
        uint256 d = uint256(digest);
        return _digests(d, d, d, d, d);
    }

    function _expectPaid(bytes32 h, uint256 cluster) private view {
        uint256 paid = profile.tip;
        for (uint8 seat = 0; seat < 5; ++seat) {
            uint256 fee = (cluster >> seat) & 1 == 1 ? profile.seatFee : 0;
            assertEq(rounds.creditOf(_ownerOf(_agentIn(h, seat))), fee, "seat");
            paid += fee;
        }
        bool published = rounds.round(h).verdict == Verdict.Accepted || rounds.creditOf(keeper) == 0;
        assertEq(rounds.creditOf(published ? provider.owner : keeper), profile.tip, "tip");
        assertEq(address(rounds).balance, paid + rounds.burned(), "solvent");
    }

    function _expectProvider(uint256 alpha, uint256 beta, uint256 stake) private view {
        Score memory score = ledger.scoreOf(0, _domain(fuzzyId, "provider"));
        assertEq(score.alpha, alpha, "provider alpha");
        assertEq(score.beta, beta, "provider beta");
        assertEq(_stakeOf(0), stake, "provider stake");
        assertEq(vault.stakeOf(0).locked, 0, "bond");
    }

    function _expectMarks(bytes32 h, bytes32 profileId, uint256 good, uint256 bad) private view {
        Seat[] memory seats = _seatsOf(h);
        for (uint256 i = 0; i < seats.length; ++i) {
            Score memory score = ledger.scoreOf(seats[i].agentId, _domain(profileId, "verifier"));
            assertEq(score.alpha, (good >> i) & 1 == 1 ? 1e9 : 0, "verifier alpha");
            assertEq(score.beta, (bad >> i) & 1 == 1 ? 1e9 : 0, "verifier beta");
            assertEq(vault.stakeOf(seats[i].agentId).locked, 0, "lock");
        }
    }

    function _expectUntouched(uint256 agentId) private view {
        _expectLost(agentId, 0);
    }

    function _expectLost(uint256 agentId, uint256 amount) private view {
        assertEq(_stakeOf(agentId), 2 ether + (agentId - 1) * 1 ether - amount, "stake");
    }

    function _expectWrongPhase(bytes32 h, Phase actual, Phase required) private {
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundWrongPhase.selector, h, actual, required));
    }
}
