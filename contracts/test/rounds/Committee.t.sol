// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICourtRecord} from "../../src/interfaces/ICourtRecord.sol";
import {IValidationNetwork} from "../../src/interfaces/IValidationNetwork.sol";
import {
    IVerificationRounds,
    Phase,
    Round,
    Seat,
    SeatState,
    SignedCommitment,
    Verdict
} from "../../src/interfaces/IVerificationRounds.sol";
import {Network} from "../support/Network.sol";

/// @dev draw, commit and open.
contract CommitteeTest is Network {
    // ------------------------------------------------------------------ draw

    /// forge-config: deep.fuzz.runs = 5000
    function testFuzz_draw__when_each_check_fails__then_refused_in_order(uint8 ahead) external {
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundUnknown.selector, bytes32("x")));
        rounds.draw("x");
        bytes32 h = _submit(fuzzyId, "task");
        uint256 entropyBlock = rounds.round(h).entropyBlock;
        vm.roll(bound(ahead, block.number, entropyBlock));
        vm.expectRevert(
            abi.encodeWithSelector(ICourtRecord.EntropyNotReady.selector, entropyBlock, block.number)
        );
        rounds.draw(h);
        _draw(h);
        _expectWrongPhase(h, Phase.Committing, Phase.Drawing);
        rounds.draw(h);
    }

    function testFuzz_draw__when_ready__then_seats_distinct_verifiers_with_a_fresh_key(bytes32 task)
        external
    {
        bytes32 h = _submit(fuzzyId, task);
        Round memory r = rounds.round(h);
        vm.roll(r.entropyBlock + 1);
        bytes32 entropy = keccak256(abi.encode("entropy", uint256(r.entropyBlock)));
        bytes32 key = keccak256(abi.encode(bytes32("assay/key"), uint96(uint256(entropy)), h, uint8(0)));
        vm.recordLogs();
        rounds.draw(h);
        r = rounds.round(h);
        assertEq(r.key, key);
        assertEq(uint8(r.phase), uint8(Phase.Committing));
        assertEq(r.seatCount, 5);
        assertEq(r.commitClosesAt, block.timestamp + 60);
        assertEq(r.openClosesAt, block.timestamp + 100);
        Seat[] memory seats = rounds.seats(h);
        for (uint256 i = 0; i < 5; ++i) {
            assertTrue(seats[i].agentId != provider.id);
            assertEq(uint8(seats[i].state), uint8(SeatState.Drawn));
            assertEq(seats[i].lock, 0.5 ether);
            assertEq(vault.stakeOf(seats[i].agentId).locked, 0.5 ether);
            for (uint256 j = 0; j < i; ++j) {
                assertTrue(seats[i].agentId != seats[j].agentId);
            }
        }
        (, uint16 count,) = rounds.status(h);
        assertEq(count, 5);
    }

    function test_draw__when_provider_verifies_too__then_never_of_its_own_work() external {
        vm.prank(provider.owner);
        vault.enrol(provider.id, fuzzyId);
        _stake(provider, 1_000_000 ether); // would be drawn first, all but surely
        skip(EPOCH);
        bytes32 h = _drawn(fuzzyId);
        for (uint256 i = 0; i < 5; ++i) {
            assertTrue(_seatsOf(h)[i].agentId != provider.id);
        }
    }

    function test_draw__when_entropy_is_gone_or_epochs_passed__then_postponed_by_rule() external {
        bytes32 h = _submit(fuzzyId, "task");
        oracle.setDown(true);
        vm.roll(1500);
        vm.expectEmit();
        emit ICourtRecord.DrawPostponed(h, 1502);
        rounds.draw(h);
        assertEq(uint8(rounds.phaseOf(h)), uint8(Phase.Drawing));
        assertEq(rounds.round(h).entropyBlock, 1502);
        oracle.setDown(false);

        skip(2 * EPOCH);
        vm.roll(1503);
        vm.expectEmit();
        emit ICourtRecord.DrawPostponed(h, 1505);
        rounds.draw(h);
        assertEq(rounds.round(h).sortitionEpoch, vault.currentEpoch());

        skip(EPOCH);
        vm.roll(1506);
        rounds.draw(h);
        assertEq(uint8(rounds.phaseOf(h)), uint8(Phase.Committing));
    }

    function test_draw__when_too_few__then_expires_with_the_fee_back_and_work_may_return() external {
        for (uint256 i = 0; i < 5; ++i) {
            exams.fail(verifiers[i].id, true);
        }
        bytes32 h = _submit(fuzzyId, "task");
        vm.roll(block.number + 3);
        vm.prank(keeper);
        rounds.draw(h);
        _assertVerdict(h, Verdict.Expired, "vni:timeout", 0);
        assertEq(rounds.creditOf(client), _fee() - profile.tip);
        assertEq(rounds.creditOf(keeper), profile.tip);
        assertEq(rounds.burned(), 0);
        for (uint256 i = 0; i < 8; ++i) {
            assertEq(vault.stakeOf(verifiers[i].id).locked, 0);
            assertEq(_stakeOf(verifiers[i].id), 2 ether + i * 1 ether);
        }
        assertEq(vault.stakeOf(provider.id).locked, 0);
        (uint8 state,, bool aggregated) = rounds.status(h);
        assertEq(state, 3);
        assertFalse(aggregated);

        exams.fail(verifiers[0].id, false);
        bytes memory signature = _sign(_receipt(fuzzyId, "task"), provider.key);
        uint256 fee = _fee();
        vm.prank(client);
        router.verify{value: fee}(_receipt(fuzzyId, "task"), signature, _taskURI("task"), "again");
    }

    function test_draw__when_fewer_than_the_size_but_enough__then_quorum_of_the_profile() external {
        for (uint256 i = 0; i < 4; ++i) {
            exams.fail(verifiers[i].id, true);
        }
        bytes32 h = _drawn(fuzzyId);
        assertEq(rounds.seats(h).length, 4);
        assertEq(rounds.round(h).quorum, 3);
    }

    // ------------------------------------------------------------------ commit

    /// forge-config: deep.fuzz.runs = 5000
    function testFuzz_commit__when_each_check_fails__then_refused_in_order(uint8 seat, bytes32 value)
        external
    {
        vm.assume(value != 0);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundUnknown.selector, bytes32("x")));
        rounds.commit("x", 0, 0, 0);
        bytes32 h = _submit(fuzzyId, "task");
        _expectWrongPhase(h, Phase.Drawing, Phase.Committing);
        rounds.commit(h, 0, 0, 0);
        _draw(h);
        uint8 nowhere = uint8(bound(seat, 5, 254));
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.SeatUnknown.selector, h, nowhere));
        rounds.commit(h, 0, nowhere, 0);
        seat = seat % 6 == 5 ? PROVIDER_SEAT : seat % 6;
        uint256 agentId = _agentIn(h, seat);
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.SeatNotOperator.selector, agentId, keeper));
        rounds.commit(h, 0, seat, 0);
        vm.startPrank(_ownerOf(agentId));
        vm.expectRevert(ICourtRecord.SeatCommitmentEmpty.selector);
        rounds.commit(h, 0, seat, 0);
        vm.expectEmit();
        emit ICourtRecord.Committed(h, seat, value);
        rounds.commit(h, 0, seat, value);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.SeatAlreadyCommitted.selector, h, seat));
        rounds.commit(h, 0, seat, value);
        Seat memory s = seat == PROVIDER_SEAT ? rounds.providerSeat(h) : rounds.seats(h)[seat];
        assertEq(s.commitment, value);
        assertEq(uint8(s.state), uint8(SeatState.Committed));
        assertEq(rounds.round(h).committed, seat == PROVIDER_SEAT ? 0 : 1);
    }

    function test_commit__when_window_is_over__then_refused() external {
        bytes32 h = _drawn(fuzzyId);
        for (uint8 seat = 0; seat < 3; ++seat) {
            _commit(h, seat, "d");
        }
        vm.warp(rounds.round(h).commitClosesAt - 1);
        _commit(h, 3, "d");
        skip(1);
        vm.startPrank(_ownerOf(_agentIn(h, 4)));
        _expectWrongPhase(h, Phase.Opening, Phase.Committing);
        rounds.commit(h, 0, 4, "d");
    }

    function test_commit__when_all_and_the_provider_did__then_opening_starts_at_once() external {
        bytes32 h = _drawn(fuzzyId);
        for (uint8 seat = 0; seat < 5; ++seat) {
            _commit(h, seat, "d");
        }
        assertEq(uint8(rounds.phaseOf(h)), uint8(Phase.Committing), "the provider's is missing");
        _commit(h, PROVIDER_SEAT, "d");
        assertEq(uint8(rounds.phaseOf(h)), uint8(Phase.Opening));
        assertEq(rounds.round(h).commitClosesAt, block.timestamp);
        assertEq(rounds.round(h).openClosesAt, block.timestamp + 40);
    }

    /// @dev In the last second of the window, or in the draw's own: all that follows may be in that second, too.
    function test_commit__when_the_last_one_does__then_opened_and_counted_in_its_block_and_no_more_commits()
        external
    {
        bytes32 h = _drawn(fuzzyId);
        uint256 drawn = vm.snapshotState();
        _commitOpenAndCount(h);
        vm.revertToState(drawn);
        vm.warp(rounds.round(h).commitClosesAt - 1);
        _commitOpenAndCount(h);
    }

    function _commitOpenAndCount(bytes32 h) private {
        uint256 closesAt = block.timestamp + profile.openWindow;
        _commitAll(h, "d", _digests(1, 1, 1, 1, 1));
        assertEq(rounds.round(h).commitClosesAt, block.timestamp);
        assertEq(rounds.round(h).openClosesAt, closesAt);
        _expectNoCommits(h, Phase.Opening);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundWindowOpen.selector, h, closesAt));
        rounds.advance(h);
        for (uint8 seat = 0; seat < 5; ++seat) {
            _open(h, seat, bytes32(uint256(1)));
            _expectNoCommits(h, Phase.Opening);
        }
        _open(h, PROVIDER_SEAT, "d");
        _expectNoCommits(h, Phase.Tallying);
        _advance(h);
        _expectNoCommits(h, Phase.Publishing);
        assertEq(rounds.round(h).cluster, 31);
    }

    /// @dev Neither by itself nor through a relayer, which posts nothing at all.
    function _expectNoCommits(bytes32 h, Phase actual) private {
        vm.startPrank(_ownerOf(_agentIn(h, 0)));
        _expectWrongPhase(h, actual, Phase.Committing);
        rounds.commit(h, 0, 0, "d");
        _expectWrongPhase(h, actual, Phase.Committing);
        rounds.commitMany(h, 0, new SignedCommitment[](0));
        vm.stopPrank();
    }

    /// @dev Of a committee that could not be filled, those who sit are all.
    function test_commit__when_a_seat_is_vacant__then_opening_starts_without_it() external {
        for (uint256 i = 0; i < 4; ++i) {
            exams.fail(verifiers[i].id, true);
        }
        bytes32 h = _drawn(fuzzyId);
        _commit(h, PROVIDER_SEAT, "d");
        for (uint8 seat = 0; seat < 4; ++seat) {
            assertEq(uint8(rounds.phaseOf(h)), uint8(Phase.Committing));
            _commit(h, seat, "d");
        }
        _expectNoCommits(h, Phase.Opening);
        assertEq(rounds.round(h).openClosesAt, block.timestamp + profile.openWindow);
    }

    // ------------------------------------------------------------------ open

    /// forge-config: deep.fuzz.runs = 5000
    function testFuzz_open__when_each_check_fails__then_refused_in_order(uint8 seat, bytes32 digest)
        external
    {
        seat = seat % 5 == 4 ? PROVIDER_SEAT : seat % 5;
        bytes32 h = _drawn(fuzzyId);
        _expectWrongPhase(h, Phase.Committing, Phase.Opening);
        rounds.open(h, 0, seat, digest, 0, 0);
        for (uint8 i = 0; i < 4; ++i) {
            _commit(h, i, digest);
        }
        _commit(h, PROVIDER_SEAT, digest);
        vm.warp(rounds.round(h).commitClosesAt);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.SeatUnknown.selector, h, 5));
        rounds.open(h, 0, 5, digest, 0, 0);
        uint256 agentId = _agentIn(h, seat);
        vm.prank(_ownerOf(_agentIn(h, 4)));
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.SeatNotCommitted.selector, h, 4));
        rounds.open(h, 0, 4, digest, 0, 0);
        _expectMismatch(h, seat, ~digest, _evidence(seat), _salt(h, seat));
        _expectMismatch(h, seat, digest, ~_evidence(seat), _salt(h, seat));
        _expectMismatch(h, seat, digest, _evidence(seat), ~_salt(h, seat));
        vm.expectEmit();
        emit ICourtRecord.Opened(h, agentId, 0, seat, digest, _evidence(seat));
        _open(h, seat, digest);
        vm.prank(_ownerOf(agentId));
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.SeatAlreadyOpened.selector, h, seat));
        rounds.open(h, 0, seat, digest, 0, 0);
        Seat memory s = seat == PROVIDER_SEAT ? rounds.providerSeat(h) : rounds.seats(h)[seat];
        assertEq(s.digest, digest);
        assertEq(rounds.round(h).opened, seat == PROVIDER_SEAT ? 0 : 1);
    }

    /// @dev The commitment names its agent: a copy of another's cannot be opened.
    function test_open__when_commitment_is_copied__then_refused() external {
        bytes32 h = _drawn(fuzzyId);
        _commit(h, 0, "digest");
        _commit(h, 1, "digest");
        bytes32 copied = rounds.seats(h)[0].commitment;
        address thief = _ownerOf(_agentIn(h, 2));
        vm.prank(thief);
        rounds.commit(h, 0, 2, copied);
        vm.warp(rounds.round(h).commitClosesAt);
        _open(h, 0, "digest");
        vm.prank(thief);
        vm.expectPartialRevert(ICourtRecord.SeatCommitmentMismatch.selector);
        rounds.open(h, 0, 2, "digest", _evidence(0), _salt(h, 0));
    }

    function test_open__when_window_is_over__then_refused() external {
        bytes32 h = _drawn(fuzzyId);
        for (uint8 seat = 0; seat < 4; ++seat) {
            _commit(h, seat, "d");
        }
        vm.warp(rounds.round(h).openClosesAt - 1);
        _open(h, 0, "d");
        skip(1);
        vm.prank(_ownerOf(_agentIn(h, 1)));
        _expectWrongPhase(h, Phase.Tallying, Phase.Opening);
        rounds.open(h, 0, 1, "d", 0, 0);
    }

    function testFuzz_commitmentOf__then_binds_everything(
        bytes32 h,
        uint8 level,
        bytes32 key,
        uint256 agentId,
        bytes32 digest,
        bytes32 evidence,
        bytes32 salt
    ) external view {
        assertEq(
            rounds.commitmentOf(h, level, key, agentId, digest, evidence, salt),
            keccak256(
                abi.encode(
                    block.chainid, address(rounds), h, uint256(level), key, agentId, digest, evidence, salt
                )
            )
        );
    }

    function _expectMismatch(bytes32 h, uint8 seat, bytes32 digest, bytes32 evidence, bytes32 salt) private {
        vm.prank(_ownerOf(_agentIn(h, seat)));
        vm.expectPartialRevert(ICourtRecord.SeatCommitmentMismatch.selector);
        rounds.open(h, 0, seat, digest, evidence, salt);
    }

    function _expectWrongPhase(bytes32 h, Phase actual, Phase required) private {
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundWrongPhase.selector, h, actual, required));
    }
}
