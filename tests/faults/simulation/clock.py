"""A clock that moves only when somebody waits, and what has to look at it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import Any

import pytest

import backend.indexer.repair
import backend.indexer.status
import backend.submitter.outbox
import backend.submitter.submit
import chain.rpc
import chain.sender
import tests.support.proxy
import verifier.node.clerk
import verifier.node.daemon
import verifier.node.store
from verifier.node.appellant import Appellant
from verifier.node.inspector import Inspector
from verifier.node.poker import Poker
from verifier.node.retries import Retries
from verifier.node.settler import Settler

_WATCHERS = (
    backend.indexer.repair,
    backend.indexer.status,
    backend.submitter.outbox,
    backend.submitter.submit,
    chain.rpc,
    chain.sender,
    tests.support.proxy,
    verifier.node.daemon,
    verifier.node.store,
)


class Clock:
    """Stands in for the module `time`. `meanwhile` is what others do while somebody sleeps."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.meanwhile: Callable[[float], None] = lambda _seconds: None
        self._is_real = False

    @contextmanager
    def real(self) -> Iterator[None]:
        """Meanwhile it is the machine's: for what is no part of a story."""
        self._is_real = True
        try:
            yield
        finally:
            self._is_real = False

    def monotonic(self) -> float:
        return time.monotonic() if self._is_real else self.now

    def time(self) -> float:
        return time.time() if self._is_real else self.now

    def sleep(self, seconds: float) -> None:
        if self._is_real:
            time.sleep(seconds)
            return
        self.now += seconds
        self.meanwhile(seconds)


def install(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that waits or looks at the time uses this clock, and one thread does it all."""
    for module in _WATCHERS:
        monkeypatch.setattr(module, "time", clock)
    retries = partial(Retries, clock=clock.monotonic)
    monkeypatch.setattr(verifier.node.clerk, "Retries", retries)
    for part in (Appellant, Inspector, Poker, Settler):
        timed = partial(part, clock=clock.monotonic)
        monkeypatch.setattr(verifier.node.daemon, part.__name__, timed)
    monkeypatch.setattr(backend.submitter.submit, "ThreadPoolExecutor", OneByOne)


@contextmanager
def one_by_one(module: ModuleType) -> Iterator[None]:
    """What a module does at once is done in order: blocks are then the same each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ThreadPoolExecutor", lambda _workers: ThreadPoolExecutor(1))
        yield


class OneByOne:
    """An executor that does everything at once in the caller's thread."""

    def __init__(self, *_arguments: Any, **_options: Any) -> None:
        """As `ThreadPoolExecutor`."""

    def __enter__(self) -> OneByOne:
        return self

    def __exit__(self, *_error: object) -> None:
        """Nothing to wait for."""

    map = staticmethod(map)
