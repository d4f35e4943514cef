"""Following the chain by block hash.

::

    read cursor ── same hash on the chain? ── yes ─────────────┐
                          │ no                                 ▼
                 walk back to the common            blocks up to `finalized`: logs by ranges
                 ancestor; below what was           blocks above it: one by one, by hash,
                 final: stop, store nothing         each the child of the one before
                          │                                    │
                          └──── fetch first, then ─────────────┤
                                roll back and apply            ▼
                                in one transaction         rows + cursor

Where a node left events out, blocks that were applied are read again (`backend.indexer.repair`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy.exc import DataError

from backend.errors import (
    ArtifactUnavailable,
    EventLeftOut,
    IndexContradiction,
    StoreUnavailable,
)
from backend.indexer.batch import Batch, Filled, apply_batch, mark_final
from backend.indexer.ranges import RangeSize
from backend.indexer.repair import Repairs
from backend.indexer.source import (
    ChainReader,
    RpcInconsistent,
    events_of,
    header,
    headers,
    in_order,
)
from backend.indexer.status import Status
from backend.store import Position, Store, known_blocks, position
from chain.blocks import Block as Header
from chain.errors import RpcError, RpcRejected
from chain.events import Event

POLL_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 30.0
TIP_BATCH_BLOCKS: Final = 64
"""Blocks above finality applied in one transaction."""

ASSUMED_FINAL_BLOCKS: Final = 128
"""On a chain that knows no `finalized` tag, a block this deep is taken for final."""

logger = logging.getLogger(__name__)

WAITED_OUT: Final = (RpcError, StoreUnavailable, ArtifactUnavailable, EventLeftOut, OSError)
"""What ends by itself, or when somebody sees to it; anything else ends the indexer."""

Keeper = Callable[[Sequence[Event]], None]
"""Stores what events carry outside the database, before the rows say that it is there."""


class Indexer:
    """Brings a store to the head of a chain and keeps it there. One thread."""

    def __init__(
        self,
        reader: ChainReader,
        store: Store,
        *,
        first_block: int,
        emitters: Sequence[str],
        keep: Keeper,
        status: Status,
        ranges: RangeSize | None = None,
        leads: Callable[[], bool] = lambda: True,
        distrust: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Args:
            first_block: nothing of the deployment happened before it.
            emitters: addresses of the deployment's contracts.
            keep: called with the events of a batch before they are applied.
            leads: whether this replica writes; the others only look how far it is.
            distrust: called when the node has left something out, to ask another if there is one.
        """
        self._reader = reader
        self._store = store
        self._first = first_block
        self._emitters = emitters
        self._keep = keep
        self._status = status
        self._ranges = ranges or RangeSize()
        self._leads = leads
        self._distrust = distrust
        self._repairs = Repairs(status)

    def run(self, stop: threading.Event, poll_seconds: float = POLL_SECONDS) -> None:
        """Follows until told to stop. Waits out what may pass.

        Raises:
            IndexContradiction: the chain contradicts what was final; also told to `status`.
        """
        pause = poll_seconds
        while not stop.is_set():
            try:
                moved = self.step()
            except WAITED_OUT as error:
                # Not only the retryable ones: a node's refusal, a lock or a full disk end when
                # somebody sees to them, and nothing was written.
                logger.warning("%s", error)
                self._status.troubled(str(error))
                stop.wait(pause)
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
                continue
            except Exception as error:
                logger.critical("The index stops: %s", error)
                self._status.halted(f"The index has stopped: {error}")
                raise
            pause = poll_seconds
            if not moved:
                stop.wait(poll_seconds)

    def step(self) -> bool:
        """Applies the next blocks, if there are any. True if there may be more at once.

        Raises:
            RpcError, IndexContradiction, StoreError, EventLeftOut.
        """
        head = self._reader.head()
        self._status.heard(head.number)
        with self._store.read() as session:
            cursor = position(session)
        if cursor is not None:
            self._status.indexed(cursor.number)
        leads = self._leads()
        self._status.leads(leads)
        if not leads:
            return False
        base = self._base(cursor, head)
        if base is None:
            return False
        number, parent, rolls_back = base
        again = cursor is not None and not rolls_back and self._repairs.due()
        if cursor is not None and again:
            self._distrust()
            number, parent, rolls_back = self._again(cursor)
        finalized = self._finalized(cursor, head)
        if number >= head.number and not rolls_back and not again:
            mark_final(self._store, finalized)
            return False
        blocks = self._next_blocks(number + 1, parent, finalized, head.number)
        self._keep([event for block in blocks for event in block.events])
        batch = Batch(
            blocks,
            finalized,
            follows=None if cursor is None else cursor.hash,
            ancestor=number if rolls_back else None,
            again=again,
        )
        self._apply(batch)
        if again:
            logger.critical("A node had left events out: reading again from block %d.", number + 1)
        elif rolls_back:
            logger.warning("The chain was reorganised above block %d.", number)
            self._status.rolled_back()
        self._status.indexed(blocks[-1].header.number)
        return blocks[-1].header.number < head.number

    def _apply(self, batch: Batch) -> None:
        try:
            apply_batch(self._store, batch)
        except EventLeftOut:
            if batch.again:
                self._repairs.done()
            self._repairs.missed()
            self._distrust()
            raise
        except (OverflowError, DataError) as error:
            self._distrust()
            raise RpcInconsistent(
                "The node sent what no contract can have told, a number too large: waiting for it;"
                " if this lasts, use another RPC URL."
            ) from error
        self._repairs.applied()
        if batch.again:
            self._repairs.done()

    # ------------------------------------------------------------------ where to go on from

    def _again(self, cursor: Position) -> tuple[int, bytes | None, bool]:
        """As `_base`, to read again what is not final, or, where that was not enough, everything.

        A block that has become final was stored while it was not.
        """
        known: list[tuple[int, bytes]] = []
        if not self._repairs.thorough and cursor.finalized < cursor.number:
            with self._store.read() as session:
                known = known_blocks(session, cursor.finalized, cursor.finalized)
        return (*known[0], True) if known else (self._first - 1, None, False)

    def _base(self, cursor: Position | None, head: Header) -> tuple[int, bytes | None, bool] | None:
        """(block to build on, its hash, whether to roll back to it); None to wait for the node."""
        if cursor is None:
            return None if head.number < self._first else (self._first - 1, None, False)
        if head.number >= cursor.number and self._on_chain(cursor.number, cursor.hash):
            return cursor.number, cursor.hash, False
        nothing_final = cursor.finalized < self._first
        lowest = self._first if nothing_final else cursor.finalized
        with self._store.read() as session:
            known = known_blocks(session, min(cursor.number, head.number), lowest)
        for number, block_hash in known:
            if self._on_chain(number, block_hash):
                if number == head.number:
                    return None  # The node is only behind: nothing of ours is contradicted.
                return number, block_hash, True
        if head.number < lowest:
            return None  # Behind even what is final: a node that is still synchronising.
        if nothing_final:
            return self._first - 1, None, True
        # Asked once more, for a node behind a balancer may have flipped for a moment.
        final_hash = known[-1][1] if known else b""
        if self._on_chain(lowest, final_hash):
            raise RpcInconsistent(f"The node answers differently about block {lowest}.")
        raise IndexContradiction(
            f"The chain has another block {lowest} than the one that was final when it was"
            " indexed: the RPC URL leads to another chain, or the chain was started anew. Nothing"
            " was changed; serve with --rebuild to index what is there now."
        )

    def _on_chain(self, number: int, block_hash: bytes) -> bool:
        return header(self._reader, number).hash == block_hash

    def _finalized(self, cursor: Position | None, head: Header) -> int:
        try:
            told: int = self._reader.finalized().number
        except RpcRejected:
            told = max(0, head.number - ASSUMED_FINAL_BLOCKS)
        return min(head.number, told if cursor is None else max(told, cursor.finalized))

    # ------------------------------------------------------------------ what comes next

    def _next_blocks(
        self, first: int, parent: bytes | None, finalized: int, head: int
    ) -> list[Filled]:
        if first <= finalized:
            return self._by_range(first, parent, finalized)
        return self._by_hash(first, parent, min(head, first + TIP_BATCH_BLOCKS - 1))

    def _by_hash(self, first: int, parent: bytes | None, last: int) -> list[Filled]:
        blocks: list[Filled] = []
        for block in headers(self._reader, range(first, last + 1)):
            if parent is not None and block.parent_hash != parent:
                if blocks:
                    break  # Reorganised while we read: what we have may stand, the rest comes next.
                raise RpcInconsistent(
                    f"Block {block.number} is not the child of the block before it."
                )
            blocks.append(Filled(block, events_of(self._reader, block, self._emitters)))
            parent = block.hash
        return blocks

    def _by_range(self, first: int, parent: bytes | None, finalized: int) -> list[Filled]:
        start = header(self._reader, first)
        if parent is not None and start.parent_hash != parent:
            raise RpcInconsistent(f"Block {first} is not the child of the block before it.")
        last, events = self._widest_range(first, finalized)
        found: dict[int, list[Event]] = {last: []}
        for event in events:
            found.setdefault(event.log.block_number, []).append(event)
        blocks: list[Filled] = []
        numbers = sorted(found)
        for at in numbers:
            if not first <= at <= last:
                raise RpcInconsistent(f"The node sent a log of block {at}, not asked for.")
        rest = headers(self._reader, [at for at in numbers if at != first])
        for block in ([start] if first in found else []) + rest:
            at, inside = block.number, found[block.number]
            # Logs vouch for their block's hash. The last one, on which all that follows rests, may
            # have none, and a node that flips for a moment must not make it final.
            if at == last and not inside and not self._on_chain(at, block.hash):
                raise RpcInconsistent(f"The node answers differently about block {at}.")
            if any(event.log.block_hash != block.hash for event in inside):
                raise RpcInconsistent(f"A log names another block {at} than the node's own.")
            blocks.append(Filled(block, inside))
        return blocks

    def _widest_range(self, first: int, finalized: int) -> tuple[int, list[Event]]:
        """(last block, events) of as many blocks from `first` on as the node answers at once."""
        while True:
            last = min(finalized, first + self._ranges.width - 1)
            try:
                events = in_order(self._reader.logs(first, last))
            except RpcError as error:
                if not self._ranges.refused(error, last - first + 1):
                    raise
            else:
                self._ranges.answered(last - first + 1, len(events))
                return last, events
