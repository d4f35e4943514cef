"""When to try again what failed: at once, then after growing pauses, never giving up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable

__all__ = ["Retries"]


class Retries:
    """Pauses by name, doubling from `first` to `longest` seconds. Safe for many threads."""

    def __init__(
        self,
        first: float = 1.0,
        longest: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._first = first
        self._longest = longest
        self._clock = clock
        self._lock = threading.Lock()
        self._after: dict[Hashable, tuple[float, float]] = {}

    def ready(self, name: Hashable) -> bool:
        """Whether the pause after the last failure is over."""
        with self._lock:
            return self._after.get(name, (0.0, 0.0))[0] <= self._clock()

    def failed(self, name: Hashable) -> float:
        """Begins a pause; returns its seconds."""
        with self._lock:
            pause = min(self._longest, self._after.get(name, (0.0, self._first / 2))[1] * 2)
            self._after[name] = (self._clock() + pause, pause)
            return pause

    def succeeded(self, name: Hashable) -> None:
        """Forgets failures."""
        with self._lock:
            self._after.pop(name, None)
