"""Python's search for cycles, put off while many objects are made at once.

Logs and rows have no cycles, but every few hundred new objects the collector looks for some, now
and then among all that the process has: an eighth of the time an index takes to be derived.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class _Pauses:
    """Of all threads together: how many there are, and whether the collector was on before."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    count: int = 0
    was_on: bool = False


_pauses = _Pauses()


@contextmanager
def collector_paused() -> Iterator[None]:
    """No search meanwhile, in no thread; the next one finds what was left. For what ends soon and
    waits for nobody."""
    with _pauses.lock:
        if _pauses.count == 0:
            _pauses.was_on = gc.isenabled()
            gc.disable()
        _pauses.count += 1
    try:
        yield
    finally:
        with _pauses.lock:
            _pauses.count -= 1
            if _pauses.count == 0 and _pauses.was_on:
                gc.enable()
