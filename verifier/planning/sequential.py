"""An exam that stops as soon as it knows: Wald's sequential test, cut off at a largest length.

After n items with x right the log likelihood ratio of `admit` against `refuse` is
x · ln(admit / refuse) + (n − x) · ln((1 − admit) / (1 − refuse)). At or above `upper` the candidate
passes, at or below `lower` it fails, and at the last item it passes from `mark` right answers on.
Wald, Ann. Math. Statist. 16 (1945) 117-186; his boundaries are ln((1 − β) / α) and ln(β / (1 − α)).

Wald's error rates and mean length are approximations that ignore the overshoot and the cut. Here
both are exact: a dynamic program carries P(x right after n items, still undecided) from item to
item. The boundaries are searched around Wald's until the exact errors are within the limits.

Items go round the examiners in turn; there are no section marks. A leaked section is every k-th
item.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import exp, log

import numpy as np

from verifier.errors import PlanningError
from verifier.planning.binomial import Floats
from verifier.planning.exam import ExamGoal

__all__ = ["SequentialPlan", "Walk", "plan_sequential", "wald_length", "walk"]

# Multiples of Wald's boundaries and of the fixed length that are tried.
SCALES = tuple(0.6 + 0.1 * step for step in range(7))
CUTS = (1.0, 1.5, 2.0)


@dataclass(frozen=True, slots=True)
class Walk:
    """What a candidate meets, exactly. undecided: P(x right) at the last item, before the mark."""

    passed_early: float
    mean_length: float
    undecided: Floats


@dataclass(frozen=True, slots=True)
class SequentialPlan:
    """Boundaries (natural logarithms), and exact chances and mean lengths of one attempt.

    middle_*: for an agent half way between the accuracies, about the slowest to decide on.
    wald_*: Wald's approximations of the mean lengths, to compare.
    """

    lower: float
    upper: float
    max_items: int
    mark: int
    attempt_false_pass: float
    attempt_false_fail: float
    leaked_false_pass: float
    refuse_mean_items: float
    admit_mean_items: float
    middle_mean_items: float
    wald_refuse_mean_items: float
    wald_admit_mean_items: float


def walk(goal: ExamGoal, lower: float, upper: float, accuracies: Floats) -> Walk:
    """The test taken by an agent that answers item i rightly with chance `accuracies[i]`."""
    right, wrong = _steps(goal)
    length = len(accuracies)
    state = np.zeros(length + 1)
    state[0] = 1.0
    counts = np.arange(length + 1)
    passed, mean = 0.0, 0.0
    for item, accuracy in enumerate(accuracies, 1):
        mean += float(state.sum())
        state[1:] = state[1:] * (1 - accuracy) + state[:-1] * accuracy
        state[0] *= 1 - accuracy
        if item < length:
            ratio = counts * right + (item - counts) * wrong
            passed += float(state[ratio >= upper].sum())
            state[(ratio >= upper) | (ratio <= lower)] = 0.0
    return Walk(passed, mean, state)


def plan_sequential(goal: ExamGoal, fixed_items: int) -> SequentialPlan:
    """The boundaries with the least mean length (over both accuracies) that do what `goal` asks.

    `fixed_items`: the length of a fixed exam for the same goal; the cut is one to two times it.

    Raises:
        PlanningError: no boundaries that are tried do.
    """
    best = min(_candidates(goal, fixed_items), default=None)
    if best is None:
        raise PlanningError(
            "No sequential exam near the fixed one's length does this; allow larger errors."
        )
    _, lower, upper, length, mark = best
    refused = walk(goal, lower, upper, np.full(length, goal.refuse))
    admitted = walk(goal, lower, upper, np.full(length, goal.admit))
    middle = walk(goal, lower, upper, np.full(length, (goal.refuse + goal.admit) / 2))
    accuracies = np.where(np.arange(length) % goal.examiners == 0, 1.0, goal.refuse)
    leaked = walk(goal, lower, upper, accuracies)
    return SequentialPlan(
        lower=lower,
        upper=upper,
        max_items=length,
        mark=mark,
        attempt_false_pass=_passes(refused, mark),
        attempt_false_fail=1 - _passes(admitted, mark),
        leaked_false_pass=_passes(leaked, mark),
        refuse_mean_items=refused.mean_length,
        admit_mean_items=admitted.mean_length,
        middle_mean_items=middle.mean_length,
        wald_refuse_mean_items=wald_length(goal, lower, upper, goal.refuse),
        wald_admit_mean_items=wald_length(goal, lower, upper, goal.admit),
    )


def wald_length(goal: ExamGoal, lower: float, upper: float, accuracy: float) -> float:
    """Wald's mean length at one of the two accuracies: without overshoot, without a cut."""
    right, wrong = _steps(goal)
    sign = 1.0 if accuracy == goal.refuse else -1.0
    passes = (1 - exp(sign * lower)) / (exp(sign * upper) - exp(sign * lower))
    drift = accuracy * right + (1 - accuracy) * wrong
    return (passes * upper + (1 - passes) * lower) / drift


def _candidates(goal: ExamGoal, fixed_items: int) -> Iterator[tuple[float, float, float, int, int]]:
    """(mean length, lower, upper, cut, mark) of what meets both limits of an attempt."""
    alpha, beta = goal.attempt_false_pass, goal.attempt_false_fail
    high, low = log((1 - beta) / alpha), log(beta / (1 - alpha))
    if not low < 0 < high:
        raise PlanningError(
            "So many attempts leave nothing to test in each; allow fewer, or ask for less."
        )
    for cut, raised, lowered in product(CUTS, SCALES, SCALES):
        lower, upper, length = low * lowered, high * raised, round(cut * fixed_items)
        refused = walk(goal, lower, upper, np.full(length, goal.refuse))
        tails = refused.passed_early + np.cumsum(refused.undecided[::-1])[::-1]
        marks = np.flatnonzero(tails <= alpha)
        if marks.size == 0:
            continue
        mark = int(marks[0])
        admitted = walk(goal, lower, upper, np.full(length, goal.admit))
        if 1 - _passes(admitted, mark) <= beta:
            yield (refused.mean_length + admitted.mean_length, lower, upper, length, mark)


def _passes(path: Walk, mark: int) -> float:
    return path.passed_early + float(path.undecided[mark:].sum())


def _steps(goal: ExamGoal) -> tuple[float, float]:
    """What a right and a wrong answer add to the log likelihood ratio."""
    return log(goal.admit / goal.refuse), log((1 - goal.admit) / (1 - goal.refuse))
