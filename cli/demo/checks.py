"""What must have happened: each verdict, and each reputation it moves.

The expectations come from the stories and from what the contract recorded of each seat, never from
the scores themselves, so a ledger that forgets or double-counts is found out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Role = Literal["provider", "verifier"]


@dataclass(frozen=True)
class Movement:
    """The place where evidence is kept: one agent in one domain."""

    agent: str
    profile: str
    role: Role


@dataclass(frozen=True)
class Standing:
    """A reputation as the API served it; None where it is not known."""

    mean: float | None
    lower_bound: float | None
    n: float
    alpha: float
    beta: float


@dataclass(frozen=True)
class Finding:
    subject: str
    sentence: str


# Evidence is decayed by seconds against a half-life of days, so what is read is a hair below what
# was written; a missing or doubled observation is off by a whole one.
_SLACK = 0.01


def check_verdicts(rounds: Iterable[Mapping[str, object]]) -> list[Finding]:
    """One finding for each round that did not end as its story says."""
    return [
        Finding(str(r["title"]), f"expected {r['expected']}, the contract says {r['verdict']}")
        for r in rounds
        if r["verdict"] != r["expected"]
    ]


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
