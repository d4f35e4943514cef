"""[exams] and [examiner] of node.toml: what a node does about exams. By default nothing."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

__all__ = ["ExaminerConfig", "SitMode", "SittingConfig", "tables"]

DAY: Final = 86_400  # seconds


class SitMode(StrEnum):
    """Which exams a node sits."""

    OFF = "off"
    GATED = "gated"  # of profiles that take nobody without a pass
    ALL = "all"  # of every profile it works for


@dataclass(frozen=True, slots=True)
class SittingConfig:
    """How a node sits exams.

    Attributes:
        sit: which.
        profiles: names or 0x ids, besides those the agent is enrolled for: behind a gate it cannot
            enrol before it has passed.
        margin_seconds: a pass that ends within this is renewed.
        max_fee: wei that an exam may cost at most.
        attempts: exams failed one after the other, of one profile, after which it sits no more.
    """

    sit: SitMode = SitMode.OFF
    profiles: tuple[str, ...] = ()
    margin_seconds: int = 7 * DAY
    max_fee: int = 5 * 10**16
    attempts: int = 2


@dataclass(frozen=True, slots=True)
class ExaminerConfig:
    """How a node holds exams.

    Attributes:
        tasks: a file of tasks (`assay/task/1`, one a line), of which it makes items; None: it is no
            examiner.
        gold_share: 0..1 of a section's items that are of finished rounds, as far as there are such.
        every_seconds: it announces an exam so long after the last of the profile; 0: never.
        max_bond: wei that a section may take at most.
        turn_seconds: what anybody may do the examiner of section i does after i times this.
    """

    tasks: Path | None = None
    gold_share: float = 0.25
    every_seconds: int = 7 * DAY
    max_bond: int = 2 * 10**18
    turn_seconds: float = 20.0


def tables(sitting: SittingConfig, examiner: ExaminerConfig) -> dict[str, dict[str, Any]]:
    """The two tables as node.toml has them; one that is all defaults is left out."""
    found: dict[str, dict[str, Any]] = {}
    for name, config in (("exams", sitting), ("examiner", examiner)):
        if config != type(config)():
            values = {field.name: getattr(config, field.name) for field in fields(config)}
            found[name] = {key: _plain(value) for key, value in values.items() if value is not None}
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    # TOML's integers have 64 bits, and wei more.
    is_wei = isinstance(value, int) and value >= 1 << 53
    return str(value) if is_wei or isinstance(value, Path | StrEnum) else value
