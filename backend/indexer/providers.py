"""Several nodes of one chain as if they were one that does not fail and does not go backwards.

All that one step of the indexer reads comes from the node that told it the head: a head of one
node and logs of another that lags would look like blocks without events. A node that fails is left
for the next one; a node behind the highest head ever told is used only when no other answers, and
then the indexer, which goes by hashes, waits.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from backend.errors import BackendError
from backend.indexer.source import ChainReader
from chain.blocks import Block as Header
from chain.errors import AssayError, ChainMismatch, RpcError
from chain.events import Event

REST_SECONDS: Final = 30.0
"""A node that failed is asked last for so long."""

COMPARE_SECONDS: Final = 15.0
"""So often the other nodes are asked whether ours has fallen behind them."""

BEHIND_BLOCKS: Final = 3
"""A node so far behind another is left for it."""

logger = logging.getLogger(__name__)

Reader = TypeVar("Reader", bound=ChainReader)
_Answer = TypeVar("_Answer")


class NoProvider(RpcError):
    """None of the nodes answers."""

    retryable = True


@dataclass
class Provider(Generic[Reader]):
    """One node.

    Attributes:
        label: what it is called in logs and metrics; no credentials.
        failed_at: monotonic time of its last failure.
        refused: why it is never used again, in a sentence.
    """

    label: str
    reader: Reader
    checked: bool = False
    failed_at: float = -REST_SECONDS
    failures: int = 0
    refused: str | None = None


class Providers(Generic[Reader]):
    """Implements `ChainReader` over one or more nodes. Thread-safe."""

    def __init__(
        self,
        readers: Sequence[tuple[str, Reader]],
        check: Callable[[Reader], None] = lambda _reader: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            readers: (label, node), the preferred one first.
            check: raises an AssayError that is no RpcError for a node of another chain.
        """
        self.all = [Provider(label, reader) for label, reader in readers]
        self._check = check
        self._clock = clock
        self._current = self.all[0]
        self._highest = -1
        self._compared_at = clock()
        self._lock = threading.RLock()

    def open(self) -> None:
        """Checks every node that answers.

        Raises:
            AssayError: a node serves another chain or lacks the contracts, or none answers.
        """
        errors: list[RpcError] = []
        for provider in self.all:
            try:
                self._check(provider.reader)
                provider.checked = True
            except RpcError as error:
                self._failed(provider, error)
                errors.append(error)
        if len(errors) == len(self.all):
            raise errors[0]

    @property
    def current(self) -> Reader:
        """The node that told the last head."""
        with self._lock:
            return self._current.reader

    @property
    def label(self) -> str:
        with self._lock:
            return self._current.label

    # ------------------------------------------------------------------ ChainReader

    def head(self) -> Header:
        """The newest block of the best node, to which the reads that follow go as well.

        Raises:
            NoProvider: none answers.
        """
        with self._lock:
            self._leave_a_laggard()
            behind: list[tuple[int, Provider[Reader], Header]] = []
            told: list[str] = []
            for provider in self._in_order():
                found = self._head_of(provider, told)
                if found is None:
                    continue
                if found.number >= self._highest:
                    return self._use(provider, found)
                behind.append((found.number, provider, found))
            if behind:
                _, provider, found = max(behind, key=lambda item: item[0])
                return self._use(provider, found)
            raise NoProvider(told[0] if len(told) == 1 else "No node answers: " + " ".join(told))

    def finalized(self) -> Header:
        return self._ask(lambda reader: reader.finalized())

    def block(self, which: int) -> Header | None:
        return self._ask(lambda reader: reader.block(which))

    def blocks_by_number(self, numbers: Sequence[int]) -> list[Header | None]:
        return self._ask(lambda reader: reader.blocks_by_number(numbers))

    def logs(self, from_block: int, to_block: int) -> list[Event]:
        return self._ask(lambda reader: reader.logs(from_block, to_block))

    def logs_of_block(self, block_hash: bytes) -> list[Event]:
        return self._ask(lambda reader: reader.logs_of_block(block_hash))

    def receipt_logs(self, block_hash: bytes) -> list[Event]:
        return self._ask(lambda reader: reader.receipt_logs(block_hash))

    # ------------------------------------------------------------------ inside

    def _ask(self, question: Callable[[Reader], _Answer]) -> _Answer:
        with self._lock:
            provider = self._current
        try:
            return question(provider.reader)
        except RpcError as error:
            # What a node refuses (too wide a range, no such tag) is an answer; silence is not.
            if error.retryable:
                self._failed(provider, error)
            raise

    def _in_order(self) -> list[Provider[Reader]]:
        """Ours first, then the others as they were given; those that failed lately last."""
        now = self._clock()
        usable = [provider for provider in self.all if provider.refused is None]
        if not usable:
            raise BackendError(" ".join(provider.refused or "" for provider in self.all))
        return sorted(
            usable,
            key=lambda p: (now - p.failed_at < REST_SECONDS, p is not self._current),
        )

    def _head_of(self, provider: Provider[Reader], told: list[str]) -> Header | None:
        try:
            if not provider.checked:
                self._check(provider.reader)
                provider.checked = True
            return provider.reader.head()
        except RpcError as error:
            self._failed(provider, error)
            told.append(str(error))
        except ChainMismatch as error:
            provider.refused = str(error)
            logger.critical("The node at %s is not used: %s", provider.label, error)
        except AssayError as error:
            # It may only be behind: contracts that are not there yet come with the next blocks.
            provider.failed_at = self._clock()
            told.append(str(error))
        return None

    def _use(self, provider: Provider[Reader], head: Header) -> Header:
        if provider is not self._current:
            logger.warning("Reading from %s, no more from %s.", provider.label, self._current.label)
            self._current = provider
        self._highest = max(self._highest, head.number)
        return head

    def distrust(self) -> None:
        """The node in use left something out: the others are asked first for a while."""
        with self._lock:
            self._current.failed_at = self._clock()
            self._current.failures += 1

    def _failed(self, provider: Provider[Reader], error: RpcError) -> None:
        with self._lock:
            provider.failed_at = self._clock()
            provider.failures += 1
        if len(self.all) > 1:
            logger.warning("%s", error)

    def _leave_a_laggard(self) -> None:
        """Now and then asks the others how far they are: a stuck node answers all the same."""
        now = self._clock()
        if len(self.all) == 1 or now - self._compared_at < COMPARE_SECONDS:
            return
        self._compared_at = now
        told: list[str] = []
        heads = {
            provider.label: found.number
            for provider in self._in_order()
            if (found := self._head_of(provider, told)) is not None
        }
        if heads and heads.get(self._current.label, -1) + BEHIND_BLOCKS <= max(heads.values()):
            self._highest = max(self._highest, *heads.values())
