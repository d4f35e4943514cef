"""Who may do how much: rate limits by address, and the operator's API key."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

REMEMBERED: Final = 10_000
"""Addresses whose use is remembered; the one unseen for longest is forgotten first."""


class Bucket:
    """A token bucket per name: `rate` a second, `burst` at once. Thread-safe."""

    def __init__(
        self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._seen: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str) -> float:
        """0 if the name may go on; else the seconds until it may."""
        if self._rate <= 0:
            return 0.0
        now = self._clock()
        with self._lock:
            tokens, at = self._seen.pop(name, (float(self._burst), now))
            tokens = min(float(self._burst), tokens + (now - at) * self._rate)
            allowed = tokens >= 1
            self._seen[name] = (tokens - 1 if allowed else tokens, now)
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return 0.0 if allowed else (1 - tokens) / self._rate


@dataclass(frozen=True)
class Access:
    """The limits of one server.

    Attributes:
        reads, writes: requests of one address; a rate of 0 sets no limit.
        api_key: the operator's; None if writes are by signature only.
        origins: web pages of these origins may read the answers; "*" for all.
    """

    reads: Bucket = field(default_factory=lambda: Bucket(0, 1))
    writes: Bucket = field(default_factory=lambda: Bucket(0, 1))
    api_key: str | None = field(default=None, repr=False)
    origins: tuple[str, ...] = ()

    def is_operator(self, given: str | None) -> bool:
        """Whether a header holds the operator's key. Takes the same time for every wrong one."""
        if not self.api_key or given is None:
            return False
        return hmac.compare_digest(_digest(self.api_key), _digest(given.removeprefix("Bearer ")))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
