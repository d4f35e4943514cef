"""The stake planner: with what it asks, every simulated way of cheating earns less than honesty."""

import dataclasses

import numpy as np
import pytest

from verifier.errors import PlanningError
from verifier.planning.stake import StakeGoal, plan_stake

pytestmark = pytest.mark.unit

ROUNDS = 400_000
GOAL = StakeGoal(
    work=1000,
    gas=200,
    saved=5000,
    reward=6000,
    outside_gain=40_000,
    seats=5,
    honest_share=0.95,
    guess_share=0.05,
    verified=0.2,
    detection=0.98,
    overturned=0.6,
    slash_rejected=0.8,
    slash_overturned=0.9,
)


def coin(chance, seed):
    return np.random.default_rng(seed).random(ROUNDS) < chance


def below(better, worse):
    """Whether the mean of `worse` is below that of `better`, by more than chance explains."""
    error = np.sqrt((np.var(better) + np.var(worse)) / ROUNDS)
    return np.mean(worse) < np.mean(better) - 2 * error


def seat_pays(fee, goal, honest):
    cost = goal.gas + (goal.work if honest else 0)
    share = goal.honest_share if honest else goal.guess_share
    return np.where(coin(share, 10 + honest), fee, 0) - cost


def test_fee__when_seats_are_simulated__then_work_beats_idling_and_guessing():
    fee = plan_stake(GOAL).seat_fee
    honest = seat_pays(fee, GOAL, True)
    assert below(honest, np.zeros(ROUNDS))
    assert below(honest, seat_pays(fee, GOAL, False))


def test_fee__when_lower_than_both_conditions__then_one_of_them_fails():
    fee = int(plan_stake(GOAL).seat_fee / (1 + GOAL.margin) * 0.95)
    honest = seat_pays(fee, GOAL, True)
    assert not below(honest, np.zeros(ROUNDS)) or not below(honest, seat_pays(fee, GOAL, False))


def provider_pays(bond, goal, honest):
    if honest:
        return np.full(ROUNDS, goal.reward)
    caught = coin(goal.verified, 20) & coin(goal.detection, 21)
    return np.where(caught, -goal.slash_rejected * bond, goal.reward) + goal.saved


def test_bond__when_providers_are_simulated__then_bad_work_pays_less_and_with_less_bond_more():
    bond = plan_stake(GOAL).provider_bond
    honest = provider_pays(bond, GOAL, True)
    assert below(honest, provider_pays(bond, GOAL, False))
    assert below(provider_pays(int(bond * 0.8), GOAL, False), honest)


def test_lock__when_a_majority_is_bought__then_it_costs_more_than_it_brings():
    plan = plan_stake(GOAL)
    price = plan.majority * plan.slash_overturned * plan.seat_lock
    loss = np.where(coin(GOAL.overturned, 30), price, 0.0)
    kept = GOAL.slash_rejected * plan.provider_bond + GOAL.reward + GOAL.outside_gain
    assert below(loss, np.full(ROUNDS, kept))
    assert not below(loss * 0.8, np.full(ROUNDS, kept))


def test_lock__when_silence_is_bought__then_it_costs_more_than_the_bond_it_saves():
    plan = plan_stake(GOAL)
    silent = GOAL.seats - plan.majority + 1
    kept = GOAL.slash_rejected * plan.provider_bond + GOAL.reward
    assert silent * plan.slash_no_commit * plan.seat_lock > kept
    assert plan.slash_no_open * plan.seat_lock > GOAL.gas
    assert plan.slash_no_open >= plan.slash_no_commit


def test_plan__when_the_lock_is_given__then_the_fractions_that_the_lock_came_from():
    lock = plan_stake(GOAL).seat_lock
    found = plan_stake(dataclasses.replace(GOAL, seat_lock=2 * lock))
    first = plan_stake(GOAL)
    assert found.min_stake == GOAL.rounds_at_once * 2 * lock
    assert found.slash_overturned == pytest.approx(first.slash_overturned / 2, abs=1e-4)
    assert found.slash_no_commit == pytest.approx(first.slash_no_commit / 2, abs=1e-4)


def test_plan__when_fractions_are_small__then_the_lock_is_larger():
    large = plan_stake(dataclasses.replace(GOAL, slash_no_commit=0.001)).seat_lock
    assert large > plan_stake(GOAL).seat_lock


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"work": -1}, "cost of the work must not be negative"),
        ({"seats": 0}, "number of seats must be from 1"),
        ({"honest_share": 0.0}, "chance of the majority must lie"),
        ({"guess_share": 0.95}, "calibrate the tolerance first"),
        ({"slash_no_open": 0.05}, "Not opening must not cost less"),
        ({"overturned": 0.0}, "overturned must lie"),
        ({"margin": float("nan")}, "margin must be 0 or more"),
        ({"seat_lock": 10}, "more than its lock"),
    ],
)
def test_goal__when_it_makes_no_sense__then_one_sentence_says_so(change, sentence):
    with pytest.raises(PlanningError, match=sentence):
        plan_stake(dataclasses.replace(GOAL, **change))
