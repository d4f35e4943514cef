"""The sequential exam: exact chances and lengths against simulated candidates, item by item."""

from math import log

import numpy as np
import pytest

from tests.verifier.planning.simulation import agrees
from verifier.errors import PlanningError
from verifier.planning.exam import ExamGoal, plan_exam
from verifier.planning.sequential import plan_sequential, walk

pytestmark = pytest.mark.unit

TRIALS = 100_000
GOAL = ExamGoal()


@pytest.fixture(scope="module")
def plan():
    return plan_sequential(GOAL, plan_exam(GOAL).items)


def simulate(plan, accuracies, seed):
    """(passed, lengths) of candidates who answer item i rightly with chance `accuracies[i]`."""
    right = np.random.default_rng(seed).random((TRIALS, plan.max_items)) < accuracies
    good, bad = log(GOAL.admit / GOAL.refuse), log((1 - GOAL.admit) / (1 - GOAL.refuse))
    steps = np.where(right, good, bad)
    ratios = steps.cumsum(axis=1)
    over = (ratios >= plan.upper) | (ratios <= plan.lower)
    over[:, -1] = True
    last = over.argmax(axis=1)
    ended = ratios[np.arange(TRIALS), last]
    at_end = last == plan.max_items - 1
    passed = np.where(at_end, right.sum(axis=1) >= plan.mark, ended >= plan.upper)
    return int(passed.sum()), last + 1


@pytest.mark.parametrize(
    ("accuracy", "chance", "length"),
    [
        (0.6, "attempt_false_pass", "refuse_mean_items"),
        (0.9, "attempt_false_fail", "admit_mean_items"),
        (0.75, None, "middle_mean_items"),
    ],
)
def test_plan__when_candidates_are_simulated__then_chances_and_lengths_agree(
    plan, accuracy, chance, length
):
    passed, lengths = simulate(plan, np.full(plan.max_items, accuracy), seed=4)
    if chance is not None:
        events = passed if chance.endswith("pass") else TRIALS - passed
        assert agrees(events, TRIALS, getattr(plan, chance))
    assert abs(lengths.mean() - getattr(plan, length)) < 4 * lengths.std() / np.sqrt(TRIALS)


def test_leak__when_every_third_item_is_known__then_the_chance_is_the_simulated_one(plan):
    accuracies = np.where(np.arange(plan.max_items) % 3 == 0, 1.0, 0.6)
    passed, _ = simulate(plan, accuracies, seed=5)
    assert agrees(passed, TRIALS, plan.leaked_false_pass)


def test_plan__when_compared_with_the_fixed_exam__then_shorter_on_average_for_the_same_limits(plan):
    fixed = plan_exam(GOAL)
    assert plan.attempt_false_pass <= GOAL.false_pass
    assert plan.attempt_false_fail <= GOAL.false_fail
    for mean in (plan.refuse_mean_items, plan.middle_mean_items, plan.admit_mean_items):
        assert mean < 0.65 * fixed.items
    # Overshoot: Wald's approximation is too short at both ends.
    assert plan.wald_refuse_mean_items < plan.refuse_mean_items
    assert plan.wald_admit_mean_items < plan.admit_mean_items


def test_walk__when_nothing_can_be_decided_early__then_the_binomial(plan):
    path = walk(GOAL, -1e9, 1e9, np.full(4, 0.5))
    assert (path.passed_early, path.mean_length) == (0.0, 4.0)
    np.testing.assert_allclose(path.undecided, [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16])


def test_plan__when_attempts_leave_nothing_to_test__then_one_sentence_says_so():
    goal = ExamGoal(false_pass=0.5, false_fail=0.9, attempts=1)
    with pytest.raises(PlanningError, match="nothing to test"):
        plan_sequential(goal, 3)
