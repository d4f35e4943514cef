"""The one that sends. Of several replicas the one that holds the lease."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from backend.errors import NonceOccupied, StoreUnavailable
from backend.indexer.status import Status
from backend.store import Position, Store, position
from backend.submitter.journal import StoreJournal
from backend.submitter.outbox import JobStatus, Outbox, Task
from backend.submitter.pokes import POKE, due_pokes
from backend.submitter.relays import RELAY, due_relays
from backend.submitter.settlements import SETTLE, Settlements
from chain.errors import (
    AssayError,
    InsufficientFunds,
    RevertError,
    RpcError,
    RpcRejected,
    TransactionCancelled,
    TransactionStuck,
)
from chain.fees import SendPolicy
from chain.gateway import Gateway
from chain.journal import Entry, JobState
from chain.keys import Signer
from chain.sender import Sender

POLL_SECONDS: Final = 1.0
AT_ONCE: Final = 4
"""Jobs that are seen through at the same time."""

ASSUMED_FINAL_BLOCKS: Final = 128

PATIENCE: Final = SendPolicy(give_up_after=90.0, replace_after=15.0)
"""A job that waits longer than that at the cap is given up."""

_GIVEN_UP: Final = "It was given up at the fee cap; its nonce is closed."

logger = logging.getLogger(__name__)


class Submitter:
    """Takes jobs out of the outbox and brings them onto the chain. One thread calls `step`."""

    def __init__(
        self,
        gateway: Callable[[], Gateway],
        signer: Signer,
        store: Store,
        outbox: Outbox,
        status: Status,
        *,
        leads: Callable[[], bool] = lambda: True,
        policy: SendPolicy = PATIENCE,
        pokes: bool = True,
        relays: bool = False,
    ) -> None:
        """
        Args:
            gateway: gives the node to use now.
            leads: whether this replica is the one that sends.
            pokes: whether to take the steps of rounds that wait for anybody.
            relays: whether to post what seats handed in.
        """
        self._gateway = gateway
        self._signer = signer
        self._store = store
        self._outbox = outbox
        self._status = status
        self._leads = leads
        self._policy = policy
        self._pokes = pokes
        self._relays = relays
        self._settlements = Settlements(store)
        self._sender_of: tuple[Gateway, Sender] | None = None

    def run(self, stop: threading.Event, poll_seconds: float = POLL_SECONDS) -> None:
        """Until told to stop. Waits out what may pass."""
        while not stop.is_set():
            try:
                self.step()
            except (RpcError, StoreUnavailable, NonceOccupied, OSError) as error:
                logger.warning("%s", error)
            stop.wait(poll_seconds)

    def step(self) -> bool:
        """One round of work; False if another replica does it.

        Raises:
            RpcError, StoreUnavailable.
        """
        if not self._leads():
            self._sender_of = None
            return False
        if self._pokes:
            self._queue(self._due())
            self._queue(self._settlements.due(self._gateway(), self._now()))
        if self._relays:
            self._queue(due_relays(self._store, self._gateway(), self._now()))
        self._watch_mined()
        tasks = self._outbox.waiting(JobStatus.SENT, JobStatus.QUEUED)
        if self._status.snapshot().paused is not None:
            tasks = tasks[:1]  # Enough to learn whether there is money again.
        if not tasks:
            self._status.paused(None)
        else:
            with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="job") as pool:
                for _ in pool.map(self._do, tasks):
                    pass
        return True

    # ------------------------------------------------------------------ one job

    def _do(self, task: Task) -> None:
        before = [JobStatus.QUEUED, JobStatus.SENT]
        if not self._outbox.move(task.job, before, JobStatus.SENT):
            return
        try:
            sender = self._sender()
            if sender.gave_up(task.job) is not None:
                self._give_up(task)
                return
            sender.send_call(task.call, job=task.job)
        except InsufficientFunds as error:
            self._outbox.move(task.job, before, JobStatus.QUEUED, str(error))
            if self._status.snapshot().paused is None:
                logger.critical("Nothing is sent until this is seen to: %s", error)
            self._status.paused(str(error))
            return
        except RevertError as error:
            self._refused(task, error)
        except TransactionStuck as error:
            if any(e.job == task.job for e in self._open()):
                self._give_up(task)
            else:
                self._outbox.move(task.job, before, JobStatus.QUEUED, str(error))
        except TransactionCancelled as error:
            self._outbox.move(task.job, before, JobStatus.CANCELLED, str(error))
        except (RpcError, NonceOccupied, StoreUnavailable) as error:
            logger.info("%s: %s", task.job, error)
        except AssayError as error:
            self._outbox.move(task.job, before, JobStatus.FAILED, str(error))
            logger.critical("%s: %s", task.job, error)
        else:
            self._outbox.move(task.job, before, JobStatus.MINED)
            self._status.paused(None)

    def _refused(self, task: Task, error: RevertError) -> None:
        """Done already is success; too early is no failure."""
        before = [JobStatus.SENT]
        if task.kind in (RELAY, SETTLE):
            # Batches pass over what was done: refused, their time is over.
            self._outbox.move(task.job, before, JobStatus.NEEDLESS, str(error))
        elif task.kind != POKE:
            self._outbox.move(task.job, before, JobStatus.FAILED, str(error))
            logger.error("%s: %s", task.job, error)
        elif task.job in {due.job for due in self._due()}:
            self._outbox.forget(task.job)
        else:
            self._outbox.move(task.job, before, JobStatus.NEEDLESS, str(error))

    def _give_up(self, task: Task) -> None:
        """The job waited at the cap: what comes later must not wait behind it."""
        sender, before = self._sender(), [JobStatus.SENT]
        # While another job was waited for, or before a restart, it may have ended either way.
        ended = sender.gave_up(task.job)
        if ended is JobState.DROPPED:
            self._outbox.move(task.job, before, JobStatus.CANCELLED, _GIVEN_UP)
            return
        if ended is JobState.MINED:
            self._outbox.move(task.job, before, JobStatus.MINED)
            return
        try:
            sender.cancel(task.job)
        except TransactionCancelled as error:
            logger.critical("%s: %s", task.job, error)
            self._outbox.move(task.job, before, JobStatus.CANCELLED, str(error))
        except (TransactionStuck, RpcError) as error:
            logger.critical("%s waits at the fee cap: %s", task.job, error)
        else:
            self._outbox.move(task.job, before, JobStatus.MINED)

    # ------------------------------------------------------------------ after and before

    def _watch_mined(self) -> None:
        """Mined jobs become final, or are brought back when a reorganisation took them."""
        mined = self._outbox.waiting(JobStatus.MINED)
        if not mined:
            return
        gateway = self._gateway()
        finalized = self._finalized(gateway)
        journal = StoreJournal(self._store)
        for task in mined:
            entry = journal.get(chain_name(gateway), task.job)
            receipt = None
            if entry is not None and entry.mined_hash is not None:
                receipt = gateway.receipt(entry.mined_hash)
            if receipt is None:
                logger.warning("%s was reorganised away; it is sent again", task.job)
                self._outbox.move(task.job, [JobStatus.MINED], JobStatus.SENT)
            elif receipt.block_number <= finalized:
                self._outbox.move(task.job, [JobStatus.MINED], JobStatus.FINAL)

    def _queue(self, due: Sequence[Task]) -> None:
        known = self._outbox.known([task.job for task in due]) if due else set()
        for task in due:
            if task.job not in known:
                self._outbox.put(task)

    def _due(self) -> list[Task]:
        gateway = self._gateway()
        with self._store.read() as session:
            at = position(session)
        if at is None:
            return []
        return due_pokes(self._store, gateway, at, self._now(at))

    def _now(self, at: Position | None = None) -> int:
        """A chain without traffic may make no blocks; then only the clock tells the time."""
        if at is None:
            with self._store.read() as session:
                at = position(session)
        return max(0 if at is None else at.timestamp, int(time.time()))

    def _finalized(self, gateway: Gateway) -> int:
        try:
            return gateway.finalized().number
        except RpcRejected:
            return gateway.head().number - ASSUMED_FINAL_BLOCKS

    # ------------------------------------------------------------------ inside

    def _sender(self) -> Sender:
        """Of the node used now; what was open before is in the journal."""
        gateway = self._gateway()
        if self._sender_of is None or self._sender_of[0] is not gateway:
            journal = StoreJournal(self._store)
            self._sender_of = (gateway, Sender(gateway, self._signer, journal, self._policy))
        return self._sender_of[1]

    def _open(self) -> list[Entry]:
        gateway = self._gateway()
        journal = StoreJournal(self._store)
        return journal.open_entries(chain_name(gateway), self._signer.address)


def chain_name(gateway: Gateway) -> str:
    """What the outbox and the journal call the chain: a restarted local chain is another one."""
    chain_id, genesis = gateway.identity()
    return f"{chain_id}:{genesis.hex()[:16]}"
