"""The rule of the next act, and what must never follow from it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.types import PROVIDER_SEAT, Phase, SeatState, Verdict
from verifier.node.decide import Act, Situation, decide
from verifier.node.records import SeatId, SeatRecord, Step

pytestmark = pytest.mark.unit

MINE = b"\x01" * 32
SEAT = SeatId(b"\x02" * 32, 0, 1, b"\x03" * 32)
SEEN = SeatRecord(SEAT, Step.SEEN, b"\x04" * 32)
GENERATED = replace(SEEN, step=Step.GENERATED, content_hash=b"\x05" * 32)
DIGESTED = replace(
    GENERATED,
    step=Step.DIGESTED,
    digest=b"\x06" * 32,
    evidence=b"{}",
    evidence_hash=b"\x07" * 32,
    commitment=MINE,
)
COMMITTING = Situation(
    phase=Phase.COMMITTING,
    settled_phase=Phase.COMMITTING,
    draw_settled=True,
    now=100,
    commit_half=115,
    abstain_at=125,
    publish_half=0,
    state=SeatState.DRAWN,
    commitment=bytes(32),
)
OPENING = replace(
    COMMITTING,
    phase=Phase.OPENING,
    settled_phase=Phase.OPENING,
    state=SeatState.COMMITTED,
    commitment=MINE,
)


def act(record: SeatRecord, situation: Situation) -> Act:
    return decide(record, situation).act


def test_decide__when_committing__then_generates_digests_and_commits_in_turn() -> None:
    assert act(SEEN, COMMITTING) is Act.GENERATE
    assert act(GENERATED, COMMITTING) is Act.DIGEST
    assert act(DIGESTED, COMMITTING) is Act.COMMIT


def test_decide__when_a_relayer_is_there__then_handed_to_it_and_posted_from_half_way() -> None:
    committing = replace(COMMITTING, relayed=True)
    assert act(DIGESTED, committing) is Act.HAND_COMMITMENT
    assert act(DIGESTED, replace(committing, now=115)) is Act.COMMIT
    assert act(DIGESTED, replace(committing, draw_settled=False)) is Act.WAIT
    opening = replace(OPENING, relayed=True, open_half=145)
    assert act(DIGESTED, opening) is Act.HAND_OPENING
    assert act(DIGESTED, replace(opening, now=145)) is Act.OPEN


def test_decide__when_committing_is_not_over_for_good__then_no_relayer_is_told_an_opening() -> None:
    for situation in (
        replace(OPENING, relayed=True, open_half=145, settled_phase=Phase.COMMITTING),
        replace(OPENING, relayed=True, open_half=145, draw_settled=False),
    ):
        assert act(DIGESTED, situation) is Act.WAIT


def test_decide__when_the_chain_has_a_commitment__then_never_commits_again() -> None:
    on_chain = replace(COMMITTING, state=SeatState.COMMITTED, commitment=MINE)
    other = replace(on_chain, commitment=b"\x09" * 32)
    assert act(DIGESTED, on_chain) is Act.WAIT
    assert act(DIGESTED, other) is Act.WAIT


def test_decide__when_the_draw_is_not_settled__then_commits_from_half_the_window() -> None:
    shallow = replace(COMMITTING, draw_settled=False)
    assert act(DIGESTED, shallow) is Act.WAIT
    assert act(DIGESTED, replace(shallow, now=115)) is Act.COMMIT


def test_decide__when_opening_is_not_settled__then_does_not_open() -> None:
    assert act(DIGESTED, replace(OPENING, settled_phase=Phase.COMMITTING)) is Act.WAIT
    assert act(DIGESTED, replace(OPENING, draw_settled=False)) is Act.WAIT
    assert act(DIGESTED, OPENING) is Act.OPEN


def test_decide__when_the_commitment_is_not_ours__then_does_not_open() -> None:
    missed = decide(DIGESTED, replace(OPENING, state=SeatState.DRAWN, commitment=bytes(32)))
    assert missed.act is Act.MISSED
    decision = decide(DIGESTED, replace(OPENING, commitment=b"\x09" * 32))
    assert decision.act is Act.WAIT
    assert "not made from this state" in decision.reason


def test_decide__when_the_store_was_lost_after_committing__then_makes_it_again_and_opens() -> None:
    assert act(SEEN, OPENING) is Act.GENERATE
    assert act(GENERATED, OPENING) is Act.DIGEST
    assert act(DIGESTED, OPENING) is Act.OPEN


def test_decide__when_it_has_no_output_late__then_a_seat_abstains_but_no_provider() -> None:
    late = replace(COMMITTING, now=125)
    provider = replace(SEEN, id=replace(SEAT, seat=PROVIDER_SEAT))
    assert act(SEEN, late) is Act.ABSTAIN
    assert act(GENERATED, late) is Act.ABSTAIN
    assert act(DIGESTED, late) is Act.COMMIT
    assert act(SEEN, replace(late, state=SeatState.COMMITTED)) is Act.GENERATE
    assert act(provider, late) is Act.GENERATE


def test_decide__when_publishing__then_only_the_provider_publishes() -> None:
    done = replace(OPENING, state=SeatState.OPENED, phase=Phase.PUBLISHING)
    provider = replace(DIGESTED, id=replace(SEAT, seat=PROVIDER_SEAT))
    settled = replace(done, settled_phase=Phase.PUBLISHING)
    assert act(DIGESTED, settled) is Act.WAIT
    assert act(provider, settled) is Act.PUBLISH
    assert act(provider, replace(done, publish_half=200)) is Act.WAIT
    assert act(provider, replace(done, publish_half=100)) is Act.PUBLISH


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (SeatState.DRAWN, "Rejected; it did not commit in time"),
        (SeatState.COMMITTED, "Rejected; it did not open in time"),
        (SeatState.OPENED, "Rejected"),
    ],
)
def test_decide__when_final__then_finishes_with_how_it_ended(state: SeatState, words: str) -> None:
    final = replace(OPENING, phase=Phase.FINAL, verdict=Verdict.REJECTED, state=state)
    decision = decide(DIGESTED, final)
    assert decision.act is Act.FINISH
    assert decision.reason == words


@given(
    record=st.sampled_from([SEEN, GENERATED, DIGESTED, replace(DIGESTED, step=Step.COMMITTED)]),
    phase=st.sampled_from(Phase),
    settled=st.sampled_from(Phase),
    draw_settled=st.booleans(),
    now=st.integers(90, 140),
    state=st.sampled_from(SeatState),
    ours=st.booleans(),
)
def test_decide__whatever_the_chain_says__then_nothing_is_opened_early_or_committed_twice(
    record: SeatRecord,
    phase: Phase,
    settled: Phase,
    draw_settled: bool,
    now: int,
    state: SeatState,
    ours: bool,
) -> None:
    situation = replace(
        COMMITTING,
        phase=phase,
        settled_phase=settled,
        draw_settled=draw_settled,
        now=now,
        state=state,
        commitment=MINE if ours else b"\x09" * 32,
    )
    chosen = act(record, situation)
    if chosen is Act.COMMIT:
        assert (phase, state) == (Phase.COMMITTING, SeatState.DRAWN)
        assert record.digest is not None
    if chosen is Act.OPEN:
        assert (phase, state) == (Phase.OPENING, SeatState.COMMITTED)
        assert settled >= Phase.OPENING
        assert draw_settled
        assert ours
