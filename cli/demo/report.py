"""What the demo tells: progress in plain words, tables at the end, JSON for machines."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

Role = Literal["provider", "verifier"]

SCHEMA: Final = "assay/demo/1"
_FILE_WIDTH: Final = 140
_COLOURS: Final = {
    "Accepted": "green",
    "Rejected": "red",
    "Inconclusive": "yellow",
    "Expired": "yellow",
}


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


class Narrator:
    """Prints lines, each with the seconds since the start and the round it belongs to.

    Rounds overlap, so every line names its own.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._start = time.monotonic()
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """Since the demo began."""
        return time.monotonic() - self._start

    def heading(self, text: str) -> None:
        self._print(f"\n[bold]{text}[/bold]")

    def say(self, text: str, number: int | None = None) -> None:
        """One line; `number` is the round it is about."""
        where = f"round {number:>2}" if number is not None else "        "
        self._print(f"[dim]{self.seconds:6.1f} s  {where}[/dim]  {text}")

    def table(self, table: Table) -> None:
        # Into a file or a pipe there is no width to keep to.
        width = None if self.console.is_terminal else _FILE_WIDTH
        with self._lock:
            self.console.print()
            self.console.print(table, width=width)

    def _print(self, text: str) -> None:
        with self._lock:
            self.console.print(text)


@dataclass
class Outcome:
    """One round as it went. Hashes and digests are 0x-hex; distances are bits out of 256."""

    number: int
    title: str
    story: str
    profile: str
    family: str
    provider: str
    expected: str
    request_hash: str = ""
    verdict: str | None = None
    tolerance: int = 0
    claim: str | None = None
    seats: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "title": self.title,
            "story": self.story,
            "profile": self.profile,
            "family": self.family,
            "provider": self.provider,
            "requestHash": self.request_hash,
            "verdict": self.verdict,
            "expected": self.expected,
            "asExpected": self.verdict == self.expected,
            "tolerance": self.tolerance,
            "claim": self.claim,
            "seats": self.seats,
            "seconds": round(self.seconds, 2),
        }


def coloured(verdict: str | None) -> str:
    colour = _COLOURS.get(verdict or "", "white")
    return f"[{colour}]{verdict or 'none'}[/{colour}]"


def rounds_table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(title="Verdicts", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column("#", justify="right")
    table.add_column("what happened", min_width=24)
    table.add_column("provider", no_wrap=True)
    table.add_column("digest", style="dim", no_wrap=True)
    table.add_column("≤", justify="right", style="dim", no_wrap=True)
    table.add_column("bits from the claim", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for outcome in outcomes:
        right = outcome.verdict == outcome.expected
        mark = "✓" if right else f"[red]✗ not {outcome.expected}[/red]"
        table.add_row(
            str(outcome.number),
            outcome.title,
            outcome.provider,
            outcome.family,
            str(outcome.tolerance),
            distances(outcome),
            f"{coloured(outcome.verdict)} {mark}",
        )
    return table


def distances(outcome: Outcome) -> str:
    """`0  3  –`: one entry a seat; a dash where a seat or the provider did not open."""
    return "  ".join(
        "–" if seat["distance"] is None else str(seat["distance"]) for seat in outcome.seats
    )


def reputation_table(
    before: Mapping[Movement, Standing], after: Mapping[Movement, Standing]
) -> Table:
    table = Table(title="Reputation", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column("agent", no_wrap=True)
    table.add_column("as", no_wrap=True)
    table.add_column("for", style="dim", min_width=18)
    for name in ("before", "after", "at least", "n", "good", "bad"):
        table.add_column(name, justify="right", no_wrap=True)
    for key in sorted(after, key=lambda m: (m.role, m.agent, m.profile)):
        was, now = before.get(key), after[key]
        if now.n == 0:
            continue  # nothing is known, and nothing is said
        table.add_row(
            key.agent,
            key.role,
            key.profile,
            _score(was.mean if was else None),
            _score(now.mean),
            _score(now.lower_bound),
            f"{now.n:.1f}",
            f"{now.alpha:.1f}",
            f"{now.beta:.1f}",
        )
    table.caption = (
        "after: mean of good against bad evidence with a prior of one each; at least: 95 % lower "
        "bound; evidence fades with a half-life"
    )
    table.caption_justify = "left"
    return table


def standings_json(standings: Mapping[Movement, Standing]) -> list[dict[str, Any]]:
    return [
        {
            "agent": key.agent,
            "role": key.role,
            "profile": key.profile,
            "mean": standing.mean,
            "lowerBound": standing.lower_bound,
            "n": standing.n,
            "good": standing.alpha,
            "bad": standing.beta,
        }
        for key, standing in sorted(
            standings.items(), key=lambda item: (item[0].agent, item[0].role, item[0].profile)
        )
    ]


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Writes the whole file or none of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(
        json.dumps({"schema": SCHEMA, **document}, indent=2, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
    temporary.replace(path)


def findings_lines(findings: Sequence[Finding]) -> list[str]:
    return [f"[red]✗[/red] {finding.subject}: {finding.sentence}" for finding in findings]


def _score(value: float | None) -> str:
    return "unknown" if value is None else f"{100 * value:.1f} %"
