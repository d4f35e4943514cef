"""Seats of rounds that are over and whose accounts nobody has closed: many in one transaction.

A seat that is not settled keeps its lock, and its evidence, its slash among it, is not written: who
did badly has no reason to hurry. What somebody else has settled meanwhile the contract passes over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Final

from sqlalchemy import select

from backend.store import RoundRecord, SeatRecord, Store
from backend.store.rounds import UNSETTLED
from backend.submitter.outbox import Task
from chain.errors import RevertError
from chain.gateway import Gateway
from chain.structs import Seat, SeatRef
from chain.types import Phase, RequestHash

COURT: Final = "VerificationRounds"
SETTLE: Final = "settle"

GRACE_SECONDS: Final = 60
"""A node settles its own seats as soon as a round is over, and earns by those that did not open."""

MOST_AT_ONCE: Final = 30
"""Seats in one transaction; each takes about 90,000 gas."""


def due_settlements(store: Store, gateway: Gateway, now: int) -> list[Task]:
    """At most one batch, the oldest rounds first. `now`: Unix seconds, the chain's.

    Raises:
        RpcError.
    """
    query = (
        select(SeatRecord.request_hash, SeatRecord.level, SeatRecord.seat)
        .join(RoundRecord, RoundRecord.request_hash == SeatRecord.request_hash)
        .where(
            RoundRecord.phase == int(Phase.FINAL),
            RoundRecord.final_at <= now - GRACE_SECONDS,
            UNSETTLED,
        )
        .order_by(RoundRecord.final_at, SeatRecord.request_hash, SeatRecord.level, SeatRecord.seat)
        .limit(MOST_AT_ONCE)
    )
    with store.read() as session:
        found = [SeatRef(RequestHash(row[0]), row[1], row[2]) for row in session.execute(query)]

    @cache
    def seats(request_hash: bytes, level: int) -> Sequence[Seat]:
        told: Sequence[Seat] = gateway.call(COURT, "seatsAt", request_hash, level)
        return told

    due = [ref for ref in found if not seats(ref.request_hash, ref.level)[ref.seat].settled]
    if due and not _is_possible(gateway, due):
        # One that cannot be settled, its agent's token gone perhaps, must not hold up the others.
        due = [ref for ref in due if _is_possible(gateway, [ref])]
    if not due:
        return []
    call = gateway.prepare(COURT, "settle", due)
    return [Task(f"{SETTLE}/{hashlib.sha256(call.data).hexdigest()[:32]}", SETTLE, call)]


def _is_possible(gateway: Gateway, refs: Sequence[SeatRef]) -> bool:
    try:
        gateway.call(COURT, "settle", list(refs))
    except RevertError:
        return False
    return True
