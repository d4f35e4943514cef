"""Appeals of a node that was outvoted and is sure of its work: done anew, it comes out the same.

It pays the larger committee's fees and a bond, out of a budget that its operator sets; the default
is none, and then it never appeals. That the same engine says the same again shows that nothing went
wrong by chance, not that the engine is the right one: the budget is what a node that is wrong in
earnest can lose. What comes back is not added to it again.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Final

from chain.errors import AssayError, RevertError
from chain.structs import Round
from chain.types import Phase, Verdict
from chain.units import show_ether
from verifier.digest import distance
from verifier.node.court_view import COURT, CourtView
from verifier.node.poker import BackOff, Role
from verifier.node.records import KnownRound, SeatId, SeatRecord, Step
from verifier.node.retries import Retries
from verifier.node.seat import Transactor
from verifier.node.store import Store
from verifier.node.workers import Generator, Sendings

__all__ = ["Appellant"]

_log = logging.getLogger("assay.node")

_OVERTAKEN: Final = "RoundWrongPhase"
"""What the court answers when another has appealed already, or the window is over."""


class Appellant:
    """Appeals, for `budget` wei in all, against levels in which a seat of this node was outvoted.

    `digest_anew` does a seat's work once more, in the thread that generates.
    """

    def __init__(
        self,
        agent_id: int,
        budget: int,
        store: Store,
        court: CourtView,
        digest_anew: Callable[[KnownRound, SeatId], bytes],
        sender: Transactor,
        generator: Generator,
        sendings: Sendings,
        back_off: BackOff,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._agent_id = agent_id
        self._budget = budget
        self._store = store
        self._court = court
        self._digest_anew = digest_anew
        self._sender = sender
        self._generator = generator
        self._sendings = sendings
        self._back_off = back_off
        self._clock = clock
        self._retries = Retries(clock=clock)
        self._sure: dict[SeatId, bool] = {}
        self._since: dict[SeatId, float] = {}

    def consider(self, known: KnownRound, view: Round, number: int) -> None:
        """Looks whether a seat of this node in a counted level asks for an appeal; if it does,
        makes sure and then appeals, in turn with the other nodes that may."""
        if self._budget == 0 or view.phase is not Phase.APPEALING:
            return
        seat_id = SeatId(known.request_hash, view.level, number, bytes(view.key))
        record = self._store.seat(seat_id)
        if record is None or record.step.rank < Step.OPENED.rank or _has_abstained(record):
            return
        if seat_id not in self._since:
            self._since[seat_id] = self._clock()
            if not self._outvoted(known, view, record):
                self._sure[seat_id] = False
        name = ("appeal", seat_id)
        sure = self._sure.get(seat_id)
        if sure is False or not self._retries.ready(name):
            return
        if sure is None:
            deadline = float(view.appeal_closes_at)
            self._generator.submit(name, deadline, lambda: self._make_sure(known, record))
        elif self._is_its_turn(seat_id) and not self._sendings.busy(name):
            self._sendings.start(name, lambda: self._appeal(seat_id))

    def forget(self, request_hash: bytes) -> None:
        """Lets go of what was kept in memory for a round that is over."""
        for kept in (self._sure, self._since):
            for seat_id in [seat for seat in kept if seat.request_hash == request_hash]:
                del kept[seat_id]

    # ------------------------------------------------------------------ inside

    def _outvoted(self, known: KnownRound, view: Round, record: SeatRecord) -> bool:
        """Whether the level was decided against what this seat opened."""
        told = self._court.tallied(known.request_hash, view.level, known.block)
        if told is None or told.verdict not in (Verdict.ACCEPTED, Verdict.REJECTED):
            return False
        rejected = told.verdict is Verdict.REJECTED
        # Where the claim was rejected, a third opinion is none of its business.
        agreed = record.id.is_provider or bool(told.agreeing >> record.id.seat & 1)
        return agreed is rejected

    def _agrees(self, known: KnownRound, digest: bytes, record: SeatRecord) -> bool:
        assert record.digest is not None
        return distance(digest, record.digest) <= self._court.profile(known.profile_id).tolerance

    def _make_sure(self, known: KnownRound, record: SeatRecord) -> None:
        """In the thread that generates: the same work again, under the same key."""
        name = ("appeal", record.id)
        try:
            again = self._digest_anew(known, record.id)
        except AssayError as error:
            pause = self._retries.failed(name)
            _log.warning("round %s: %s (again in %.0f s)", record.id.short, error, pause)
            return
        except Exception:
            self._retries.failed(name)
            raise
        self._retries.succeeded(name)
        self._sure[record.id] = sure = self._agrees(known, again, record)
        if not sure:
            _log.warning(
                "round %s: outvoted, and the work comes out otherwise when done anew: no appeal",
                record.id.short,
            )

    def _is_its_turn(self, seat_id: SeatId) -> bool:
        role = Role.PROVIDER if seat_id.is_provider else Role.COMMITTEE
        waited = self._clock() - self._since[seat_id]
        return waited >= self._back_off.delay(role, self._agent_id, seat_id.request_hash)

    def _appeal(self, seat_id: SeatId) -> None:
        name, request_hash = ("appeal", seat_id), seat_id.request_hash
        cost = sum(self._court.appeal_cost(request_hash))
        if not self._store.spend_on_appeal(request_hash, seat_id.level, cost, self._budget):
            self._sure[seat_id] = False
            _log.warning(
                "round %s: outvoted, but an appeal costs %s, and too little is left of the budget",
                seat_id.short,
                show_ether(cost),
            )
            return
        job = f"appeal:{request_hash.hex()}:{seat_id.level}:{seat_id.key.hex()[:16]}"
        try:
            self._sender.send(COURT, "appeal", request_hash, value=cost, job=job)
        except RevertError as error:
            self._store.unspend_on_appeal(request_hash, seat_id.level)
            pause = self._retries.failed(name)
            if error.name != _OVERTAKEN:
                _log.warning("round %s: %s (again in %.0f s)", seat_id.short, error, pause)
        except Exception:
            self._retries.failed(name)
            raise
        else:
            self._sure[seat_id] = False  # done: another level follows
            _log.info("round %s: appealed for %s", seat_id.short, show_ether(cost))


def _has_abstained(record: SeatRecord) -> bool:
    return bool(json.loads(record.evidence or b"{}").get("abstained"))
