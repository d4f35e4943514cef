"""`verifier.votes`: the verdict rule, case by case and against its definition."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.types import Verdict
from verifier.digest import distance
from verifier.votes import majority, tally

pytestmark = pytest.mark.unit


def at(bits: int) -> bytes:
    """A digest at distance `bits` from the zero digest, nested in those with more."""
    return ((1 << bits) - 1).to_bytes(32)


SAME, OTHER, FAR = at(0), at(120), bytes([0x0F]) * 32


@pytest.mark.parametrize(("seats", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (7, 4)])
def test_majority__when_seats_are_drawn__then_it_is_more_than_half(seats: int, needed: int):
    assert majority(seats) == needed


@pytest.mark.parametrize(
    ("claim", "digests", "verdict", "cluster"),
    [
        (SAME, [SAME, SAME, SAME], Verdict.ACCEPTED, (0, 1, 2)),
        (SAME, [SAME, OTHER, SAME], Verdict.ACCEPTED, (0, 2)),
        (SAME, [SAME, OTHER, OTHER], Verdict.REJECTED, (1, 2)),
        (SAME, [SAME, OTHER, FAR], Verdict.INCONCLUSIVE, ()),
        (SAME, [SAME, None, SAME], Verdict.ACCEPTED, (0, 2)),
        (SAME, [SAME, None, OTHER], Verdict.INCONCLUSIVE, ()),
        (SAME, [SAME, None, None], Verdict.EXPIRED, ()),
        (SAME, [None, None, None], Verdict.EXPIRED, ()),
        (None, [SAME, None, None], Verdict.EXPIRED, ()),
        (None, [SAME, SAME, OTHER], Verdict.REJECTED, (0, 1)),
        (None, [SAME, OTHER, FAR], Verdict.REJECTED, ()),
        # Two colluders of five who accept a cheat are outvoted.
        (OTHER, [OTHER, OTHER, SAME, SAME, SAME], Verdict.REJECTED, (2, 3, 4)),
    ],
)
def test_tally__when_openings_are_given__then_the_verdict_follows_the_rule(
    claim, digests, verdict, cluster
):
    found = tally(claim, digests, 10)
    assert (found.verdict, found.cluster) == (verdict, cluster)


@pytest.mark.parametrize(("bits", "verdict"), [(10, Verdict.ACCEPTED), (11, Verdict.REJECTED)])
def test_tally__when_the_distance_is_at_the_tolerance__then_it_still_agrees(bits, verdict):
    assert tally(SAME, [at(bits)] * 3, 10).verdict == verdict


@pytest.mark.parametrize(
    ("bits", "cluster"),
    [
        ([100, 110, 120, 128], (1, 2, 3)),  # as large, but closer around seat 2
        ([128, 120, 110, 100], (0, 1, 2)),
        ([100, 110, 120, 130], (0, 1, 2)),  # as close, so the lowest seat is the centre
        ([130, 120, 110, 100], (0, 1, 2)),
        ([100, 110, 120, 115], (0, 1, 2, 3)),
    ],
)
def test_tally__when_several_sets_reject__then_size_then_closeness_then_seat_decide(bits, cluster):
    found = tally(SAME, [*(at(b) for b in bits), None], 10)
    assert (found.verdict, found.cluster) == (Verdict.REJECTED, cluster)


def test_tally__when_a_seat_did_not_open__then_its_distance_is_unknown():
    found = tally(SAME, [at(3), None, at(200)], 10)
    assert found.distances == (3, None, 200)
    assert (found.opened, found.agreeing) == ((0, 2), (0,))


digest_like = st.sampled_from([at(bits) for bits in range(0, 60, 6)] + [OTHER, FAR])


@given(
    st.none() | digest_like,
    st.lists(st.none() | digest_like, min_size=1, max_size=7),
    st.integers(0, 40),
)
def test_tally__when_compared_with_the_definition__then_it_agrees(claim, digests, tolerance):
    needed = len(digests) // 2 + 1
    opened = [seat for seat, d in enumerate(digests) if d is not None]
    near = [s for s in opened if claim is not None and distance(claim, digests[s]) <= tolerance]
    outside = [seat for seat in opened if seat not in near]
    dissent = any(
        sum(distance(digests[centre], digests[seat]) <= tolerance for seat in outside) >= needed
        for centre in outside
    )
    if len(opened) < needed:
        expected = Verdict.EXPIRED
    elif claim is None:
        expected = Verdict.REJECTED
    elif len(near) >= needed:
        expected = Verdict.ACCEPTED
    else:
        expected = Verdict.REJECTED if dissent else Verdict.INCONCLUSIVE
    found = tally(claim, digests, tolerance)
    assert found.verdict == expected
    assert set(found.cluster) <= set(opened)
    assert len(found.cluster) == 0 or len(found.cluster) >= needed


def test_tally__when_seats_are_permuted__then_the_verdict_stays():
    digests = [SAME, at(5), OTHER, at(118), None]
    verdicts = {tally(at(2), list(p), 8).verdict for p in itertools.permutations(digests)}
    assert len(verdicts) == 1
