"""Threads of a node: one that generates, and short-lived ones that send transactions.

All are daemon threads: a process that has to end does not wait for a model or a slow chain, and
what they were doing is continued after the next start.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections.abc import Callable, Hashable
from typing import Protocol

from chain.errors import AssayError

__all__ = ["Generator", "GeneratorThread", "SendingThreads", "Sendings", "Workers", "guarded"]

_log = logging.getLogger("assay.node")

Job = Callable[[], None]


class Generator(Protocol):
    """Where outputs are made: one job at a time, the one with the earliest deadline first."""

    def submit(self, name: Hashable, deadline: float, job: Job) -> None:
        """Queues a job unless one of that name is queued or running."""


class Sendings(Protocol):
    """Where transactions are sent: jobs at the same time, one per name."""

    def start(self, name: Hashable, job: Job) -> None:
        """Starts a job unless one of that name runs."""

    def busy(self, name: Hashable) -> bool:
        """Whether a job of that name runs."""


class Workers:
    """What a daemon has done elsewhere; `wake` is set whenever a job has ended."""

    def __init__(self) -> None:
        self.wake = threading.Event()
        self.generator: Generator = GeneratorThread(self.wake)
        self.sendings: Sendings = SendingThreads(self.wake)


class GeneratorThread:
    """Runs jobs one at a time, the one with the earliest deadline first."""

    def __init__(self, wake: threading.Event) -> None:
        """wake: set whenever a job has ended."""
        self._wake = wake
        self._condition = threading.Condition()
        self._queue: list[tuple[float, int, Hashable, Job]] = []
        self._known: set[Hashable] = set()
        self._order = itertools.count()
        self._thread = threading.Thread(target=self._work, name="generator", daemon=True)
        self._thread.start()

    def submit(self, name: Hashable, deadline: float, job: Job) -> None:
        """Queues a job unless one of that name is queued or running."""
        with self._condition:
            if name not in self._known:
                self._known.add(name)
                heapq.heappush(self._queue, (deadline, next(self._order), name, job))
                self._condition.notify()

    def _work(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: bool(self._queue))
                _, _, name, job = heapq.heappop(self._queue)
            try:
                guarded(job)
            finally:
                with self._condition:
                    self._known.discard(name)
                self._wake.set()


class SendingThreads:
    """Runs each job in a thread of its own, one at a time per name."""

    def __init__(self, wake: threading.Event) -> None:
        """wake: set whenever a job has ended."""
        self._wake = wake
        self._lock = threading.Lock()
        self._running: set[Hashable] = set()

    def start(self, name: Hashable, job: Job) -> None:
        """Starts a job unless one of that name runs."""
        with self._lock:
            if name in self._running:
                return
            self._running.add(name)
        threading.Thread(target=self._run, args=(name, job), daemon=True).start()

    def busy(self, name: Hashable) -> bool:
        """Whether a job of that name runs."""
        with self._lock:
            return name in self._running

    def _run(self, name: Hashable, job: Job) -> None:
        try:
            guarded(job)
        finally:
            with self._lock:
                self._running.discard(name)
            self._wake.set()


def guarded(job: Job) -> None:
    """Runs a job; its failure is logged and goes no further."""
    try:
        job()
    except AssayError as error:
        _log.warning("%s", error)
    except Exception:  # noqa: BLE001
        # A fault of ours in one seat must not take the thread, and so the other seats, with it.
        _log.exception("unexpected failure; it will be tried again")
