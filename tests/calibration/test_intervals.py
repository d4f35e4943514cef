"""`verifier.calibration.intervals`: against closed forms, exact arithmetic and a simulation."""

import math
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.calibration.intervals import (
    bootstrap,
    clopper_pearson,
    majority_of_three,
    rule_of_three,
    trials_needed,
)

pytestmark = pytest.mark.unit


def tail(trials: int, rate: float, counts: range) -> float:
    """Probability of those counts, in exact arithmetic."""
    p = Fraction(rate)
    return float(sum(comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in counts))


@pytest.mark.parametrize("trials", [1, 7, 100, 1000, 100_000, 10**10])
def test_clopper_pearson__when_nothing_happened__then_it_is_the_closed_form(trials: int):
    bound = -math.expm1(math.log(0.025) / trials)
    low, high = clopper_pearson(0, trials)
    assert low == 0
    assert high == pytest.approx(bound, rel=1e-9)


@pytest.mark.parametrize("trials", [1, 7, 100, 1000, 100_000])
def test_clopper_pearson__when_all_happened__then_it_is_the_closed_form(trials: int):
    low, high = clopper_pearson(trials, trials)
    assert low == pytest.approx(0.025 ** (1 / trials), rel=1e-9)
    assert high == 1


@given(trials=st.integers(1, 60), share=st.floats(0, 1))
def test_clopper_pearson__when_at_a_bound__then_the_tail_is_two_and_a_half_percent(
    trials: int, share: float
):
    events = round(share * trials)
    low, high = clopper_pearson(events, trials)
    assert low <= events / trials <= high
    if events:
        assert tail(trials, low, range(events, trials + 1)) == pytest.approx(0.025, rel=1e-6)
    if events < trials:
        assert tail(trials, high, range(events + 1)) == pytest.approx(0.025, rel=1e-6)


def test_clopper_pearson__when_known__then_equal_to_the_published_table():
    # 10 of 100: 4.90 to 17.62 %, as in Clopper and Pearson's chart and every statistics package.
    assert clopper_pearson(10, 100) == pytest.approx((0.0490, 0.1762), abs=5e-5)


def test_clopper_pearson__when_more_events_than_trials__then_refused():
    with pytest.raises(ValueError, match="4 events of 3 trials"):
        clopper_pearson(4, 3)


def test_rule_of_three__when_there_are_many_trials__then_it_is_three_by_their_number():
    assert rule_of_three(1000) == pytest.approx(3 / 1000, rel=0.01)
    assert rule_of_three(0) == 1
    needed = trials_needed(0.000267)
    assert rule_of_three(needed) <= 0.000267 < rule_of_three(needed - 1)


@given(rate=st.floats(0, 1))
def test_majority_of_three__then_it_is_the_binomial(rate: float):
    expected = tail(3, rate, range(2, 4))
    assert majority_of_three(rate) == pytest.approx(expected, abs=1e-12)


def test_bootstrap__when_pairs_of_a_task_agree__then_it_is_as_wide_as_the_tasks_make_it():
    """100 tasks, 20 of them wrong in all of their 50 pairs: as 20 of 100, not as 1,000 of 5,000."""
    events = np.array([50] * 20 + [0] * 80)
    low, high = bootstrap(events, np.full(100, 50))
    assert low == pytest.approx(0.2 - 1.96 * 0.04, abs=0.02)
    assert high == pytest.approx(0.2 + 1.96 * 0.04, abs=0.02)
    assert bootstrap(np.zeros(9, int), np.full(9, 50)) == (0, 0)
