"""Python's search for cycles, put off while many objects are made at once.

Logs and rows have no cycles, but every few hundred new objects the collector looks for some, now
and then among all that the process has: an eighth of the time an index takes to be derived.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """No search meanwhile, in no thread; the next one finds what was left. For what ends soon and
    waits for nobody."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
