"""How a running node is, as counted by its loop: what its metrics are made of."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass
class Health:
    """Written by the daemon's thread, read by others; each value is replaced whole.

    Attributes:
        head: number of the newest block seen; None before the first.
        owed: seats that owe the chain something.
        looks: looks at everything that ended well.
        failures: looks that did not, whatever the reason.
        looked_at: monotonic seconds of the last that ended well.
    """

    head: int | None = None
    owed: int = 0
    looks: int = 0
    failures: int = 0
    looked_at: float | None = None

    def looked(self, head: int | None, owed: int) -> None:
        self.head, self.owed = head, owed
        self.looks += 1
        self.looked_at = time.monotonic()

    def failed(self) -> None:
        self.failures += 1
