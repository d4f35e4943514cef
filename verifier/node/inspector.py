"""Looks at what was published in rounds that this node judged: flags what is wrong, and votes.

The bytes are public by then, so this is a download and a digest, no generation. A node says only
what it is sure of: bytes that do not digest to what the provider claimed are wrong for everybody;
an output that its backend does not have may still come, so it waits for half of the window. What
it cannot find out (no backend, one that does not answer, or does not fetch what is elsewhere) it
neither flags nor votes on.

A vote costs nothing, a flag its bond: if what was missing is there once it was flagged, or the
committee is the provider's. So flags are paid out of the budget for appeals, by default none.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from chain.errors import AssayError, RevertError, RpcRejected
from chain.events import CommitteeDrawn, Event, Opened, OutputPublished, OutputReferenced
from chain.structs import Round
from chain.types import PROVIDER_SEAT, FlagKind, Phase
from chain.units import show_ether
from verifier.digest import digest, distance, is_void
from verifier.errors import DigestError
from verifier.node.court_view import COURT, ChainReader, CourtView
from verifier.node.outputs import OutputSource
from verifier.node.poker import BackOff, Role
from verifier.node.recipes import RecipeBook
from verifier.node.records import KnownRound
from verifier.node.retries import Retries
from verifier.node.seat import Transactor
from verifier.node.store import Store
from verifier.node.workers import Sendings

__all__ = ["Finding", "Inspector"]

_log = logging.getLogger("assay.node")

_FLAG: Final = 255
"""In place of the level that is appealed against, where the store notes what was spent."""

_CHUNK: Final = 1000
"""Blocks whose events are asked for at once."""


class Finding(Enum):
    """What there is to say of a publication."""

    SOUND = auto()
    MISSING = auto()
    WRONG = auto()


class Inspector:
    """The publications that one agent judges. `budget`: wei that appeals and flags may cost."""

    def __init__(
        self,
        agent_id: int,
        budget: int,
        store: Store,
        court: CourtView,
        gateway: ChainReader,
        sender: Transactor,
        sendings: Sendings,
        recipes: RecipeBook,
        outputs: OutputSource,
        back_off: BackOff,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._agent_id = agent_id
        self._budget = budget
        self._store = store
        self._court = court
        self._gateway = gateway
        self._sender = sender
        self._sendings = sendings
        self._recipes = recipes
        self._outputs = outputs
        self._back_off = back_off
        self._clock = clock
        self._retries = Retries(first=1.0, longest=20.0, clock=clock)
        self._since: dict[bytes, float] = {}
        self._found: dict[bytes, Finding] = {}
        self._told: set[bytes] = set()

    def consider(self, known: KnownRound, view: Round, now: int) -> None:
        """Begins what a published round needs of this node. `now` is the chain's clock."""
        name = ("inspect", known.request_hash)
        if view.phase not in (Phase.FLAGGING, Phase.VOTING):
            return
        if not self._retries.ready(name) or self._sendings.busy(name):
            return
        self._sendings.start(name, lambda: self._guarded(known, view.phase, now, name))

    def forget(self, request_hash: bytes) -> None:
        """Lets go of what was kept in memory for a round that is over."""
        self._since.pop(request_hash, None)
        self._found.pop(request_hash, None)
        self._told.discard(request_hash)

    def _guarded(self, known: KnownRound, phase: Phase, now: int, name: tuple[str, bytes]) -> None:
        try:
            self._inspect(known, phase, now)
        except AssayError as error:
            pause = self._retries.failed(name)
            short = known.request_hash.hex()[:8]
            _log.warning("round %s: not inspected: %s (again in %.0f s)", short, error, pause)
        except Exception:
            self._retries.failed(name)
            raise
        else:
            # Not again at every look: a window is long beside this.
            self._retries.failed(name)

    def _inspect(self, known: KnownRound, phase: Phase, now: int) -> None:
        flag = self._court.flag(known.request_hash)
        said = flag.faulty | flag.sound
        mine = [
            number
            for number, seat in enumerate(self._court.seats_at(known.request_hash, flag.level))
            if seat.agent_id == self._agent_id and not said >> number & 1
        ]
        if not mine:
            return
        found = self._finding(known)
        window = self._court.profile(known.profile_id).flag_window
        if found is Finding.MISSING and now < flag.closes_at - window // 2:
            return
        if phase is Phase.VOTING:
            for number in mine:
                self._vote(known, number, found)
        elif found is not Finding.SOUND and self._is_our_turn(known):
            self._flag(known, found)

    def _vote(self, known: KnownRound, number: int, found: Finding) -> None:
        faulty = found is not Finding.SOUND
        self._sender.send(COURT, "vote", known.request_hash, number, faulty)
        words = "something is wrong with" if faulty else "nothing is wrong with"
        short = known.request_hash.hex()[:8]
        _log.info("round %s: voted that %s what was published", short, words)

    def _flag(self, known: KnownRound, found: Finding) -> None:
        kind = FlagKind.UNAVAILABLE if found is Finding.MISSING else FlagKind.CLAIM
        name, short = known.request_hash, known.request_hash.hex()[:8]
        bond = self._court.profile(known.profile_id).appeal_bond
        if not self._store.spend_on_appeal(name, _FLAG, bond, self._budget):
            if name not in self._told:
                self._told.add(name)
                words = "round %s: not flagged as %s: %s is more than is left of the budget"
                _log.warning(words, short, kind.label.lower(), show_ether(bond))
            return
        try:
            self._sender.send(COURT, "flag", name, kind, value=bond, job=f"flag:{name.hex()}")
        except RevertError:
            self._store.unspend_on_appeal(name, _FLAG)
            raise
        _log.warning("round %s: flagged as %s", short, kind.label.lower())

    def _is_our_turn(self, known: KnownRound) -> bool:
        """One flag is all a round takes: who comes second pays gas for nothing."""
        started = self._since.setdefault(known.request_hash, self._clock())
        delay = self._back_off.delay(Role.COMMITTEE, self._agent_id, known.request_hash)
        return self._clock() - started >= delay

    # ------------------------------------------------------------------ what is wrong

    def _finding(self, known: KnownRound) -> Finding:
        """What this node can say; kept unless it may change."""
        if known.request_hash in self._found:
            return self._found[known.request_hash]
        events = self._events(known)
        content = self._content(events)
        if content is None:
            return Finding.MISSING
        sound = self._is_as_claimed(known, content, events)
        self._found[known.request_hash] = Finding.SOUND if sound else Finding.WRONG
        return self._found[known.request_hash]

    def _content(self, events: list[Event]) -> bytes | None:
        for event in events:
            if isinstance(event, OutputPublished):
                return event.output
            if isinstance(event, OutputReferenced):
                return self._outputs.fetch(bytes(event.content_hash))
        return None

    def _is_as_claimed(self, known: KnownRound, content: bytes, events: list[Event]) -> bool:
        """Whether the bytes digest to each claim, within the tolerance, under its level's key."""
        profile = self._recipes.profile(known.profile_id)
        keys = {e.level: bytes(e.key) for e in events if isinstance(e, CommitteeDrawn)}
        for event in events:
            if not isinstance(event, Opened) or event.seat != PROVIDER_SEAT:
                continue
            key, claim = keys[event.level], bytes(event.digest)
            if is_void(claim, profile, key):
                continue  # no claim: it was counted as not opened
            try:
                made = digest(content, profile, key)
            except DigestError:
                return False
            if distance(made, claim) > profile.tolerance:
                return False
        return True

    def _events(self, known: KnownRound) -> list[Event]:
        """A round's events. Others' are let go of at once: they may carry a whole output each."""
        first, head, width = known.block, self._gateway.head().number, _CHUNK
        found: list[Event] = []
        while first <= head:
            last = min(head, first + width - 1)
            try:
                found += [
                    event
                    for event in self._gateway.logs(first, last)
                    if bytes(getattr(event, "request_hash", b"")) == known.request_hash
                ]
            except RpcRejected:
                if last == first:
                    raise
                width = (last - first + 1) // 2  # nodes limit ranges and answers
                continue
            first = last + 1
        return found
