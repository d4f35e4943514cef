"""/v1/events: what happens, as pages and as Server-Sent Events that can be resumed.

An event's id is `block.logIndex.hash`, the hash's first bytes telling on which branch it was seen.
When a reorganisation takes what was sent, the stream says `reorg` with the block that still stands,
and goes on from there; so it does for a listener that comes back with an id of a branch that is
gone.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from sqlalchemy import select, tuple_

from backend.api.context import ServicesOf, SnapshotOf
from backend.api.events import event_views, with_time
from backend.api.params import DEFAULT_PAGE, Limit, PlaceOf, wrap
from backend.api.schemas.rounds import EventPage
from backend.errors import QueryInvalid, StoreUnavailable
from backend.store import Event, Position, Store, position

router = APIRouter(prefix="/v1/events", tags=["events"])

POLL_SECONDS: Final = 0.5
BEAT_SECONDS: Final = 15.0
"""A comment is sent when nothing happened for so long, so that proxies keep the line open."""

AT_ONCE: Final = 200
_ID = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9a-f]{8})")
_DOC: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
        "description": "`event: chain` with an event as data, or `event: reorg` with a block.",
    }
}


@dataclass(frozen=True)
class Mark:
    """The last event a listener has, and the branch it was on; no branch: go on after a place."""

    block: int = -1
    index: int = 0
    branch: str = ""


@router.get("")
def list_events(
    snapshot: SnapshotOf,
    place: PlaceOf,
    limit: Limit = DEFAULT_PAGE,
    name: Annotated[str | None, Query(description="Only of this name, such as Tallied.")] = None,
) -> EventPage:
    """Everything that happened, newest first."""
    query = with_time().order_by(Event.block_number.desc(), Event.log_index.desc())
    if name is not None:
        query = query.where(Event.name == name)
    if place is not None:
        query = query.where(tuple_(Event.block_number, Event.log_index) < place)
    rows = snapshot.session.execute(query.limit(limit + 1)).all()
    items = event_views(rows[:limit])
    more = len(rows) > limit
    return EventPage(
        items=items,
        next=wrap(f"{items[-1].block_number}.{items[-1].log_index}") if more else None,
        block=snapshot.block,
    )


@router.get("/stream", response_class=StreamingResponse, responses=_DOC)
async def stream_events(
    request: Request,
    services: ServicesOf,
    last_event_id: Annotated[
        str | None, Header(description="Go on after this id. Without it: from now on.")
    ] = None,
) -> StreamingResponse:
    """Server-Sent Events of everything that happens from now on, or after an id."""
    mark = None if last_event_id is None else parse_mark(last_event_id)
    if mark is None:
        mark = await run_in_threadpool(latest, services.store)
    lines = follow(services.store, mark, request)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(lines, media_type="text/event-stream", headers=headers)


def parse_mark(text: str) -> Mark:
    """Raises QueryInvalid unless the text is an id of this stream."""
    found = _ID.fullmatch(text)
    if found is None:
        raise QueryInvalid("The Last-Event-ID is not one of this stream.")
    return Mark(int(found[1]), int(found[2]), found[3])


async def follow(store: Store, mark: Mark, request: Request) -> AsyncIterator[str]:
    """The stream's text, until the listener is gone."""
    yield ": listening\n\n"
    seen: Position | None = None
    quiet = 0.0
    while not await request.is_disconnected():
        try:
            seen, mark, text = await run_in_threadpool(news, store, mark, seen)
        except StoreUnavailable:
            text = ""
        if text:
            yield text
            quiet = 0.0
            continue
        await asyncio.sleep(POLL_SECONDS)
        quiet += POLL_SECONDS
        if quiet >= BEAT_SECONDS:
            yield ": still here\n\n"
            quiet = 0.0


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
