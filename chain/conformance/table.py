"""The table of checks: an id, what the standard demands, and the scene that shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chain.conformance.scene import Scene

Play = Callable[[Scene], None]


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        id: short name; those of known traps begin with T and their number.
        contract: whose behaviour it is.
        demand: what the standard, or the trap, asks for, in one sentence.
        play: raises Failed or NotApplicable, or else the check has passed.
    """

    id: str
    contract: str
    demand: str
    play: Play


TABLE: Final[dict[str, Check]] = {}
"""Every check by id, in the order in which they are run."""


def check(id_: str, contract: str, demand: str) -> Callable[[Play], Play]:
    """Enters a scene into the table."""

    def enter(play: Play) -> Play:
        if id_ in TABLE:
            raise ValueError(f"two checks are named {id_}")
        TABLE[id_] = Check(id_, contract, demand, play)
        return play

    return enter
