"""What must have happened: each verdict, and each reputation it moves.

The expectations come from the stories and from what the contract recorded of each seat, never from
the scores themselves, so a ledger that forgets or double-counts is found out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from chain.types import SeatState, Verdict
from cli.demo.report import Finding, Movement, Outcome, Standing

ABSENTEES: Final = frozenset({"copycat", "silent", "absent"})
"""Behaviours that cannot or will not open."""


# Evidence is decayed by seconds against a half-life of days, so what is read is a hair below what
# was written; a missing or doubled observation is off by a whole one.
_SLACK = 0.01


def check_verdicts(outcomes: Iterable[Outcome]) -> list[Finding]:
    """One finding for each round that did not end as its story says."""
    return [
        Finding(outcome.title, f"expected {outcome.expected}, the contract says {outcome.verdict}")
        for outcome in outcomes
        if outcome.verdict != outcome.expected
    ]


def check_stakes(outcomes: Iterable[Outcome]) -> list[Finding]:
    """A seat that opened loses nothing, one that did not is slashed; a killed one opened."""
    findings = []
    for outcome in outcomes:
        for seat in outcome.seats:
            opened = seat["state"] == SeatState.OPENED.label
            slashed = int(seat["slashedWei"]) > 0
            where = f"{outcome.title}, {seat['agent']}"
            if opened and slashed:
                findings.append(Finding(where, "opened validly in time and lost stake"))
            if not opened and not slashed:
                findings.append(Finding(where, "did not open and lost nothing"))
            if opened != (seat["behaviour"] not in ABSENTEES):
                findings.append(Finding(where, f"is {seat['behaviour']} and is {seat['state']}"))
    return findings


def expected_evidence(
    outcomes: Iterable[Outcome],
) -> tuple[Counter[Movement], Counter[Movement]]:
    """(good, bad): how much evidence the rounds call for, in observations.

    Providers: good for Accepted, bad for Rejected. Seats: good in the majority cluster, bad for not
    opening, and bad outside the cluster where there is one.
    """
    good: Counter[Movement] = Counter()
    bad: Counter[Movement] = Counter()
    for outcome in outcomes:
        provider = Movement(outcome.provider, outcome.profile, "provider")
        if outcome.verdict == Verdict.ACCEPTED.label:
            good[provider] += 1
        elif outcome.verdict == Verdict.REJECTED.label:
            bad[provider] += 1
        decided = any(seat["inCluster"] for seat in outcome.seats)
        for seat in outcome.seats:
            key = Movement(seat["agent"], outcome.profile, "verifier")
            if seat["inCluster"]:
                good[key] += 1
            elif decided or seat["state"] != SeatState.OPENED.label:
                bad[key] += 1
    return good, bad


def check_reputations(
    good: Counter[Movement],
    bad: Counter[Movement],
    before: Mapping[Movement, Standing],
    after: Mapping[Movement, Standing],
) -> list[Finding]:
    """Compares evidence gained with what the settled rounds call for, in observations.

    An agent with neither good nor bad evidence must stay unknown (None), never 0.
    """
    findings: list[Finding] = []
    nothing = Standing(None, None, 0.0, 0.0, 0.0)
    for key in sorted(
        good.keys() | bad.keys() | before.keys() | after.keys(),
        key=lambda m: (m.agent, m.profile, m.role),
    ):
        was, now = before.get(key, nothing), after.get(key, nothing)
        subject = f"{key.agent} as {key.role} ({key.profile})"
        for name, gained, expected in (
            ("good", now.alpha - was.alpha, good[key]),
            ("bad", now.beta - was.beta, bad[key]),
        ):
            if abs(gained - expected) > _SLACK * max(1, expected):
                findings.append(
                    Finding(
                        subject, f"{name} evidence moved by {gained:.3f}, must move by {expected}"
                    )
                )
        if (good[key] + bad[key] == 0 and was.mean is None) != (now.mean is None):
            findings.append(
                Finding(
                    subject,
                    f"the score is {now.mean}, with {now.n:.2f} observations"
                    " it must be " + ("unknown" if now.n == 0 else "known"),
                )
            )
    return findings
