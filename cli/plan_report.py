"""What `assay plan` prints: a table for people with the sources of its formulas, or JSON."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from chain.units import show_ether
from cli import output
from verifier.planning.audit import AuditGoal, AuditPlan
from verifier.planning.committee import CommitteePlan
from verifier.planning.exam import ExamGoal, ExamPlan
from verifier.planning.sequential import SequentialPlan
from verifier.planning.stake import StakeGoal, StakePlan

SOURCES: Final[Mapping[str, Sequence[str]]] = {
    "exam": (
        "Binomial sums over sections; Neyman and Pearson, Phil. Trans. R. Soc. A 231 (1933) 289",
        "Sequential: Wald, Ann. Math. Statist. 16 (1945) 117; chances and lengths here are exact",
    ),
    "committee": (
        "Beta-binomial: Skellam, J. R. Statist. Soc. B 10 (1948) 257",
        "Votes with a common cause: Ladha, Am. J. Polit. Sci. 36 (1992) 617",
    ),
    "audit": ("Proof of sampling, p > C / (d (1 - r) (R + S)): arXiv 2405.00295 (there d = 1)",),
    "stake": (
        "Bond: proof of sampling, arXiv 2405.00295",
        "Lock: a bribe costs what its seats lose, arXiv 2402.06352",
    ),
}

# Results that are wei: strings in JSON, which has no integers of that size.
WEI: Final = frozenset(
    """
    fee identity_cost budget luck_cost saved reward stake break_even_stake loss
    work gas outside_gain seat_fee fee_to_serve fee_against_guessing provider_bond
    at_risk_wrong at_risk_silent at_risk_opening seat_lock min_stake
    """.split()  # noqa: SIM905 - names in a list of 20 lines say no more
)


def exam(goal: ExamGoal, fixed: ExamPlan, stepwise: SequentialPlan) -> None:
    """Both designs side by side."""
    bounds = f"{stepwise.lower:.3f} .. {stepwise.upper:.3f}"
    rows = [
        ("items", fixed.items, f"at most {stepwise.max_items}"),
        ("mark", fixed.mark, f"{stepwise.mark} at the last item"),
        (
            f"each of {goal.examiners} sections",
            f"{fixed.section_mark} of {fixed.section_items}",
            "no mark",
        ),
        ("stops outside log likelihood ratios", None, bounds),
        *(
            (f"mean items at {accuracy:g}", fixed.items, f"{mean:.1f}{wald}")
            for accuracy, mean, wald in (
                (goal.refuse, stepwise.refuse_mean_items, _wald(stepwise.wald_refuse_mean_items)),
                ((goal.refuse + goal.admit) / 2, stepwise.middle_mean_items, ""),
                (goal.admit, stepwise.admit_mean_items, _wald(stepwise.wald_admit_mean_items)),
            )
        ),
        (
            f"false pass at {goal.refuse:g}, per attempt",
            _chance(fixed.attempt_false_pass),
            _chance(stepwise.attempt_false_pass),
        ),
        (
            f"false fail at {goal.admit:g}, per attempt",
            _chance(fixed.attempt_false_fail),
            _chance(stepwise.attempt_false_fail),
        ),
        (
            "false pass with one section leaked",
            _chance(fixed.leaked_false_pass),
            _chance(stepwise.leaked_false_pass),
        ),
    ]
    output.print_table(("", "fixed length", "sequential"), rows, "Exam")
    output.say(
        f"Fixed length: false pass {_chance(fixed.lifetime_false_pass)} in a lifetime of "
        f"{fixed.lifetime_attempts} attempt{'s' * (fixed.lifetime_attempts != 1)}, false fail "
        f"{_chance(fixed.period_false_fail)} in a period of {goal.attempts}."
    )
    if fixed.luck_cost is not None and (goal.fee or goal.identity_cost):
        output.say(
            f"A pass by luck costs {show_ether(fixed.luck_cost)} on average, "
            f"{show_ether(fixed.luck_cost // goal.expiry_days)} for each day until it expires."
        )
    _print_sources("exam")


def committee(plan: CommitteePlan, sizes: Sequence[CommitteePlan]) -> None:
    """The plan among other sizes."""
    rows = [
        (each.seats, each.majority, _chance(each.right), _chance(each.wrong), _chance(each.neither))
        for each in sizes
    ]
    columns = ("seats", "majority", "right has it", "wrong has it", "neither")
    output.print_table(columns, rows, "Committee")
    output.say(f"{plan.seats} seats are the fewest that do.")
    _print_sources("committee")


def audit(goal: AuditGoal, plan: AuditPlan) -> None:
    """Rate and stake, with the margin and without."""
    rows = [
        ("audit rate", _chance(plan.rate), _chance(plan.break_even_rate)),
        ("stake", show_ether(plan.stake), show_ether(plan.break_even_stake)),
    ]
    output.print_table(("", "plan", "breaks even above"), rows, "Audit")
    output.say(
        f"A request cheated on is worse than an honest one by {show_ether(plan.loss)}; a cheat on "
        f"{goal.cheats_on:.0%} of requests is found out within {plan.requests} of them with "
        f"{goal.certainty:.0%}."
    )
    _print_sources("audit")


def stake(goal: StakeGoal, plan: StakePlan) -> None:
    """Each parameter, and what it is for."""
    wrong, silent = show_ether(plan.at_risk_wrong), show_ether(plan.at_risk_silent)
    opening = show_ether(plan.at_risk_opening)
    rows = [
        ("seat fee", show_ether(plan.seat_fee), "serving and working beats staying away, guessing"),
        ("provider's bond", show_ether(plan.provider_bond), "bad work loses more than it saves"),
        ("seat's lock", show_ether(plan.seat_lock), "holds each of the slashes below"),
        ("slash, overturned", _bps(plan.slash_overturned), f"{plan.majority} seats: {wrong} each"),
        (
            "slash, not committed",
            _bps(plan.slash_no_commit),
            f"{goal.seats - plan.majority + 1} seats: {silent} each",
        ),
        ("slash, not opened", _bps(plan.slash_no_open), f"not less, and at least {opening}"),
        ("stake", show_ether(plan.min_stake), f"{goal.rounds_at_once} locks at once"),
    ]
    output.print_table(("a profile must ask", "at least", "because"), rows, "Stake")
    _print_sources("stake")


def as_json(name: str, goal: Any, **parts: Any) -> None:
    """One document: the plan's name, its goal, what was found, and the formulas' sources."""
    found = {"plan": name, "goal": _fields(goal)}
    found |= {part: _fields(value) for part, value in parts.items()}
    output.print_json(found | {"sources": SOURCES[name]})


def _chance(value: float) -> str:
    return f"{value:.2%}" if 0.001 <= value <= 0.999 or value in (0, 1) else f"{value:.6g}"


def _bps(value: float) -> str:
    return f"{value:.2%}"


def _wald(mean: float) -> str:
    return f" (Wald: {mean:.1f})"


def _print_sources(name: str) -> None:
    for source in SOURCES[name]:
        output.say(f"Source: {source}.")


def _fields(value: Any) -> Any:
    """A plan as JSON: names as the API writes them, wei as strings."""
    if isinstance(value, list):
        return [_fields(item) for item in value]
    return {
        re.sub(r"_(\w)", lambda match: match[1].upper(), field.name): str(found)
        if field.name in WEI and (found := getattr(value, field.name)) is not None
        else getattr(value, field.name)
        for field in dataclasses.fields(value)
    }
