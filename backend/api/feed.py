"""What listeners of the event stream are told: looked for once, however many they are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import select, tuple_

from backend.api.events import event_views, with_time
from backend.errors import StoreUnavailable
from backend.store import Event, Position, Store, position

POLL_SECONDS: Final = 0.2
AT_ONCE: Final = 200
KEPT: Final = 32
"""Answers kept for others who ask the same: a listener may begin at any event, and each is long."""


@dataclass(frozen=True)
class Mark:
    """The last event a listener has, and the branch it was on; no branch: go on after a place."""

    block: int = -1
    index: int = 0
    branch: str = ""


class Feed:
    """One look at the store for all listeners; most of them want to know the same.

    Attributes:
        version: another number whenever the index has moved.
    """

    def __init__(self, store: Store) -> None:
        self.version = 0
        self._store = store
        self._at: Position | None = None
        self._moved = asyncio.Event()
        self._told: dict[Mark, asyncio.Future[tuple[bool, Mark, str]]] = {}
        self._listeners = 0
        self._watcher: asyncio.Task[None] | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """While somebody does, the store is looked at."""
        self._listeners += 1
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.ensure_future(self._watch())
        try:
            yield
        finally:
            self._listeners -= 1

    async def news(self, mark: Mark) -> tuple[bool, Mark, str]:
        """(whether there may be more at once, the new mark, the text to send) since a mark."""
        asked = self._told.get(mark)
        if asked is None:
            asked = asyncio.ensure_future(run_in_threadpool(self._news, mark))
            self._told[mark] = asked
            if len(self._told) > KEPT:
                del self._told[next(iter(self._told))]
        # One listener that leaves must not take the answer from the others.
        return await asyncio.shield(asked)

    async def moves_on(self, version: int, seconds: float) -> bool:
        """Waits until the index is elsewhere than at a version; False if it takes longer."""
        if self.version == version:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), seconds)
        return self.version != version

    def _news(self, mark: Mark) -> tuple[bool, Mark, str]:
        try:
            seen, after, text = news(self._store, mark, None)
        except StoreUnavailable:
            return False, mark, ""
        return seen is None and bool(text), after, text

    async def _watch(self) -> None:
        while self._listeners:
            with suppress(StoreUnavailable):
                at = await run_in_threadpool(self._look)
                if at != self._at:
                    self._at = at
                    self.version += 1
                    self._told.clear()
                    self._moved.set()
                    self._moved = asyncio.Event()
            await asyncio.sleep(POLL_SECONDS)

    def _look(self) -> Position | None:
        with self._store.read() as session:
            return position(session)


def latest(store: Store) -> Mark:
    """The mark of the newest event."""
    query = select(Event.block_number, Event.log_index, Event.block_hash)
    order = (Event.block_number.desc(), Event.log_index.desc())
    with store.read() as session:
        row = session.execute(query.order_by(*order).limit(1)).first()
    return Mark() if row is None else Mark(row[0], row[1], row[2].hex()[:8])


def news(store: Store, mark: Mark, seen: Position | None) -> tuple[Position | None, Mark, str]:
    """(where the index stands, the new mark, the text to send) since `seen` and `mark`."""
    with store.read() as session:
        at = position(session)
        if at is None or at == seen:
            return at, mark, ""
        if mark.branch:
            here = select(Event.block_hash).where(
                Event.block_number == mark.block, Event.log_index == mark.index
            )
            found = session.scalar(here)
            if found is None or found.hex()[:8] != mark.branch:
                stands = min(at.finalized, mark.block - 1)
                data = json.dumps({"block": stands})
                return None, Mark(stands, 2**62, ""), f"event: reorg\ndata: {data}\n\n"
        rows = session.execute(
            with_time()
            .where(tuple_(Event.block_number, Event.log_index) > (mark.block, mark.index))
            .order_by(Event.block_number, Event.log_index)
            .limit(AT_ONCE)
        ).all()
    text = ""
    for (event, _), view in zip(rows, event_views(rows), strict=True):
        mark = Mark(event.block_number, event.log_index, event.block_hash.hex()[:8])
        name = f"{mark.block}.{mark.index}.{mark.branch}"
        text += f"id: {name}\nevent: chain\ndata: {view.model_dump_json(by_alias=True)}\n\n"
    return (None if len(rows) == AT_ONCE else at), mark, text
