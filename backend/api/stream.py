"""/v1/events: what happens, as pages and as Server-Sent Events that can be resumed.

An event's id is `block.logIndex.hash`, the hash's first bytes telling on which branch it was seen.
When a reorganisation takes what was sent, the stream says `reorg` with the block that still stands,
and goes on from there; so it does for a listener that comes back with an id of a branch that is
gone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from sqlalchemy import tuple_

from backend.api.context import ServicesOf, SnapshotOf
from backend.api.events import event_views, with_time
from backend.api.feed import Feed, Mark, latest
from backend.api.limits import network_of
from backend.api.params import DEFAULT_PAGE, Limit, PlaceOf, parse_name, wrap
from backend.api.schemas.rounds import EventPage
from backend.errors import QueryInvalid
from backend.store import Event

router = APIRouter(prefix="/v1/events", tags=["events"])

BEAT_SECONDS: Final = 15.0
"""A comment is sent when nothing happened for so long, so that proxies keep the line open."""

_ID = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9a-f]{8})")
_DOC: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
        "description": "`event: chain` with an event as data, or `event: reorg` with a block.",
    }
}


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
        query = query.where(Event.name == parse_name(name))
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
    name = network_of(request.client)
    lines = follow(
        request.app.state.feed, mark, request, turn=lambda: services.access.reads.take(name)
    )
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(lines, media_type="text/event-stream", headers=headers)


def parse_mark(text: str) -> Mark:
    """Raises QueryInvalid unless the text is an id of this stream."""
    found = _ID.fullmatch(text)
    if found is None:
        raise QueryInvalid("The Last-Event-ID is not one of this stream.")
    return Mark(int(found[1]), int(found[2]), found[3])


async def follow(
    feed: Feed, mark: Mark, request: Request, turn: Callable[[], float] = lambda: 0.0
) -> AsyncIterator[str]:
    """The stream's text, until the listener is gone.

    Args:
        turn: 0 if the listener may have another page of the past, which costs what a page costs
            elsewhere; else the seconds until then.
    """
    yield ": listening\n\n"
    with feed.listening():
        while not await request.is_disconnected():
            version = feed.version
            more, mark, text = await feed.news(mark)
            if text:
                yield text
            while more and (wait := turn()) > 0:
                await asyncio.sleep(wait)
            if not more and not await feed.moves_on(version, BEAT_SECONDS):
                yield ": still here\n\n"
