"""The exam planner: its figures against simulated candidates, its search against all designs."""

from itertools import product

import numpy as np
import pytest

from tests.verifier.planning.simulation import agrees
from verifier.errors import PlanningError
from verifier.planning.exam import ExamGoal, luck_cost, pass_chance, plan_exam

pytestmark = pytest.mark.unit

TRIALS = 400_000
ETH = 10**18


def simulate(plan, accuracy, leaked=0, trials=TRIALS, examiners=3, seed=1):
    """Candidates who pass, out of `trials`."""
    rng = np.random.default_rng(seed)
    right = rng.binomial(plan.section_items, accuracy, (trials, examiners))
    right[:, :leaked] = plan.section_items
    enough = (right >= plan.section_mark).all(axis=1) & (right.sum(axis=1) >= plan.mark)
    return int(enough.sum())


def test_plan__when_nothing_is_said__then_forty_of_forty_eight():
    plan = plan_exam(ExamGoal())
    assert (plan.items, plan.mark, plan.section_items, plan.section_mark) == (48, 40, 16, 11)
    assert plan.lifetime_false_pass <= 1e-3
    assert plan.period_false_fail <= 0.05
    assert plan.leaked_false_pass <= 0.05


@pytest.mark.parametrize(
    ("figure", "accuracy", "leaked"),
    [("attempt_false_pass", 0.6, 0), ("passes", 0.9, 0), ("leaked_false_pass", 0.6, 1)],
)
def test_chance__when_candidates_are_simulated__then_within_the_interval(figure, accuracy, leaked):
    plan = plan_exam(ExamGoal())
    said = 1 - plan.attempt_false_fail if figure == "passes" else getattr(plan, figure)
    assert agrees(simulate(plan, accuracy, leaked), TRIALS, said)


def test_lifetime__when_whole_lives_are_simulated__then_within_the_interval():
    goal = ExamGoal(false_pass=0.02, false_fail=0.1, attempts=2, expiry_days=30, lifetime_days=90)
    plan, lives = plan_exam(goal), 60_000
    assert plan.lifetime_attempts == 6
    rng = np.random.default_rng(2)
    for accuracy, attempts, said in (
        (0.6, 6, plan.lifetime_false_pass),
        (0.9, 2, 1 - plan.period_false_fail),
    ):
        right = rng.binomial(plan.section_items, accuracy, (lives, attempts, 3))
        passed = (right >= plan.section_mark).all(2) & (right.sum(2) >= plan.mark)
        assert agrees(int(passed.any(axis=1).sum()), lives, said)


def test_luck_cost__when_cheats_buy_identities_until_one_passes__then_their_mean_spending():
    chance, attempts, fee, identity = 0.03, 3, 10, 100
    waits = np.random.default_rng(3).geometric(chance, 200_000)
    spent = waits * fee + np.ceil(waits / attempts) * identity
    said = luck_cost(chance, attempts, fee, identity)
    assert abs(spent.mean() - said) < 4 * spent.std() / np.sqrt(len(spent)) + 1


def test_luck_cost__when_nobody_passes_by_luck__then_unknown():
    assert luck_cost(0.0, 1, 1, 1) is None
    assert luck_cost(1.0, 5, 1, 7) == 8


def test_plan__when_all_designs_are_tried__then_none_is_shorter():
    goal = ExamGoal(refuse=0.5, admit=0.95, false_pass=0.01, leaked_false_pass=0.2)
    plan = plan_exam(goal)
    assert plan.items <= 30
    for items in range(3, plan.items, 3):
        for mark, section in product(range(items + 1), range(items // 3 + 1)):
            assert not (
                pass_chance(items, 3, mark, section, 0.5) <= 0.01
                and pass_chance(items, 3, mark, section, 0.95) >= 0.95
                and pass_chance(items, 3, mark, section, 0.5, leaked=1) <= 0.2
            )


def test_section_mark__when_a_section_leaks__then_it_is_what_keeps_the_cheat_out():
    plan = plan_exam(ExamGoal())
    without = pass_chance(plan.items, 3, plan.mark, 0, 0.6, leaked=1)
    assert plan.leaked_false_pass < without
    # All of one section known and nothing else.
    assert pass_chance(plan.items, 3, plan.mark, plan.section_mark, 0.0, leaked=2) == 0


@pytest.mark.parametrize(
    ("budget", "identity", "fee", "attempts", "bought"),
    [
        (0, 0, 0, 3, 0),
        (10, 4, 1, 3, 3),  # 4 + 3, and 3 are not enough for an identity
        (13, 4, 1, 3, 5),  # 4 + 3, 4 + 2
        (4, 4, 1, 3, 0),
        (9, 4, 0, 3, 6),
        (9, 0, 2, 3, 4),
    ],
)
def test_budget__then_buys_identities_and_attempts(budget, identity, fee, attempts, bought):
    goal = ExamGoal(attempts=attempts, fee=fee, identity_cost=identity, budget=budget)
    assert goal.bought_attempts == bought
    assert goal.lifetime_attempts == max(attempts, bought)


def test_plan__when_identities_get_cheaper__then_the_exam_gets_harder():
    plans = [
        plan_exam(ExamGoal(attempts=3, fee=ETH // 100, identity_cost=cost, budget=10 * ETH))
        for cost in (ETH, ETH // 10, ETH // 100)
    ]
    chances = [plan.attempt_false_pass for plan in plans]
    assert chances == sorted(chances, reverse=True)
    assert all(plan.lifetime_false_pass <= 1e-3 for plan in plans)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"refuse": 0.0}, "accuracy to refuse must lie between 0 and 1"),
        ({"admit": 1.2}, "accuracy to admit must lie between 0 and 1"),
        ({"refuse": float("nan")}, "accuracy to refuse"),
        ({"refuse": 0.9, "admit": 0.9}, "must be below the accuracy to admit"),
        ({"false_pass": 0.0}, "false-pass chance must lie"),
        ({"examiners": 2}, "examiners must be from 3 to 16"),
        ({"attempts": 0}, "attempts must be from 1"),
        ({"budget": 5}, "without end"),
        ({"fee": -1}, "fee must not be negative"),
        ({"budget": 10**9, "fee": 1}, "attempts in all"),
        ({"refuse": 0.89, "admit": 0.9}, "No exam of up to 600 items"),
    ],
)
def test_goal__when_it_makes_no_sense__then_one_sentence_says_so(change, sentence):
    with pytest.raises(PlanningError, match=sentence):
        plan_exam(ExamGoal(**change))
