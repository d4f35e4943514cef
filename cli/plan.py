"""`assay plan`: exams, committees, audits and stakes planned from what they must do."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from cli import plan_report as report
from cli.session import ether
from verifier.planning.audit import AuditGoal, plan_audit
from verifier.planning.committee import CommitteeGoal, committee, plan_committee
from verifier.planning.exam import ExamGoal, plan_exam
from verifier.planning.sequential import plan_sequential
from verifier.planning.stake import StakeGoal, plan_stake

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Plan exams, committees, audits and stakes from what they must do.",
)

_JSON = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
_MARGIN = Annotated[
    float, typer.Option("--margin", metavar="X", help="Add this share to what only breaks even.")
]


def _share(flag: str, text: str) -> Any:
    return typer.Option(flag, metavar="P", help=text)


def _eth(flag: str, text: str) -> Any:
    return typer.Option(flag, metavar="ETH", help=text)


def _number(flag: str, text: str) -> Any:
    return typer.Option(flag, metavar="N", help=text)


@app.command()
def exam(
    refuse: Annotated[float, _share("--refuse", "Accuracy of an agent to keep out.")] = 0.6,
    admit: Annotated[float, _share("--admit", "Accuracy of an agent to let in.")] = 0.9,
    false_pass: Annotated[
        float, _share("--false-pass", "Largest chance that the former ever passes.")
    ] = 1e-3,
    false_fail: Annotated[
        float, _share("--false-fail", "Largest chance that the latter fails all its attempts.")
    ] = 0.05,
    leaked: Annotated[
        float,
        _share("--leaked-false-pass", "The same for one attempt with a section leaked; 1: any."),
    ] = 0.05,
    examiners: Annotated[int, _number("--examiners", "Examiners, a section each.")] = 3,
    attempts: Annotated[int, _number("--attempts", "Attempts in each period.")] = 1,
    expiry: Annotated[int, _number("--expiry", "Days until a capability expires.")] = 30,
    lifetime: Annotated[
        int, _number("--lifetime", "Days that --false-pass is over; 0 is one period.")
    ] = 0,
    fee: Annotated[str, _eth("--fee", "What an attempt costs.")] = "0",
    identity_cost: Annotated[str, _eth("--identity-cost", "What an identity costs.")] = "0",
    budget: Annotated[str, _eth("--budget", "What a cheat would spend on attempts.")] = "0",
    as_json: _JSON = False,
) -> None:
    """Items and marks of an exam, and what passes by luck over a lifetime.

    Prints the shortest exam of fixed length, and a sequential one for the same limits.
    """
    goal = ExamGoal(
        refuse,
        admit,
        false_pass,
        false_fail,
        leaked,
        examiners,
        attempts,
        expiry,
        lifetime,
        _wei(fee),
        _wei(identity_cost),
        _wei(budget),
    )
    fixed = plan_exam(goal)
    stepwise = plan_sequential(goal, fixed.items)
    if as_json:
        report.as_json("exam", goal, fixed=fixed, sequential=stepwise)
        return
    report.exam(goal, fixed, stepwise)


@app.command("committee")
def committee_command(
    accuracy: Annotated[
        float, _share("--accuracy", "Chance that an honest verifier that opens is right.")
    ],
    target: Annotated[
        float, _share("--target", "Least chance that the right answer has a majority.")
    ] = 0.99,
    correlation: Annotated[
        float, _share("--correlation", "Correlation of two verifiers' errors.")
    ] = 0.0,
    availability: Annotated[
        float, _share("--availability", "Chance that an honest seat opens.")
    ] = 1.0,
    colluders: Annotated[
        float, _share("--colluders", "Share of the stake that votes wrong together.")
    ] = 0.0,
    max_wrong: Annotated[
        float, _share("--max-wrong", "Largest chance of a wrong majority; 1: any.")
    ] = 1.0,
    as_json: _JSON = False,
) -> None:
    """Size of a committee from accuracy, correlated errors, absentees and colluders."""
    goal = CommitteeGoal(accuracy, target, correlation, availability, colluders, max_wrong)
    plan = plan_committee(goal)
    sizes = sorted({1, 3, 5, 7, plan.seats, plan.seats + 2, plan.seats * 2 + 1} & {*range(1, 102)})
    others = [committee(goal, seats) for seats in sizes]
    if as_json:
        report.as_json("committee", goal, committee=plan, sizes=others)
        return
    report.committee(plan, others)


@app.command()
def audit(
    saved: Annotated[str, _eth("--saved", "What cheating on a request saves (C).")],
    reward: Annotated[str, _eth("--reward", "What a request pays (R).")],
    stake: Annotated[
        str | None, _eth("--stake", "What a cheat loses besides (S); finds the rate.")
    ] = None,
    rate: Annotated[
        float | None, _share("--rate", "Share of requests audited (p); finds the stake.")
    ] = None,
    collusion: Annotated[
        float, _share("--collusion", "Share of audits in the cheat's hands (r).")
    ] = 0.0,
    detection: Annotated[
        float, _share("--detection", "Chance that an honest audit sees it (d).")
    ] = 1.0,
    cheats_on: Annotated[
        float, _share("--cheats-on", "Share of requests cheated on, for the time to be caught.")
    ] = 1.0,
    margin: _MARGIN = 0.1,
    as_json: _JSON = False,
) -> None:
    """Rate of audits, or stake, so that cheating does not pay."""
    goal = AuditGoal(
        saved=_wei(saved),
        reward=_wei(reward),
        stake=None if stake is None else _wei(stake),
        rate=rate,
        collusion=collusion,
        detection=detection,
        margin=margin,
        cheats_on=cheats_on,
    )
    plan = plan_audit(goal)
    if as_json:
        report.as_json("audit", goal, audit=plan)
        return
    report.audit(goal, plan)


@app.command()
def stake(
    work: Annotated[str, _eth("--work", "What running a task costs a verifier.")],
    saved: Annotated[str, _eth("--saved", "What bad work saves a provider.")],
    reward: Annotated[str, _eth("--reward", "What a task pays its provider.")],
    gas: Annotated[str, _eth("--gas", "What committing and opening costs a seat.")] = "0",
    outside_gain: Annotated[
        str, _eth("--gain", "What a false verdict is worth besides bond and reward.")
    ] = "0",
    seats: Annotated[int, _number("--seats", "Seats of a committee.")] = 5,
    honest: Annotated[float, _share("--honest", "Chance of the majority by honest work.")] = 0.99,
    guess: Annotated[float, _share("--guess", "Chance of the majority without the work.")] = 0.01,
    verified: Annotated[float, _share("--verified", "Share of outputs that are verified.")] = 1.0,
    detection: Annotated[
        float, _share("--detection", "Chance that a bad output is rejected.")
    ] = 0.99,
    overturned: Annotated[
        float, _share("--overturned", "Chance that a false verdict is overturned on appeal.")
    ] = 0.5,
    slash_rejected: Annotated[
        float, _share("--slash-rejected", "Share of its bond that a rejected provider loses.")
    ] = 1.0,
    slash_overturned: Annotated[
        float, _share("--slash-overturned", "Share of its lock that an overturned seat loses.")
    ] = 1.0,
    slash_no_commit: Annotated[
        float, _share("--slash-no-commit", "The same for not committing.")
    ] = 0.1,
    slash_no_open: Annotated[float, _share("--slash-no-open", "The same for not opening.")] = 0.2,
    lock: Annotated[str, _eth("--lock", "A seat's lock; finds the seats' slashes instead.")] = "0",
    rounds: Annotated[int, _number("--rounds", "Seats that an agent may hold at once.")] = 4,
    margin: _MARGIN = 0.1,
    as_json: _JSON = False,
) -> None:
    """Fee, bond, lock and stake that a profile must ask so that honesty pays."""
    goal = StakeGoal(
        work=_wei(work),
        gas=_wei(gas),
        saved=_wei(saved),
        reward=_wei(reward),
        outside_gain=_wei(outside_gain),
        seats=seats,
        honest_share=honest,
        guess_share=guess,
        verified=verified,
        detection=detection,
        overturned=overturned,
        slash_rejected=slash_rejected,
        slash_overturned=slash_overturned,
        slash_no_commit=slash_no_commit,
        slash_no_open=slash_no_open,
        seat_lock=_wei(lock),
        rounds_at_once=rounds,
        margin=margin,
    )
    plan = plan_stake(goal)
    if as_json:
        report.as_json("stake", goal, stake=plan)
        return
    report.stake(goal, plan)


def _wei(text: str) -> int:
    """An amount in ETH, which here may be 0."""
    return 0 if re.fullmatch(r"0*\.?0*", text) and "0" in text else ether(text)
