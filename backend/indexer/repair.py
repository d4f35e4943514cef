"""When what the index holds is read again, because a node left events out of what it answered.

Two ways lead there: a rule meets an event that lacks the one before it, twice at the same place,
or the reconciler finds that the contracts say otherwise. First the blocks above what is final are
read again, for it is the newest logs that nodes lack; if it lasts, everything from the beginning.
A node that goes on leaving out makes the pauses longer: nothing is stopped for good, and `/ready`
stays down.
"""

from __future__ import annotations

import time
from typing import Final

from backend.indexer.status import Status

AT_ONCE: Final = 2
"""Repairs that wait for nothing: the newest blocks, then everything."""

FIRST_PAUSE: Final = 60.0
LONGEST_PAUSE: Final = 86_400.0
"""Seconds between repairs that did not help; each pause is twice the one before. After a day
without one they begin anew."""

TRIES: Final = 2
"""Times that a batch is read before the fault is looked for in what came before it."""


class Repairs:
    """Of one indexer: how often it has read again, and whether it should now."""

    def __init__(self, status: Status) -> None:
        self._status = status
        self._done = 0
        self._last = -LONGEST_PAUSE
        self._compared = 0
        self._missed = 0

    def due(self) -> bool:
        """Whether to read again now."""
        now = time.monotonic()
        if now - self._last > LONGEST_PAUSE:
            self._done = 0
        progress = self._status.snapshot()
        differs = bool(progress.differences) and progress.compared > self._compared
        return (differs or self._missed >= TRIES) and now - self._last >= self._pause()

    @property
    def thorough(self) -> bool:
        """Whether the next one begins at the first block: the newest ones were not enough."""
        return self._done > 0

    def missed(self) -> None:
        """A batch could not be applied: an event lacks the one before it."""
        self._missed += 1

    def applied(self) -> None:
        """A batch was."""
        self._missed = 0

    def done(self) -> None:
        """The index was read again, or could not even be: whether it helped is seen later."""
        self._done += 1
        self._last = time.monotonic()
        self._compared = self._status.snapshot().compared
        self._missed = 0
        self._status.repaired()

    def _pause(self) -> float:
        if self._done < AT_ONCE:
            return 0.0
        return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._done - AT_ONCE, 16)))
