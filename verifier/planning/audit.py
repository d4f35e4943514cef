"""How often to verify, or how much to have at stake, so that cheating never pays.

Proof of sampling (arXiv 2405.00295): a provider saves C by cheating, is audited with chance p, and
loses its reward R and its stake S when it is found out. With a share r of the audits in its own
hands and a chance d that an honest audit sees what is wrong, cheating pays R − p·d·(1 − r)·(R + S)
and honesty R − C, so honesty is strictly better if and only if

    p > C / (d · (1 − r) · (R + S))

(in the paper d = 1). It does not matter how often it cheats: gain and risk both grow with it.
Found out after how long: 1 − (1 − p·d·(1 − r)·f)^n of n requests, f the share it cheats on.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, log, log1p

from verifier.errors import PlanningError
from verifier.planning import checks
from verifier.planning.checks import exact

__all__ = ["AuditGoal", "AuditPlan", "least_stake", "plan_audit", "requests_until_caught"]


@dataclass(frozen=True, slots=True)
class AuditGoal:
    """saved (C), reward (R), stake (S): wei. Give `stake` or `rate`; the other is found.

    collusion (r): share of the audits that the cheat controls, 0 to below 1.
    detection (d): chance that an honest audit rejects what is wrong, above 0, to 1.
    margin: share added to what only breaks even, at least 0.
    cheats_on (f): share of the requests cheated on, for the time until it is found out.
    certainty: how sure that is to be.
    """

    saved: int
    reward: int
    stake: int | None = None
    rate: float | None = None
    collusion: float = 0.0
    detection: float = 1.0
    margin: float = 0.1
    cheats_on: float = 1.0
    certainty: float = 0.99

    def __post_init__(self) -> None:
        if checks.amount(self.saved, "amount saved by cheating") == 0:
            raise PlanningError("Whoever saves nothing by cheating needs no audit; give C above 0.")
        checks.amount(self.reward, "reward")
        if (self.stake is None) == (self.rate is None):
            raise PlanningError("Give the stake or the audit rate, and the other is found.")
        if self.stake is not None:
            checks.amount(self.stake, "stake")
        if self.rate is not None and self.rate != 1:
            checks.share(self.rate, "audit rate")
        if self.collusion != 0:
            checks.share(self.collusion, "share of colluding audits")
        for value, what in (
            (self.detection, "chance of detection"),
            (self.cheats_on, "share of requests cheated on"),
        ):
            if value != 1:
                checks.share(value, what)
        checks.margin(self.margin)
        checks.share(self.certainty, "certainty")

    @property
    def seen(self) -> Fraction:
        """Chance that an audit finds out what is wrong: d · (1 − r)."""
        return exact(self.detection) * (1 - exact(self.collusion))


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """break_even_*: where cheating pays as much as honesty; rate and stake: with the margin.

    loss: wei that a request cheated on is worse than an honest one, on average, at rate and stake.
    requests: until a cheat is found out with the certainty asked for.
    """

    rate: float
    stake: int
    break_even_rate: float
    break_even_stake: int
    loss: int
    requests: int


def plan_audit(goal: AuditGoal) -> AuditPlan:
    """The least rate for the stake given, or the least stake for the rate given.

    Raises:
        PlanningError: even auditing everything would not do.
    """
    if goal.stake is not None:
        return _for_stake(goal, goal.stake)
    rate = exact(goal.rate or 0.0)
    stake = least_stake(goal.saved, goal.reward, rate * goal.seen, goal.margin)
    return _plan(goal, rate, stake)


def least_stake(saved: int, reward: int, caught: Fraction, margin: float = 0.0) -> int:
    """The S from which caught · (R + S) ≥ C · (1 + margin), in wei, rounded up, at least 0.

    caught: chance that a request cheated on is found out, p · d · (1 − r).
    """
    return max(0, ceil(Fraction(saved) * (1 + exact(margin)) / caught - reward))


def requests_until_caught(rate: float, certainty: float) -> int:
    """The least n with 1 − (1 − rate)^n ≥ certainty."""
    if rate >= 1:
        return 1
    return ceil(log(1 - certainty) / log1p(-rate))


def _for_stake(goal: AuditGoal, stake: int) -> AuditPlan:
    at_risk = goal.seen * (goal.reward + stake)
    if at_risk <= goal.saved:
        raise PlanningError(
            "Auditing everything would not make cheating unprofitable: what a cheat has at risk "
            f"is worth {int(at_risk)} wei, less than the {goal.saved} it saves; raise the stake."
        )
    return _plan(goal, min(Fraction(1), goal.saved * (1 + exact(goal.margin)) / at_risk), stake)


def _plan(goal: AuditGoal, rate: Fraction, stake: int) -> AuditPlan:
    caught = rate * goal.seen
    at_risk = goal.reward + stake
    return AuditPlan(
        rate=float(rate),
        stake=stake,
        break_even_rate=float(goal.saved / (goal.seen * at_risk)),
        break_even_stake=least_stake(goal.saved, goal.reward, caught),
        loss=int(caught * at_risk - goal.saved),
        requests=requests_until_caught(float(caught) * goal.cheats_on, goal.certainty),
    )
