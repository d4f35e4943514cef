"""The phase of a round at a moment: what the court's `phaseOf` says, in SQL.

Committing and Opening end by the clock, so the stored phase may lag behind; a commit window that
left no quorum, and openings of all who committed, lead to Tallying at once. Appealing ends by the
clock, too, and an accepted round that is not to be audited goes on to Publishing by itself.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, case, not_, or_

from backend.store.rounds import LevelRecord, RoundRecord
from chain.types import Phase, Verdict


def phase_at(now: int) -> ColumnElement[Any]:
    """For a query over rounds outer-joined with their current level. `now`: Unix seconds."""
    committing = RoundRecord.phase == int(Phase.COMMITTING)
    still_committing = and_(committing, LevelRecord.commit_closes_at > now)
    no_quorum = and_(committing, LevelRecord.committed < LevelRecord.majority)
    all_opened = and_(LevelRecord.opened == LevelRecord.committed, not_(LevelRecord.claim_due))
    opening_over = or_(LevelRecord.open_closes_at <= now, all_opened)
    window_over = and_(
        RoundRecord.phase == int(Phase.APPEALING), LevelRecord.appeal_closes_at <= now
    )
    goes_on = and_(RoundRecord.standing == int(Verdict.ACCEPTED), not_(RoundRecord.audit_due))
    by_the_clock = or_(committing, RoundRecord.phase == int(Phase.OPENING))
    return case(
        (still_committing, int(Phase.COMMITTING)),
        (no_quorum, int(Phase.TALLYING)),
        (and_(by_the_clock, opening_over), int(Phase.TALLYING)),
        (by_the_clock, int(Phase.OPENING)),
        (and_(window_over, goes_on), int(Phase.PUBLISHING)),
        (window_over, int(Phase.TALLYING)),
        else_=RoundRecord.phase,
    )
