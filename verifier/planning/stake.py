"""What a profile must ask so that honesty pays: fee, bond, lock and stake, by the court's rules.

Wei; slash fractions are shares of the bond or of the seat's own lock. An honest seat works for
`work` and pays `gas` to commit and open. It is in the majority with chance h; a digest made without
the work is with chance q. M = ⌊n/2⌋ + 1 of n seats are a majority.

fee       F·h ≥ work + gas (a seat would rather serve) and F·(h − q) ≥ work (rather than guess).
bond      v·d·(R + s_r·B) ≥ K: the inequality of proof of sampling (arXiv 2405.00295) with what is
          slashed of the bond for the stake. K saved by bad work, R its reward, v the share of
          outputs that are verified, d the chance that a bad one is rejected.
lock      L is the largest of
          wrong    M·a·s_o·L ≥ G + s_r·B + R: M seats bought for a false verdict, overturned on
                   appeal with chance a, lose more than the buyer gains: its bond and reward kept
                   (as if for certain), and G;
          blocked  (n − M + 1)·s_c·L ≥ s_r·B + R: as many seats that do not commit let a round
                   expire;
          opening  s_p·L ≥ gas, and s_p ≥ s_c: who has seen that it is outvoted still opens.
stake     `rounds_at_once` locks, for as many seats as one agent may hold at a time.

With a lock given instead, the same inequalities are solved for the slash fractions.

A seat's price is what it stands to lose, as in Karakostas, Kiayias and Zacharias (arXiv
2402.06352): a buyer that pays the seats less than that finds none, one that pays more makes a loss.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from verifier.errors import PlanningError
from verifier.planning import checks
from verifier.planning.audit import least_stake
from verifier.planning.checks import exact

__all__ = ["StakeGoal", "StakePlan", "plan_stake"]

BASIS_POINTS = 10_000
MAX_SEATS = 101


@dataclass(frozen=True, slots=True)
class StakeGoal:
    """Amounts in wei, everything else a share of 1 or a count; names as in the module's text.

    seat_lock: solves for the seats' slash fractions, in place of those given here; 0 for the lock.
    margin: share added to what only breaks even.
    """

    work: int
    gas: int
    saved: int
    reward: int
    outside_gain: int = 0
    seats: int = 5
    honest_share: float = 0.99
    guess_share: float = 0.0
    verified: float = 1.0
    detection: float = 0.99
    overturned: float = 0.5
    slash_rejected: float = 1.0
    slash_overturned: float = 1.0
    slash_no_commit: float = 0.1
    slash_no_open: float = 0.2
    seat_lock: int = 0
    rounds_at_once: int = 4
    margin: float = 0.1

    def __post_init__(self) -> None:
        for wei, what in (
            (self.work, "cost of the work"),
            (self.gas, "cost of gas"),
            (self.saved, "amount saved by cheating"),
            (self.reward, "reward"),
            (self.outside_gain, "gain of a false verdict"),
            (self.seat_lock, "seat's lock"),
        ):
            checks.amount(wei, what)
        checks.count(self.seats, "number of seats", 1, MAX_SEATS)
        checks.count(self.rounds_at_once, "number of rounds at once", 1, 1000)
        for value, what in (
            (self.honest_share, "honest seat's chance of the majority"),
            (self.verified, "share of outputs verified"),
            (self.detection, "chance of detection"),
            (self.overturned, "chance that a false verdict is overturned"),
            (self.slash_rejected, "slash of a rejected provider"),
            (self.slash_overturned, "slash of an overturned majority"),
            (self.slash_no_commit, "slash for not committing"),
            (self.slash_no_open, "slash for not opening"),
        ):
            if value != 1:
                checks.share(value, what)
        if self.guess_share != 0:
            checks.share(self.guess_share, "guess's chance of the majority")
        if self.guess_share >= self.honest_share:
            raise PlanningError(
                f"A guess is in the majority as often ({self.guess_share:g}) as honest work "
                f"({self.honest_share:g}); no fee makes honesty pay; "
                "calibrate the tolerance first."
            )
        if self.slash_no_open < self.slash_no_commit:
            raise PlanningError(
                "Not opening must not cost less than not committing, or silence after a look is "
                "cheaper than staying away; raise the slash for not opening."
            )
        checks.margin(self.margin)


@dataclass(frozen=True, slots=True)
class StakePlan:
    """Wei, rounded up, margin included; slash fractions are the least ones that do with this lock.

    at_risk_*: what one seat must stand to lose by voting wrong, keeping silent, not opening.
    """

    seat_fee: int
    fee_to_serve: int
    fee_against_guessing: int
    provider_bond: int
    majority: int
    at_risk_wrong: int
    at_risk_silent: int
    at_risk_opening: int
    seat_lock: int
    slash_overturned: float
    slash_no_commit: float
    slash_no_open: float
    min_stake: int


def plan_stake(goal: StakeGoal) -> StakePlan:
    """The least parameters of a profile under which each deviation costs more than it brings.

    Raises:
        PlanningError: a seat would have to lose more than the lock that was given.
    """
    margin = 1 + exact(goal.margin)
    honest, guess = exact(goal.honest_share), exact(goal.guess_share)
    serve = ceil(margin * (goal.work + goal.gas) / honest)
    guessing = ceil(margin * goal.work / (honest - guess))

    rejected = exact(goal.slash_rejected)
    caught = exact(goal.verified) * exact(goal.detection)
    bond = ceil(least_stake(goal.saved, goal.reward, caught, goal.margin) / rejected)

    majority = goal.seats // 2 + 1
    kept = rejected * bond + goal.reward
    wrong = ceil(margin * (goal.outside_gain + kept) / (majority * exact(goal.overturned)))
    silent = ceil(margin * kept / (goal.seats - majority + 1))
    opening = ceil(margin * goal.gas)
    lock = goal.seat_lock or max(
        ceil(wrong / exact(goal.slash_overturned)),
        ceil(silent / exact(goal.slash_no_commit)),
        ceil(opening / exact(goal.slash_no_open)),
    )
    if max(wrong, silent, opening) > lock:
        raise PlanningError(
            f"A seat must stand to lose {max(wrong, silent, opening)} wei, more than its lock of "
            f"{lock}; raise the lock or the number of seats."
        )
    no_commit = _fraction(silent, lock)
    return StakePlan(
        seat_fee=max(serve, guessing),
        fee_to_serve=serve,
        fee_against_guessing=guessing,
        provider_bond=bond,
        majority=majority,
        at_risk_wrong=wrong,
        at_risk_silent=silent,
        at_risk_opening=opening,
        seat_lock=lock,
        slash_overturned=_fraction(wrong, lock),
        slash_no_commit=no_commit,
        slash_no_open=max(no_commit, _fraction(opening, lock)),
        min_stake=goal.rounds_at_once * lock,
    )


def _fraction(part: int, whole: int) -> float:
    """Rounded up to the basis point in which profiles state it."""
    return ceil(Fraction(part * BASIS_POINTS, whole)) / BASIS_POINTS if whole else 0.0
