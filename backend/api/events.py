"""Raw events as answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, select

from backend.api.schemas.common import EventView, hexed, hexed_or_none
from backend.store import Block, Event


def with_time() -> Select[*tuple[Any, ...]]:
    """Events and the time of their block."""
    query = select(Event, Block.timestamp)
    return query.outerjoin(Block, Block.number == Event.block_number)


def event_views(rows: Iterable[Any]) -> list[EventView]:
    """Rows of `with_time` as answers."""
    return [
        EventView(
            name=event.name,
            contract=event.contract,
            block_number=event.block_number,
            timestamp=timestamp,
            log_index=event.log_index,
            tx_hash=hexed(event.tx_hash),
            request_hash=hexed_or_none(event.request_hash),
            arguments=event.arguments,
        )
        for event, timestamp in rows
    ]
