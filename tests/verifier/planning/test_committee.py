"""The committee planner against simulated committees and the numbers that others published."""

import numpy as np
import pytest

from tests.verifier.planning.simulation import agrees
from verifier.errors import PlanningError
from verifier.planning.committee import CommitteeGoal, committee, plan_committee

pytestmark = pytest.mark.unit

TRIALS = 200_000


def simulate(goal, seats, seed):
    """(right, wrong) majorities out of TRIALS committees, seat by seat."""
    rng = np.random.default_rng(seed)
    hidden = np.full((TRIALS, 1), goal.accuracy)
    if goal.correlation:
        total = 1 / goal.correlation - 1
        hidden = rng.beta(goal.accuracy * total, (1 - goal.accuracy) * total, (TRIALS, 1))
    colludes = rng.random((TRIALS, seats)) < goal.colluders
    opens = ~colludes & (rng.random((TRIALS, seats)) < goal.availability)
    right = opens & (rng.random((TRIALS, seats)) < hidden)
    wrong = colludes | (opens & ~right)
    return tuple(int((votes.sum(axis=1) > seats // 2).sum()) for votes in (right, wrong))


@pytest.mark.parametrize(
    ("goal", "seats"),
    [
        (CommitteeGoal(0.9), 3),
        (CommitteeGoal(0.9, correlation=0.3), 5),
        (CommitteeGoal(0.8, availability=0.9), 4),
        (CommitteeGoal(0.95, correlation=0.05, availability=0.95, colluders=0.2), 9),
    ],
)
def test_committee__when_simulated_seat_by_seat__then_within_the_interval(goal, seats):
    plan = committee(goal, seats)
    right, wrong = simulate(goal, seats, seed=6)
    assert agrees(right, TRIALS, plan.right)
    assert agrees(wrong, TRIALS, plan.wrong)
    assert plan.right + plan.wrong + plan.neither == pytest.approx(1)


def test_committee__when_three_are_as_good_as_published__then_the_published_majority():
    # Kim et al., arXiv 2307.01898: 99.89 % by majority of three needs 98.07 % of each.
    assert committee(CommitteeGoal(0.9807), 3).right == pytest.approx(0.9989, abs=5e-5)


def test_plan__then_the_smallest_that_reaches_the_target():
    goal = CommitteeGoal(0.95, target=0.995, correlation=0.02, availability=0.97, max_wrong=0.002)
    plan = plan_committee(goal)
    smaller = [committee(goal, seats) for seats in range(1, plan.seats)]
    assert plan.right >= goal.target
    assert plan.wrong <= goal.max_wrong
    assert all(each.right < goal.target or each.wrong > goal.max_wrong for each in smaller)


def test_plan__when_errors_are_alike__then_more_seats_or_none_suffice():
    independent = plan_committee(CommitteeGoal(0.9, target=0.99))
    alike = plan_committee(CommitteeGoal(0.9, target=0.99, correlation=0.1))
    assert alike.seats > independent.seats
    # Beta(0.9 · 7/3, 0.1 · 7/3) lies above one half with 0.952: no size gets past that.
    with pytest.raises(PlanningError, match=r"the best comes to 0\.95"):
        plan_committee(CommitteeGoal(0.9, target=0.97, correlation=0.3))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"accuracy": 0.0}, "accuracy must lie between 0 and 1"),
        ({"accuracy": 0.4}, "No committee of up to 101 seats"),
        ({"correlation": -0.1}, "correlation must lie"),
        ({"correlation": 1.0}, "correlation must lie"),
        ({"availability": 0.0}, "availability must lie"),
        ({"colluders": 1.0}, "share of colluders must lie"),
        ({"target": 1.0}, "target must lie"),
    ],
)
def test_goal__when_it_makes_no_sense__then_one_sentence_says_so(change, sentence):
    with pytest.raises(PlanningError, match=sentence):
        plan_committee(CommitteeGoal(**{"accuracy": 0.9} | change))
