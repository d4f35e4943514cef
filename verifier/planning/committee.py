"""How many verifiers a committee needs: accuracy, common errors, absentees and colluders.

Each of n seats is a colluder with chance `colluders`, else it opens with chance `availability`,
else it is silent. The honest seats that open are right with chance `accuracy` each and any two of
them are right together by the correlation `correlation`: they share one hidden chance with a Beta
distribution (beta-binomial; Skellam, J. R. Statist. Soc. B 10 (1948) 257-261). Votes with a common
cause are Ladha's case of the jury theorem (Am. J. Polit. Sci. 36 (1992) 617-634), and there is a
limit that no size gets past: the chance that the hidden chance makes an honest majority of all
seats.

The majority is that of the court: M = ⌊n/2⌋ + 1 of the seats, whether they open or not. Wrong seats
are taken to agree with each other and with the colluders, which is the worst that they can do.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from verifier.errors import PlanningError
from verifier.planning import checks
from verifier.planning.binomial import at_least, beta_binomial, binomial, trinomial

__all__ = ["CommitteeGoal", "CommitteePlan", "committee", "plan_committee"]

MAX_SEATS = 101


@dataclass(frozen=True, slots=True)
class CommitteeGoal:
    """accuracy, target: between 0 and 1; correlation, colluders: 0 to below 1; availability: to 1.

    accuracy: chance that an honest verifier that opens is right.
    target: least chance that the right answer has a majority of the seats.
    max_wrong: largest chance that the wrong one has; 1 does not ask for anything.
    colluders: share of the stake that votes wrong together.
    """

    accuracy: float
    target: float = 0.99
    correlation: float = 0.0
    availability: float = 1.0
    colluders: float = 0.0
    max_wrong: float = 1.0

    def __post_init__(self) -> None:
        checks.share(self.accuracy, "accuracy")
        checks.share(self.target, "target")
        if self.correlation != 0:
            checks.share(self.correlation, "correlation")
        if self.availability != 1:
            checks.share(self.availability, "availability")
        if self.colluders != 0:
            checks.share(self.colluders, "share of colluders")
        if self.max_wrong != 1:
            checks.share(self.max_wrong, "chance of a wrong majority")

    @property
    def honest_open(self) -> float:
        """Chance that a seat is honest and opens."""
        return (1 - self.colluders) * self.availability


@dataclass(frozen=True, slots=True)
class CommitteePlan:
    """right, wrong, neither: chances that that answer, or none, has a majority."""

    seats: int
    majority: int
    right: float
    wrong: float
    neither: float


def committee(goal: CommitteeGoal, seats: int) -> CommitteePlan:
    """What a committee of `seats` does: exact sums over who opens and who is right."""
    checks.count(seats, "number of seats", 1, MAX_SEATS)
    majority = seats // 2 + 1
    opened = binomial(seats, goal.honest_open)
    right = sum(
        float(chance) * at_least(_right(goal, honest), majority)
        for honest, chance in enumerate(opened)
        if honest >= majority
    )
    wrong = 0.0
    for honest, row in enumerate(trinomial(seats, goal.honest_open, goal.colluders)):
        errors = _right(goal, honest)[::-1]
        tails = np.cumsum(errors[::-1])[::-1]  # P(at least k of them are wrong)
        for colluding in range(seats - honest + 1):
            needed = max(0, majority - colluding)
            if needed <= honest:
                wrong += float(row[colluding] * tails[needed])
    return CommitteePlan(seats, majority, right, wrong, max(0.0, 1 - right - wrong))


def plan_committee(goal: CommitteeGoal) -> CommitteePlan:
    """The smallest committee that reaches the target.

    Raises:
        PlanningError: none of up to 101 seats does; says how far they come.
    """
    best = 0.0
    for plan in _odd(goal):
        if plan.right >= goal.target and plan.wrong <= goal.max_wrong:
            return plan
        best = max(best, plan.right)
    raise PlanningError(
        f"No committee of up to {MAX_SEATS} seats reaches {goal.target:g}: the best comes to "
        f"{best:.4f}; the verifiers must be more accurate, their errors less alike, or the target "
        "lower."
    )


def _odd(goal: CommitteeGoal) -> Iterator[CommitteePlan]:
    """An even committee needs as large a majority as the next odd one, of fewer seats."""
    return (committee(goal, seats) for seats in range(1, MAX_SEATS + 1, 2))


def _right(goal: CommitteeGoal, honest: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return beta_binomial(honest, goal.accuracy, goal.correlation)
