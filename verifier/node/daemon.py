"""The loop of a node: follow the chain, look after every live round, sleep until something happens.

::

    tick:  head → events into the store → for each live round: view → seats (clerk), pokes (poker)
                                              │                    │
           one worker thread: generate, digest ┘                    └ short threads: transactions,
                                                                      looks at what was published

A tick never waits for a model or for a transaction, so a long generation in one seat makes no other
seat late. Whatever is missed or lost is found again from the chain's views.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Final

from chain.blocks import Block
from chain.errors import AssayError
from chain.keys import Signer
from chain.messages import Court
from chain.structs import Round
from chain.types import Phase
from verifier.node.appellant import Appellant
from verifier.node.clerk import Clerk, Moment
from verifier.node.court_view import ChainReader, CourtView
from verifier.node.engine_book import EngineBook
from verifier.node.exams.desk import ExamDesk
from verifier.node.health import Health
from verifier.node.inspector import Inspector
from verifier.node.outputs import OutputSource
from verifier.node.poker import BackOff, Poker, Role
from verifier.node.recipes import RecipeBook
from verifier.node.records import KnownRound
from verifier.node.relay import Relay
from verifier.node.seat import SeatFactory, Toolbox, Transactor, honest_seat
from verifier.node.settler import Settler
from verifier.node.statedir import StateDir
from verifier.node.store import Store
from verifier.node.tasks import TaskSource
from verifier.node.watcher import Watcher
from verifier.node.workers import Workers

__all__ = ["DaemonConfig", "ExitCode", "NodeDaemon"]

_log = logging.getLogger("assay.node")

REFRESH_SECONDS: Final = 2.0
"""Views are asked again after this long without a block: windows end by the clock."""

RECONCILE_SECONDS: Final = 30.0
"""How often the court's counts and the agent's enrolments are compared with what is known."""

SIGNAL_SECONDS: Final = 0.2
"""How soon a signal is noticed."""

LONGEST_PAUSE: Final = 30.0
"""Between looks while the chain cannot be reached."""


class ExitCode(IntEnum):
    """How a daemon ended."""

    DONE = 0
    UNFINISHED = 3  # seats still owe the chain something: start it again before their windows close


@dataclass(frozen=True, slots=True)
class DaemonConfig:
    """What a daemon needs to know.

    agent_id: whose seats it holds; court: at which court; first_block: nothing happened before it;
    state_dir: its folder; backend_url: where `assay:` tasks are resolved; relay: who posts for a
    whole committee; confirmations: how deep a block must be before something irreversible follows
    from it, None for finalized; poll_seconds:
    between looks; grace_seconds: for finishing after the first signal; appeal_budget: wei that it
    may spend on appeals and flags.
    """

    agent_id: int
    court: Court
    first_block: int
    state_dir: Path
    backend_url: str | None = None
    relay: str | None = None
    confirmations: int | None = 0
    poll_seconds: float = 1.0
    grace_seconds: float = 60.0
    appeal_budget: int = 0
    back_off: BackOff = field(default_factory=BackOff)


class NodeDaemon:
    """One agent's node. `run` blocks until `stop`, and leaves a state that a new one continues."""

    def __init__(
        self,
        config: DaemonConfig,
        gateway: ChainReader,
        sender: Transactor,
        store: Store,
        engines: EngineBook,
        signer: Signer,
        seat_factory: SeatFactory = honest_seat,
        workers: Workers | None = None,
        exams: ExamDesk | None = None,
    ) -> None:
        self.config = config
        self.health = Health()
        self._gateway = gateway
        self._store = store
        self._exams = exams
        self._court = CourtView(gateway)
        workers = workers or Workers()
        self._wake = workers.wake
        self._stops = 0
        self._stopping_since = 0.0
        self._enrolled: frozenset[bytes] = frozenset()
        self._reconciled_at: float | None = None
        self._views: dict[bytes, Round] = {}
        self._head: Block | None = None
        self._head_seen = self._viewed_at = 0.0
        files = StateDir(config.state_dir)
        recipes = RecipeBook(store, gateway, config.first_block)
        self._watcher = Watcher(
            gateway, self._court, store, recipes, config.agent_id, config.first_block
        )
        outputs = OutputSource(config.backend_url)
        self._poker = Poker(config.agent_id, sender, workers.sendings, config.back_off)
        self._clerk = Clerk(
            config.agent_id,
            store,
            files,
            self._court,
            recipes,
            Toolbox(
                court=config.court,
                signer=signer,
                sender=sender,
                tasks=TaskSource(config.backend_url),
                engine=engines.engine,
                read_output=files.read_output,
                outputs=outputs,
                relay=None if config.relay is None else Relay(config.relay),
            ),
            seat_factory,
            workers.generator,
            workers.sendings,
        )
        self._appellant = Appellant(
            config.agent_id,
            config.appeal_budget,
            store,
            self._court,
            self._clerk.digest_anew,
            sender,
            workers.generator,
            workers.sendings,
            config.back_off,
        )
        self._inspector = Inspector(
            config.agent_id,
            config.appeal_budget,
            store,
            self._court,
            gateway,
            sender,
            workers.sendings,
            recipes,
            outputs,
            config.back_off,
        )
        self._settler = Settler(
            config.agent_id, self._court, sender, workers.sendings, config.back_off
        )

    def run(self) -> ExitCode:
        """Ticks until told to stop and nothing is owed, or the grace is over."""
        pause = self.config.poll_seconds
        while True:
            self._wake.clear()
            owed = -1
            try:
                owed = self.tick()
                self.health.looked(None if self._head is None else self._head.number, owed)
                pause = self.config.poll_seconds
            except AssayError as error:
                self.health.failed()
                pause = min(LONGEST_PAUSE, max(pause, 0.5) * 2)
                _log.warning("%s (again in %.0f s)", error, pause)
            except Exception:  # noqa: BLE001 - a fault of ours must not end seats that owe an opening
                self.health.failed()
                pause = min(LONGEST_PAUSE, max(pause, 0.5) * 2)
                _log.exception("unexpected failure (again in %.0f s)", pause)
            ended = self._ended(owed)
            if ended is not None:
                return ended
            self._sleep(pause)

    def stop(self) -> None:
        """First call: accepts no new seats, and ends once nothing is owed or the grace is over.
        Second call: ends at once. Safe in a signal handler and from other threads."""
        if self._stops == 0:
            self._stopping_since = time.monotonic()
        # No lock is taken, for a signal may come while this very thread holds it.
        self._stops += 1

    def tick(self) -> int:
        """One look at everything; returns how many seats still owe the chain something."""
        head = self._gateway.head()
        clock = time.monotonic()
        moved = self._head is None or head.hash != self._head.hash
        if moved:
            self._watcher.catch_up(head)
            self._head, self._head_seen = head, clock
        if self._reconciled_at is None or clock - self._reconciled_at > RECONCILE_SECONDS:
            self._enrolled = self._court.enrolments(self.config.agent_id)
            self._watcher.reconcile()
            self._reconciled_at = clock
        refreshed = moved or clock - self._viewed_at > REFRESH_SECONDS
        if refreshed:
            self._views.clear()
            self._viewed_at = clock
        settled = self._court.settled(head, self.config.confirmations)
        moment = Moment(head.number, settled, head.timestamp + int(clock - self._head_seen))
        owed = sum(
            self._look(known, head, moment)
            for known in self._store.live_rounds(self.config.agent_id, self._enrolled)
        )
        self._settler.send()
        if self._exams is not None and (self._exams.errands.stirred() or refreshed):
            owed += self._exams.look(moment, self._enrolled, accept=self._stops == 0)
        return owed

    # ------------------------------------------------------------------ inside

    def _look(self, known: KnownRound, head: Block, moment: Moment) -> int:
        """Seats and pokes of one round; its failure is not the other rounds' failure."""
        try:
            return self._look_once(known, head, moment)
        except AssayError as error:
            _log.warning("round %s: %s", known.request_hash.hex()[:8], error)
            return 1
        except Exception:  # noqa: BLE001 - nor is a fault of ours
            _log.exception("round %s: unexpected failure", known.request_hash.hex()[:8])
            return 1

    def _look_once(self, known: KnownRound, head: Block, moment: Moment) -> int:
        view = self._view(known.request_hash)
        if view is None:
            return 0  # not on this branch of the chain, or not on the node that answers now
        mine = known.agent_id == self.config.agent_id
        accept = mine or self._stops == 0
        numbers = self._clerk.numbers(known, view)
        owed = sum(
            self._clerk.attend(known, view, number, moment, accept=accept) for number in numbers
        )
        if view.phase is Phase.FINAL:
            deep = moment.settled >= moment.head or self._final_when(known, moment)
            took_part = mine or known.drawn_us
            if deep and not (took_part and self._settler.consider(known, view, mine=mine)):
                self._store.round_done(known.request_hash)
                self._clerk.forget(known.request_hash)
                self._poker.forget(known.request_hash)
                self._appellant.forget(known.request_hash)
                self._inspector.forget(known.request_hash)
            return owed
        for number in numbers:
            self._appellant.consider(known, view, number)
        if known.drawn_us:
            self._inspector.consider(known, view, moment.now)
        role = Role.PROVIDER if mine else Role.COMMITTEE if numbers else Role.BYSTANDER
        self._poker.consider(known, view, head, moment.now, role)
        return owed + (1 if mine and view.phase is Phase.DRAWING else 0)

    def _view(self, request_hash: bytes) -> Round | None:
        if request_hash not in self._views:
            view = self._court.round(request_hash)
            if view is None:
                return None
            self._views[request_hash] = view
        return self._views[request_hash]

    def _final_when(self, known: KnownRound, moment: Moment) -> bool:
        deep = self._court.round(known.request_hash, moment.settled)
        return deep is not None and deep.phase is Phase.FINAL

    def _sleep(self, seconds: float) -> None:
        """Until something happened here, a stop was asked for, or the time is over."""
        until, stops = time.monotonic() + seconds, self._stops
        while (left := until - time.monotonic()) > 0 and self._stops == stops:
            if self._wake.wait(min(left, SIGNAL_SECONDS)):
                return

    def _ended(self, owed: int) -> ExitCode | None:
        """The exit code once the daemon has to end; `owed` is -1 when that is not known."""
        if self._stops == 0:
            return None
        if owed == 0:
            return ExitCode.DONE
        if self._stops > 1 or time.monotonic() - self._stopping_since >= self.config.grace_seconds:
            _log.warning(
                "stopped with seats unfinished; start the node again before their windows close"
            )
            return ExitCode.UNFINISHED
        return None
