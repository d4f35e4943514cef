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

FIRST_REST_SECONDS: Final = 60
LONGEST_REST_SECONDS: Final = 86_400
"""Before a seat that could not be settled is asked about again; twice as long each time."""

GIVEN_UP_SECONDS: Final = 3_600


class Settlements:
    """Which seats to settle next. One thread.

    A seat that cannot be settled now, its agent's token gone perhaps, is asked about ever more
    seldom, so that however many of them there are they hold up no others.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._resting: dict[SeatRef, tuple[int, int]] = {}  # until when, and for how long

    def due(self, gateway: Gateway, now: int) -> list[Task]:
        """At most one batch, the oldest rounds first. `now`: Unix seconds, the chain's.

        Raises:
            RpcError.
        """
        found = self._open(now)
        if not found:
            return []

        @cache
        def seats(request_hash: bytes, level: int) -> Sequence[Seat]:
            told: Sequence[Seat] = gateway.call(COURT, "seatsAt", request_hash, level)
            return told

        due = []
        for ref in found:
            if seats(ref.request_hash, ref.level)[ref.seat].settled:
                self._rest(ref, now)  # The index does not know it yet.
            else:
                due.append(ref)
        if due and not _is_possible(gateway, due):
            possible = [ref for ref in due if _is_possible(gateway, [ref])]
            for ref in set(due).difference(possible):
                self._rest(ref, now)
            due = possible
        if not due:
            return []
        call = gateway.prepare(COURT, "settle", due)
        # Within the hour it is the same job: a batch that was given up is tried again in the next.
        name = hashlib.sha256(call.data).hexdigest()[:32]
        return [Task(f"{SETTLE}/{name}.{now // GIVEN_UP_SECONDS}", SETTLE, call)]

    def _open(self, now: int) -> list[SeatRef]:
        """Seats that the index has as not settled, and that do not rest."""
        query = (
            select(SeatRecord.request_hash, SeatRecord.level, SeatRecord.seat)
            .join(RoundRecord, RoundRecord.request_hash == SeatRecord.request_hash)
            .where(
                RoundRecord.phase == int(Phase.FINAL),
                RoundRecord.final_at <= now - GRACE_SECONDS,
                UNSETTLED,
            )
            .order_by(
                RoundRecord.final_at, SeatRecord.request_hash, SeatRecord.level, SeatRecord.seat
            )
        )
        found: list[SeatRef] = []
        with self._store.read() as session:
            for row in session.execute(query):
                ref = SeatRef(RequestHash(row[0]), row[1], row[2])
                if self._resting.get(ref, (0, 0))[0] <= now:
                    found.append(ref)
                if len(found) == MOST_AT_ONCE:
                    break
        return found

    def _rest(self, ref: SeatRef, now: int) -> None:
        _, pause = self._resting.get(ref, (0, FIRST_REST_SECONDS // 2))
        pause = min(2 * pause, LONGEST_REST_SECONDS)
        self._resting[ref] = (now + pause, pause)


def _is_possible(gateway: Gateway, refs: Sequence[SeatRef]) -> bool:
    try:
        gateway.call(COURT, "settle", list(refs))
    except RevertError:
        return False
    return True
