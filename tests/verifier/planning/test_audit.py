"""Proof of sampling: simulated providers earn more by honesty just above the bound, less below."""

import numpy as np
import pytest

from tests.verifier.planning.simulation import agrees
from verifier.errors import PlanningError
from verifier.planning.audit import AuditGoal, plan_audit, requests_until_caught

pytestmark = pytest.mark.unit

REQUESTS = 2_000_000


def mean_of_cheating(goal, rate, stake, seed):
    """(mean, standard error) of what a request cheated on brings, audit by audit."""
    rng = np.random.default_rng(seed)
    audited = rng.random(REQUESTS) < rate
    honest = rng.random(REQUESTS) >= goal.collusion
    seen = rng.random(REQUESTS) < goal.detection
    pay = np.where(audited & honest & seen, -float(stake), float(goal.reward))
    return pay.mean(), pay.std() / np.sqrt(REQUESTS)


@pytest.mark.parametrize(
    "given",
    [{"stake": 40_000}, {"rate": 0.08}],
)
def test_plan__when_providers_are_simulated__then_honesty_pays_above_the_bound_only(given):
    goal = AuditGoal(1000, 2000, **given, collusion=0.2, detection=0.9, margin=0.1)
    plan = plan_audit(goal)
    honest = goal.reward - goal.saved
    cheating, error = mean_of_cheating(goal, plan.rate, plan.stake, seed=7)
    assert abs(cheating - (honest - plan.loss)) < 4 * error + 1
    assert cheating < honest - 2 * error
    less = (
        (plan.break_even_rate * 0.9, plan.stake)
        if "stake" in given
        else (plan.rate, int(plan.break_even_stake * 0.9))
    )
    cheating, error = mean_of_cheating(goal, *less, seed=8)
    assert cheating > honest + 2 * error


def test_plan__when_the_paper_is_asked__then_its_inequality():
    goal = AuditGoal(saved=10, reward=20, stake=380, collusion=0.5, margin=0.0)
    assert plan_audit(goal).rate == pytest.approx(10 / ((1 - 0.5) * (20 + 380)))


def test_plan__when_rate_and_stake_are_turned_round__then_each_gives_the_other():
    plan = plan_audit(AuditGoal(10**15, 2 * 10**15, stake=10**17, collusion=0.1))
    back = plan_audit(AuditGoal(10**15, 2 * 10**15, rate=plan.rate, collusion=0.1))
    assert back.stake == pytest.approx(10**17, rel=1e-9)


@pytest.mark.parametrize(("cheats_on", "needed"), [(1.0, 90), (0.1, 919), (0.05, 1840)])
def test_requests__when_cheats_are_simulated__then_found_out_as_often_as_said(cheats_on, needed):
    rate = 0.05 * cheats_on
    assert requests_until_caught(rate, 0.99) == needed
    rounds = 20_000
    caught = int((np.random.default_rng(9).binomial(needed, rate, rounds) > 0).sum())
    assert agrees(caught, rounds, 1 - (1 - rate) ** needed)


def test_requests__when_everything_is_audited__then_the_first():
    assert requests_until_caught(1.0, 0.99) == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, "Give the stake or the audit rate"),
        ({"stake": 1, "rate": 0.1}, "Give the stake or the audit rate"),
        ({"saved": 0, "rate": 0.1}, "saves nothing"),
        ({"saved": -1, "rate": 0.1}, "must not be negative"),
        ({"rate": 0.0}, "audit rate must lie"),
        ({"rate": 0.1, "collusion": 1.0}, "share of colluding audits must lie"),
        ({"rate": 0.1, "detection": 0.0}, "chance of detection must lie"),
        ({"rate": 0.1, "margin": -0.1}, "margin must be 0 or more"),
        ({"stake": 10}, "raise the stake"),
    ],
)
def test_goal__when_it_makes_no_sense__then_one_sentence_says_so(change, sentence):
    with pytest.raises(PlanningError, match=sentence):
        plan_audit(AuditGoal(**{"saved": 100, "reward": 10} | change))
