"""What the indexer is doing, for `/ready` and for people. Thread-safe."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

LAG_LIMIT_BLOCKS: Final = 5
"""Further behind the head than this the index does not call itself ready."""

SILENCE_LIMIT_SECONDS: Final = 60.0
"""So long without a word from the node, nobody knows how far behind the index is."""


@dataclass(frozen=True)
class Progress:
    """A snapshot.

    Attributes:
        indexed: last block applied; None before the first.
        head: newest block the node told of; None before it answered.
        heard_at: monotonic time of that answer.
        trouble: what goes wrong now, in a sentence; the indexer tries again by itself.
        halted: why the indexer stopped for good, in a sentence.
        differences: what the contracts said otherwise at the last comparison; one sentence each.
        compared: how often the tables were compared with the contracts.
        leads: whether this replica writes the index; the others read what it wrote.
        rollbacks: reorganisations that rows were rolled back for.
        repairs: times that blocks were read again because a node had left events out.
        paused: why no transactions are sent, in a sentence; None while they are, or need not be.
    """

    indexed: int | None = None
    head: int | None = None
    heard_at: float | None = None
    trouble: str | None = None
    halted: str | None = None
    differences: tuple[str, ...] = ()
    compared: int = 0
    leads: bool = True
    rollbacks: int = 0
    repairs: int = 0
    paused: str | None = None

    @property
    def lag(self) -> int | None:
        """Blocks behind the head, or None while that is unknown."""
        if self.head is None or self.indexed is None:
            return None
        return max(0, self.head - self.indexed)

    def not_ready(self, lag_limit: int, now: float) -> str | None:
        """Why the index should not be asked, in a sentence; None if it may."""
        if self.halted is not None:
            return self.halted
        if self.differences:
            return (
                f"The index differs from the contracts ({self.differences[0]}) A node left logs"
                " out, and they are read again; if this lasts, use another RPC URL, and serve with"
                " --rebuild."
            )
        if self.head is None or self.heard_at is None:
            return self.trouble or "The index has not heard from the chain yet."
        if now - self.heard_at > SILENCE_LIMIT_SECONDS:
            silence = int(now - self.heard_at)
            return self.trouble or f"The chain has not answered for {silence} seconds."
        if self.lag is None:
            return self.trouble or "The index has not applied its first block yet."
        if self.lag > lag_limit:
            why = "" if self.trouble is None else f" {self.trouble}"
            return f"The index is {self.lag} blocks behind the chain (limit {lag_limit}).{why}"
        return self.paused


class Status:
    """The indexer's progress, written by its thread and read by the API's."""

    def __init__(self, lag_limit: int = LAG_LIMIT_BLOCKS) -> None:
        self._lag_limit = lag_limit
        self._lock = threading.Lock()
        self._progress = Progress()

    def snapshot(self) -> Progress:
        with self._lock:
            return self._progress

    def heard(self, head: int) -> None:
        """The node answered and named its head."""
        self._set(head=head, heard_at=time.monotonic())

    def indexed(self, number: int) -> None:
        self._set(indexed=number, trouble=None)

    def troubled(self, sentence: str | None) -> None:
        self._set(trouble=sentence)

    def halted(self, sentence: str) -> None:
        self._set(halted=sentence)

    def reconciled(self, differences: Sequence[str]) -> None:
        """The tables were compared with the contracts."""
        with self._lock:
            compared = self._progress.compared + 1
            self._progress = replace(
                self._progress, differences=tuple(differences), compared=compared
            )

    def leads(self, yes: bool) -> None:
        self._set(leads=yes)

    def paused(self, sentence: str | None) -> None:
        """The submitter sends nothing until somebody has seen to this; None once it sends again."""
        self._set(paused=sentence)

    def rolled_back(self) -> None:
        with self._lock:
            self._progress = replace(self._progress, rollbacks=self._progress.rollbacks + 1)

    def not_ready(self) -> str | None:
        """Why the index should not be asked, in a sentence; None if it may."""
        return self.snapshot().not_ready(self._lag_limit, time.monotonic())

    def repaired(self) -> None:
        with self._lock:
            self._progress = replace(self._progress, repairs=self._progress.repairs + 1)

    def _set(self, **changes: object) -> None:
        with self._lock:
            self._progress = replace(self._progress, **changes)  # type: ignore[arg-type]
