"""An exam of fixed length: how many items, which marks, and what they let through over a lifetime.

An agent of accuracy p answers each item rightly with chance p, independently of the others: items
are real tasks drawn at random and never repeat. The items are split evenly into one section per
examiner. A candidate passes with at least `mark` right answers in all and at least `section_mark`
in each section, so that whoever gets one section's answers from its examiner still has to know the
rest. The chance is the exact sum over the sections' binomials, cut off below the section's mark.

The total alone is the most powerful test of `refuse` against `admit` for its length (Neyman and
Pearson, Phil. Trans. R. Soc. A 231 (1933) 289-337), so a length at which the total alone falls
short needs no search for section marks.

Attempts: an identity may sit `attempts` times in each period of `expiry_days`, and whoever wants to
spend `budget` may buy identities with attempts of their own. Over n attempts a chance p per attempt
becomes 1 − (1 − p)^n. A pass by luck costs c / (1 − (1 − p)^A) + f / p on average, where an
identity costs c and has A attempts for a fee f each: the fees of a geometric wait, and an identity
whenever A attempts are used up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np

from verifier.errors import PlanningError
from verifier.planning import checks
from verifier.planning.binomial import Floats, at_least, binomial

__all__ = ["ExamGoal", "ExamPlan", "pass_chance", "plan_exam"]

MAX_ITEMS = 600
MIN_EXAMINERS, MAX_EXAMINERS = 3, 16
MAX_ATTEMPTS = 10**6


@dataclass(frozen=True, slots=True)
class ExamGoal:
    """What an exam must do. Accuracies and chances are between 0 and 1, amounts are wei.

    refuse, admit: accuracies of agents to keep out and to let in.
    false_pass: largest chance that one to be refused ever passes, over all its attempts.
    false_fail: largest chance that one to be admitted uses up its attempts of a period in vain.
    leaked_false_pass: largest chance, per attempt, to pass for one to be refused that was given
        one section's answers; 1 does not ask for anything.
    attempts: per identity and period of `expiry_days`; `lifetime_days` of 0 is one period.
    budget: what a cheat would spend on identities and fees.
    """

    refuse: float = 0.6
    admit: float = 0.9
    false_pass: float = 1e-3
    false_fail: float = 0.05
    leaked_false_pass: float = 0.05
    examiners: int = 3
    attempts: int = 1
    expiry_days: int = 30
    lifetime_days: int = 0
    fee: int = 0
    identity_cost: int = 0
    budget: int = 0

    def __post_init__(self) -> None:
        checks.share(self.refuse, "accuracy to refuse")
        checks.share(self.admit, "accuracy to admit")
        if self.refuse >= self.admit:
            raise PlanningError(
                f"The accuracy to refuse ({self.refuse:g}) must be below the accuracy to admit "
                f"({self.admit:g})."
            )
        checks.share(self.false_pass, "false-pass chance")
        checks.share(self.false_fail, "false-fail chance")
        if self.leaked_false_pass != 1:
            checks.share(self.leaked_false_pass, "false-pass chance with a leaked section")
        checks.count(self.examiners, "number of examiners", MIN_EXAMINERS, MAX_EXAMINERS)
        checks.count(self.attempts, "number of attempts", 1, MAX_ATTEMPTS)
        checks.count(self.expiry_days, "days until expiry", 1, 36_500)
        checks.count(self.lifetime_days, "days of a lifetime", 0, 36_500)
        for value, what in (
            (self.fee, "fee"),
            (self.identity_cost, "cost of an identity"),
            (self.budget, "budget"),
        ):
            checks.amount(value, what)
        if self.budget and not self.fee and not self.identity_cost:
            raise PlanningError(
                "Identities and attempts that cost nothing can be had without end for any budget; "
                "give a fee or the cost of an identity."
            )
        checks.count(self.lifetime_attempts, "number of attempts in all", 1, MAX_ATTEMPTS)

    @property
    def periods(self) -> int:
        """How often a capability has to be earned in a lifetime."""
        return max(1, ceil(self.lifetime_days / self.expiry_days))

    @property
    def bought_attempts(self) -> int:
        """Attempts to be had for the budget, each identity used up before the next is bought."""
        if not 0 < self.identity_cost + self.fee <= self.budget:
            return 0
        full, rest = divmod(self.budget, self.identity_cost + self.attempts * self.fee)
        more = (rest - self.identity_cost) // self.fee if self.fee else 0
        return full * self.attempts + max(0, more)

    @property
    def lifetime_attempts(self) -> int:
        """The attempts that `false_pass` is over: one identity's, or the budget's if more."""
        return max(self.attempts * self.periods, self.bought_attempts)

    @property
    def attempt_false_pass(self) -> float:
        """What `false_pass` leaves for one attempt."""
        return float(-np.expm1(np.log1p(-self.false_pass) / self.lifetime_attempts))

    @property
    def attempt_false_fail(self) -> float:
        """What `false_fail` leaves for one attempt."""
        return float(self.false_fail ** (1 / self.attempts))


@dataclass(frozen=True, slots=True)
class ExamPlan:
    """A design and its exact chances. Costs in wei, rounded up; None where passing is impossible.

    attempt_*: of one attempt, for an agent of the accuracy to refuse or to admit.
    leaked_false_pass: of one attempt with one section's answers known.
    luck_cost: mean cost of a pass for an agent of the accuracy to refuse.
    """

    items: int
    mark: int
    section_items: int
    section_mark: int
    attempt_false_pass: float
    attempt_false_fail: float
    leaked_false_pass: float
    lifetime_attempts: int
    lifetime_false_pass: float
    period_false_fail: float
    luck_cost: int | None


@dataclass(frozen=True, slots=True)
class _Design:
    items: int
    mark: int
    section_mark: int
    false_pass: float
    passes: float
    leaked: float


def pass_chance(
    items: int, examiners: int, mark: int, section_mark: int, accuracy: float, leaked: int = 0
) -> float:
    """Chance to pass one attempt; `leaked` sections are answered rightly throughout."""
    return at_least(_totals(items // examiners, examiners, section_mark, accuracy, leaked), mark)


def plan_exam(goal: ExamGoal) -> ExamPlan:
    """The shortest exam that does what `goal` asks; of those, the one that a leak helps least.

    Raises:
        PlanningError: none of up to 600 items does.
    """
    for items in range(goal.examiners, MAX_ITEMS + 1, goal.examiners):
        if not _total_suffices(goal, items):
            continue
        found = min(_designs(goal, items), key=lambda d: (d.leaked, -d.passes), default=None)
        if found is not None:
            return _plan(goal, found)
    raise PlanningError(
        f"No exam of up to {MAX_ITEMS} items tells an accuracy of {goal.refuse:g} from "
        f"{goal.admit:g} so well; allow fewer attempts, a smaller budget or larger errors, or "
        "accuracies further apart."
    )


def luck_cost(chance: float, attempts: int, fee: int, identity_cost: int) -> int | None:
    """Mean wei until the first pass: c / (1 − (1 − p)^A) + f / p, rounded up."""
    if chance <= 0:
        return None
    identity = -np.expm1(attempts * np.log1p(-chance)) if chance < 1 else 1.0
    return ceil(identity_cost / identity + fee / chance)


def _total_suffices(goal: ExamGoal, items: int) -> bool:
    """Whether some mark on the total alone meets both limits of an attempt."""
    false_pass = np.cumsum(binomial(items, goal.refuse)[::-1])[::-1]
    marks = np.flatnonzero(false_pass <= goal.attempt_false_pass)
    if marks.size == 0:
        return False
    passes = at_least(binomial(items, goal.admit), int(marks[0]))
    return passes >= 1 - goal.attempt_false_fail


def _designs(goal: ExamGoal, items: int) -> Iterator[_Design]:
    """For each section mark the lowest mark that refuses enough, where it also admits enough."""
    size = items // goal.examiners
    for section_mark in range(size + 1):
        refused = _totals(size, goal.examiners, section_mark, goal.refuse)
        tails = np.cumsum(refused[::-1])[::-1]
        marks = np.flatnonzero(tails <= goal.attempt_false_pass)
        if marks.size == 0:
            continue
        mark = max(int(marks[0]), section_mark * goal.examiners)
        admitted = _totals(size, goal.examiners, section_mark, goal.admit)
        passes = at_least(admitted, mark)
        leaked = at_least(_totals(size, goal.examiners, section_mark, goal.refuse, 1), mark)
        if passes >= 1 - goal.attempt_false_fail and leaked <= goal.leaked_false_pass:
            yield _Design(items, mark, section_mark, at_least(refused, mark), passes, leaked)


def _totals(
    size: int, examiners: int, section_mark: int, accuracy: float, leaked: int = 0
) -> Floats:
    """P(total = k and every section has its mark), k = 0..size · examiners."""
    totals = np.ones(1)
    for section in range(examiners):
        terms = binomial(size, 1.0 if section < leaked else accuracy)
        terms[:section_mark] = 0.0
        totals = np.convolve(totals, terms)
    return totals


def _plan(goal: ExamGoal, found: _Design) -> ExamPlan:
    return ExamPlan(
        items=found.items,
        mark=found.mark,
        section_items=found.items // goal.examiners,
        section_mark=found.section_mark,
        attempt_false_pass=found.false_pass,
        attempt_false_fail=1 - found.passes,
        leaked_false_pass=found.leaked,
        lifetime_attempts=goal.lifetime_attempts,
        lifetime_false_pass=float(-np.expm1(goal.lifetime_attempts * np.log1p(-found.false_pass))),
        period_false_fail=(1 - found.passes) ** goal.attempts,
        luck_cost=luck_cost(found.false_pass, goal.attempts, goal.fee, goal.identity_cost),
    )
