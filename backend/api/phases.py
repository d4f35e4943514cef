"""The phase of a round at a moment: what the court's `phaseOf` says, in SQL.

Committing and Opening end by the clock, so the stored phase may lag behind.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, case

from backend.store import LevelRecord, RoundRecord
from chain.types import Phase


def phase_at(now: int) -> ColumnElement[Any]:
    """For a query over rounds outer-joined with their current level. `now`: Unix seconds."""
    over = LevelRecord.open_closes_at <= now
    committing = RoundRecord.phase == int(Phase.COMMITTING)
    return case(
        (and_(committing, over), int(Phase.TALLYING)),
        (and_(committing, LevelRecord.commit_closes_at <= now), int(Phase.OPENING)),
        (and_(RoundRecord.phase == int(Phase.OPENING), over), int(Phase.TALLYING)),
        else_=RoundRecord.phase,
    )
