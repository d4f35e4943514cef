"""`verifier.reputation`: the integer rules against the real numbers they stand for."""

from fractions import Fraction
from math import isqrt, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.reputation import (
    HALVINGS,
    OBSERVATION,
    Evidence,
    Policy,
    _ceil_div,
    _ceil_sqrt,
    add,
    decay,
    replay,
    score,
    steps_between,
    wilson_lower_bps,
)

pytestmark = pytest.mark.unit

DAY = 86_400
POLICY = Policy(half_life=30 * DAY)
amounts = st.integers(0, 2**64 - 1)
spans = st.integers(0, 2**40)
half_lives = st.integers(1, 2**40)


def test_halvings__when_recomputed_exactly__then_each_is_the_floor():
    root = 1 << 255  # 2^-1 with 256 bits behind the point
    for constant in HALVINGS:
        root = isqrt(root << 256)
        assert constant == root >> 192
        # The roots so far are wrong by less than 2^-250: too little to change the floor.
        assert 1 << 20 < root % (1 << 192) < (1 << 192) - (1 << 20)


@given(amounts, spans, spans, half_lives)
def test_decay__when_compared_with_the_power__then_it_is_near(amount, start, elapsed, half_life):
    # The clock is at most a step off; floors of x and of 16 products lose at most 17 units.
    real = amount * 2.0 ** (-elapsed / half_life)
    found = decay(amount, steps_between(start, start + elapsed, half_life))
    assert found <= real * (1 + 1.1e-5) + 1
    assert found >= real * (1 - 1.1e-5) - 17


@given(amounts, st.integers(0, 2**24), st.integers(0, 2**24))
def test_decay__when_more_time_passes__then_not_more_is_left(amount, first, more):
    # But for what 16 products round off: a longer time may have fewer of them.
    sooner = decay(amount, first)
    assert decay(amount, first + more) <= sooner + 16
    assert sooner <= amount


@given(amounts, st.integers(0, 70))
def test_decay__when_half_lives_are_whole__then_it_is_a_shift(amount, count):
    assert decay(amount, count << 16) == amount >> count


@given(spans, st.lists(st.integers(0, 2**20)), half_lives)
def test_steps__when_time_is_cut_up__then_they_add_up(start, parts, half_life):
    now, steps = start, 0
    for part in parts:
        steps += steps_between(now, now + part, half_life)
        now += part
    assert steps == steps_between(start, now, half_life)


def test_add__when_evidence_is_written_all_the_time__then_it_decays_all_the_same():
    evidence = Evidence(1000 * OBSERVATION, 0, 0)
    for now in range(0, DAY, 20):  # a step is 39.6 seconds
        evidence = add(evidence, now, 0, 0, POLICY)
    at_once = decay(1000 * OBSERVATION, steps_between(0, evidence.updated_at, POLICY.half_life))
    assert abs(evidence.alpha - at_once) <= 2 * 16 * DAY // 40
    assert evidence.alpha < 980 * OBSERVATION


def test_decay__when_time_runs_backwards__then_it_is_refused():
    with pytest.raises(ValueError, match="negative"):
        decay(1, -1)
    with pytest.raises(ValueError, match="backwards"):
        steps_between(2, 1, 1)


def test_policy__when_the_half_life_is_zero__then_it_is_refused():
    with pytest.raises(ValueError, match="positive"):
        Policy(half_life=0)


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_wilson__when_compared_with_real_numbers__then_it_is_the_floor(alpha, beta):
    n = alpha + beta
    if n < POLICY.minimum:
        return
    z, p, m = 1.6448536269514722, alpha / n, n / OBSERVATION
    middle = p + z * z / (2 * m)
    real = (middle - z * sqrt(p * (1 - p) / m + z * z / (4 * m * m))) / (1 + z * z / m)
    found = wilson_lower_bps(alpha, beta)
    assert found <= 10_000 * real + 1e-3
    assert found > 10_000 * real - 1.01


@given(st.integers(0, 2**140))
def test_ceil_sqrt__when_any_integer_is_given__then_it_is_the_least_root_not_below(value):
    root = _ceil_sqrt(value)
    assert (root - 1) ** 2 < value <= root**2 or root == value == 0


@given(st.integers(0, 10**18), st.integers(1, 10**10))
def test_ceil_div__when_any_integers_are_given__then_it_is_the_least_quotient_not_below(
    top, bottom
):
    assert Fraction(top, bottom) <= _ceil_div(top, bottom) < Fraction(top, bottom) + 1


@given(st.integers(0, 10**13), st.integers(0, 10**13), st.integers(1, 10**12))
def test_score__when_good_evidence_is_added__then_no_bound_falls(alpha, beta, more):
    before = score(Evidence(alpha, beta), 0, POLICY)
    after = score(Evidence(alpha + more, beta), 0, POLICY)
    assert after.mean_bps >= before.mean_bps
    assert after.lower_bps >= before.lower_bps
    assert after.lower_bps <= after.mean_bps or alpha + more > 10**6 * max(beta, 1)


@given(st.integers(OBSERVATION // 2, 10**13), st.integers(0, 10**13))
def test_mean__when_known__then_it_is_the_posterior_mean_rounded_down(alpha, beta):
    exact = Fraction(alpha + OBSERVATION, alpha + beta + 2 * OBSERVATION)
    assert score(Evidence(alpha, beta), 0, POLICY).mean_bps == int(10_000 * exact)


def test_score__when_evidence_is_below_the_minimum__then_it_is_unknown_and_zero():
    found = score(Evidence(OBSERVATION // 2 - 1, 0), 0, POLICY)
    assert (found.known, found.mean_bps, found.lower_bps) == (False, 0, 0)
    assert found.effective_n == OBSERVATION // 2 - 1


def test_score__when_known_evidence_grows_old__then_it_becomes_unknown():
    fresh = Evidence(OBSERVATION, 0)
    assert score(fresh, 30 * DAY, POLICY).known
    assert not score(fresh, 31 * DAY, POLICY).known


def test_add__when_a_slot_is_full__then_it_saturates():
    full = add(Evidence(2**64 - 1, 0), 0, 5, 2**64, POLICY)
    assert (full.alpha, full.beta) == (2**64 - 1, 2**64 - 1)


def test_replay__when_steps_are_given__then_each_decays_what_came_before():
    evidence = replay([(0, 4 * OBSERVATION, 0), (30 * DAY, OBSERVATION, 7)], POLICY)
    assert evidence == Evidence(3 * OBSERVATION, 7, 30 * DAY)
