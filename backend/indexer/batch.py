"""Applying blocks: raw events, the rows derived from them, and the cursor, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Final

from eth_utils.crypto import keccak
from sqlalchemy import Connection, delete, insert, update

from backend.errors import StoreUnavailable
from backend.indexer.rules import RULES, Scope
from backend.indexer.rules.scope import text
from backend.store import (
    Agent,
    AgentEvent,
    AlphaOwner,
    Block,
    Cursor,
    Projection,
    Store,
    forget_rows,
    forget_undo,
    position,
    roll_back,
)
from backend.store import Event as EventRow
from chain.blocks import Block as Header
from chain.collector import collector_paused
from chain.events import EVENTS, Event, EvidenceRecorded

LONGEST_BYTES: Final = 1024
"""Longer byte strings (outputs, recipes) are kept elsewhere; the raw row names them by hash."""


@dataclass(frozen=True)
class Filled:
    """A block with the deployment's events in it, in the order of the log."""

    header: Header
    events: Sequence[Event]


@dataclass(frozen=True)
class Batch:
    """What one transaction does: first a rollback, if `ancestor` is given, then blocks.

    Attributes:
        blocks: ascending; below `finalized` only those that matter, the last one always.
        finalized: the highest block that can no more be rolled back, as the chain says.
        follows: hash of the block the index stood at when the batch was made; None before any.
        ancestor: roll back to this block first (-1: to nothing).
        again: what was applied before lacks events that a node had left out: from `ancestor` on it
            is read again, or, if that is None, from the beginning.
    """

    blocks: Sequence[Filled]
    finalized: int
    follows: bytes | None
    ancestor: int | None = None
    again: bool = False


def apply_batch(store: Store, batch: Batch) -> None:
    """Rolls back and applies, all or nothing.

    Raises:
        StoreUnavailable: another indexer moved the cursor meanwhile, or the database is locked.
        EventLeftOut: an event lacks the one before it.
    """
    with store.write() as connection, collector_paused():
        before = position(connection)
        if batch.follows != (None if before is None else before.hash):
            raise StoreUnavailable(
                f"Another server is indexing into {store.name}: stop one of them, or give one of"
                " them another database."
            )
        if batch.ancestor is not None:
            roll_back(connection, batch.ancestor)
        elif batch.again:
            forget_rows(connection)
        rows = Projection(connection)
        _preload(rows, batch.blocks)
        for block in batch.blocks:
            rows.enter(block.header.number, final=block.header.number <= batch.finalized)
            _apply_block(rows, block)
        rows.flush()
        _write_headers(connection, batch.blocks)
        finalized = min(batch.finalized, batch.blocks[-1].header.number)
        generation = int(batch.again)
        if before is not None:
            finalized = min(max(finalized, before.finalized), batch.blocks[-1].header.number)
            generation += before.generation
        _move_cursor(connection, batch.blocks[-1].header, finalized, generation)
        forget_undo(connection, finalized)


def mark_final(store: Store, finalized: int) -> None:
    """Records that finality advanced though no block was added."""
    with store.write() as connection:
        before = position(connection)
        if before is None:
            return
        settled = min(finalized, before.number)
        if settled <= before.finalized:
            return
        connection.execute(update(Cursor).values(finalized_number=settled))
        forget_undo(connection, settled)


def _preload(rows: Projection, blocks: Sequence[Filled]) -> None:
    """Reads what nearly every event changes: the agents it names, and whose evidence it adds to."""
    events = [event for block in blocks for event in block.events]
    rows.preload(Agent, ((agent,) for event in events for agent in _agents(event)))
    rows.preload(
        AlphaOwner,
        ((e.agent_id, e.domain) for e in events if isinstance(e, EvidenceRecorded)),
    )


def _apply_block(rows: Projection, block: Filled) -> None:
    scope = Scope(rows, block.header.timestamp)
    for event in block.events:
        _keep_raw(rows, event)
        rule = RULES.get(type(event))
        if rule is not None:
            rule(scope, event)


def _keep_raw(rows: Projection, event: Event) -> None:
    log, values, shape = event.log, vars(event), _SHAPES[type(event)]
    rows.append(
        EventRow,
        block_number=log.block_number,
        log_index=log.log_index,
        block_hash=log.block_hash,
        tx_hash=log.transaction_hash,
        contract=log.contract,
        name=type(event).__name__,
        request_hash=None if shape.request is None else values[shape.request],
        arguments={told: plain(values[name]) for name, told in shape.arguments},
    )
    for agent_id in sorted(set(_agents(event))):
        rows.append(
            AgentEvent,
            block_number=log.block_number,
            log_index=log.log_index,
            agent_id=agent_id,
        )


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the fields of an event class mean.

    Attributes:
        arguments: (name, name in the ABI) of each.
        request: the field that is a round's request hash.
        agents: the fields that are one agent each; `many` has several.
    """

    arguments: tuple[tuple[str, str], ...]
    request: str | None
    agents: tuple[str, ...]
    many: str | None


def _shape_of(kind: type[Event]) -> _Shape:
    names = [field.name for field in fields(kind) if field.name != "log"]
    # The vault calls a round's request hash `ref`.
    requests = [name for name in ("request_hash", "ref") if name in names]
    return _Shape(
        tuple((name, camel(name)) for name in names),
        requests[0] if requests else None,
        tuple(name for name in ("agent_id", "token_id") if name in names),
        "agent_ids" if "agent_ids" in names else None,
    )


@cache
def camel(name: str) -> str:
    """snake_case to camelCase; a trailing underscore only dodged a keyword."""
    head, *rest = name.rstrip("_").split("_")
    return head + "".join(word.capitalize() for word in rest)


_SHAPES: Final = {kind: _shape_of(kind) for kind in EVENTS}


def _agents(event: Event) -> list[int]:
    """Whom an event names."""
    values, shape = vars(event), _SHAPES[type(event)]
    found = [values[name] for name in shape.agents]
    return found if shape.many is None else [*found, *values[shape.many]]


def plain(value: Any) -> Any:
    """A value as JSON keeps it without loss."""
    if type(value) is int:
        return str(value)
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, bytes):
        if len(value) > LONGEST_BYTES:
            return {"keccak256": "0x" + keccak(value).hex(), "size": str(len(value))}
        return "0x" + value.hex()
    if is_dataclass(value):
        return {camel(f.name): plain(getattr(value, f.name)) for f in fields(value)}
    return [plain(item) for item in value]


def _write_headers(connection: Connection, blocks: Sequence[Filled]) -> None:
    connection.execute(
        insert(Block),
        [
            {
                "number": block.header.number,
                "hash": block.header.hash,
                "parent_hash": block.header.parent_hash,
                "timestamp": block.header.timestamp,
            }
            for block in blocks
        ],
    )


def _move_cursor(
    connection: Connection, header: Header, finalized: int, generation: int = 0
) -> None:
    connection.execute(delete(Cursor))
    connection.execute(
        insert(Cursor).values(
            id=1,
            block_number=header.number,
            block_hash=header.hash,
            timestamp=header.timestamp,
            finalized_number=finalized,
            generation=generation,
        )
    )
