"""Closes the accounts of seats in rounds that are over: fees and slashes are had one by one.

An agent's own seats at once, many rounds in one transaction; the seats of others that did not open,
whose fee goes to whoever settles them, in turn with the other nodes that took part.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from chain.errors import AssayError
from chain.structs import Round, Seat, SeatRef
from chain.types import RequestHash, SeatState, Verdict
from verifier.node.court_view import COURT, CourtView
from verifier.node.poker import BackOff, Role
from verifier.node.records import KnownRound
from verifier.node.retries import Retries
from verifier.node.seat import Transactor
from verifier.node.workers import Sendings

__all__ = ["Settler"]

_log = logging.getLogger("assay.node")

MOST_AT_ONCE: Final = 30
"""Seats in one transaction; each takes about 90,000 gas."""

_NAME: Final = ("settle",)


class Settler:
    """Collects seats to settle, and sends them together."""

    def __init__(
        self,
        agent_id: int,
        court: CourtView,
        sender: Transactor,
        sendings: Sendings,
        back_off: BackOff,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._agent_id = agent_id
        self._court = court
        self._sender = sender
        self._sendings = sendings
        self._back_off = back_off
        self._clock = clock
        self._retries = Retries(first=1.0, longest=60.0, clock=clock)
        self._since: dict[bytes, float] = {}
        self._due: list[SeatRef] = []

    def consider(self, known: KnownRound, view: Round, *, mine: bool) -> bool:
        """Takes down what a final round leaves to settle; returns whether anything is left."""
        name = known.request_hash
        started = self._since.setdefault(name, self._clock())
        role = Role.PROVIDER if mine else Role.COMMITTEE
        turn = self._clock() - started >= self._back_off.delay(role, self._agent_id, name)
        left = False
        for level in range(view.level + 1):
            for number, seat in enumerate(self._court.seats_at(name, level)):
                own = seat.agent_id == self._agent_id
                if seat.settled or not (own or _pays(seat, view)):
                    continue
                left = True
                if own or turn:
                    self._due.append(SeatRef(RequestHash(name), level, number))
        if not left:
            del self._since[name]
        return left

    def send(self) -> None:
        """Sends what was taken down since the last time, unless an earlier sending is under way."""
        due, self._due = self._due[:MOST_AT_ONCE], []
        if due and self._retries.ready(_NAME) and not self._sendings.busy(_NAME):
            self._sendings.start(_NAME, lambda: self._settle(due))

    def _settle(self, due: list[SeatRef]) -> None:
        try:
            self._sender.send(COURT, "settle", due)
        except AssayError as error:
            pause = self._retries.failed(_NAME)
            _log.warning("%d seats not settled: %s (again in %.0f s)", len(due), error, pause)
        else:
            self._retries.succeeded(_NAME)
            _log.info("%d seats settled", len(due))


def _pays(seat: Seat, view: Round) -> bool:
    """Whether whoever settles another's seat earns its fee."""
    return seat.state is not SeatState.OPENED and view.verdict is not Verdict.EXPIRED
