"""Rounds that wait for anybody to call them: their next step, as jobs.

A network whose rounds end only because participants call them stops when they sleep. What to call
is known from the index; whether it may be called now is what the static call before sending says.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import and_, select

from backend.store import FlagRecord, LevelRecord, Position, RoundRecord, Store, phase_at
from backend.submitter.outbox import Task
from chain.gateway import Gateway
from chain.types import Phase

COURT: Final = "VerificationRounds"
POKE: Final = "poke"

GRACE_SECONDS: Final = 5
"""Whoever finalizes earns a tip: participants get so long to do it themselves."""

VERBS: Final[dict[Phase, str]] = {
    Phase.DRAWING: "draw",
    Phase.TALLYING: "advance",
    Phase.PUBLISHING: "advance",
    Phase.FLAGGING: "advance",
    Phase.VOTING: "advance",
}
"""What to call in a phase that is over."""


def due_pokes(store: Store, gateway: Gateway, at: Position, now: int) -> list[Task]:
    """The steps that could be taken now, as far as the index knows.

    Args:
        at: where the index stands.
        now: Unix seconds, the chain's.
    """
    moment = now - GRACE_SECONDS
    query = (
        select(RoundRecord, LevelRecord, FlagRecord.closes_at, phase_at(moment))
        .outerjoin(
            LevelRecord,
            and_(
                LevelRecord.request_hash == RoundRecord.request_hash,
                LevelRecord.level == RoundRecord.level,
            ),
        )
        .outerjoin(FlagRecord, FlagRecord.request_hash == RoundRecord.request_hash)
        .where(RoundRecord.phase != int(Phase.FINAL))
        .order_by(RoundRecord.submitted_block, RoundRecord.log_index)
    )
    found = []
    with store.read() as session:
        for round_, level, votes_close_at, number in session.execute(query):
            phase = Phase(number)
            closes_at = {
                Phase.PUBLISHING: None if level is None else level.publish_closes_at,
                Phase.FLAGGING: round_.flags_close_at,
                Phase.VOTING: votes_close_at,
            }
            if phase is Phase.DRAWING:
                over = at.number > round_.entropy_block
            else:
                over = phase not in closes_at or _is_past(closes_at[phase], moment)
            if phase in VERBS and over:
                call = gateway.prepare(COURT, VERBS[phase], round_.request_hash)
                counted = level is not None and level.verdict is not None
                found.append(Task(name_of(round_, phase, counted=counted), POKE, call))
    return found


def name_of(round_: RoundRecord, phase: Phase, *, counted: bool = False) -> str:
    """One name per step: a draw that was postponed is another one, and so is the end of a level
    that was counted and not appealed."""
    ended = ".counted" if counted else ""
    step = f"{phase.label}{ended}.{round_.level}.{round_.entropy_block}"
    return f"{POKE}/0x{round_.request_hash.hex()}/{step}"


def _is_past(closes_at: int | None, moment: int) -> bool:
    return closes_at is not None and closes_at <= moment
