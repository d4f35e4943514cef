"""Levels of a round: how large each committee is, and which verdict stands after it."""

from __future__ import annotations

from typing import Final

from chain.types import Verdict

MOST_LEVELS: Final = 4
"""The first committee and at most three appeals: the court's constant."""

MOST_SEATS: Final = 47
"""Of one level: the court's constant."""

DECISIVE: Final = frozenset({Verdict.ACCEPTED, Verdict.REJECTED})


def size_at(committee_size: int, level: int) -> int:
    """Seats of a level: each has twice the last one's and one, as long as there is room."""
    for _ in range(level):
        committee_size = min(MOST_SEATS, 2 * committee_size + 1)
    return committee_size


def levels_of(committee_size: int, appeal_window: int) -> int:
    """Levels that a round can have: as long as the next committee is larger."""
    count = 1
    while appeal_window and count < MOST_LEVELS:
        if size_at(committee_size, count) == size_at(committee_size, count - 1):
            break
        count += 1
    return count


def premium_of(seat_fee: int, committee_size: int, audit_bps: int) -> int:
    """What the protocol's own appeal of a round costs on average, in wei."""
    return seat_fee * size_at(committee_size, 1) * audit_bps // 10_000


def standing_after(level: int, standing: Verdict, counted: Verdict) -> Verdict:
    """The verdict that stands once a level is counted: what decides nothing overturns nothing."""
    if level == 0 or counted in DECISIVE or standing not in DECISIVE:
        return counted
    return standing
