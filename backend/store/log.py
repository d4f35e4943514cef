"""Tables of the chain itself: where the index stands, its blocks, its raw events, its undo log."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.store.base import Appended, Base
from backend.store.types import Hash, Uint


class Meta(Base):
    """What this database is: schema version, chain id, deployment."""

    __tablename__ = "meta"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str]


class Cursor(Base):
    """The last block applied. One row, written in the transaction that writes the block's rows."""

    __tablename__ = "cursor"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    block_number: Mapped[int]
    block_hash: Mapped[Hash]
    timestamp: Mapped[int]
    finalized_number: Mapped[int]
    """Highest block that can no more be rolled back; never above `block_number`, never falls."""
    generation: Mapped[int] = mapped_column(server_default="0")
    """How often rows were read again because a node had left events out: what was answered before
    may have been of the same block, and different."""


class Block(Base):
    """Headers of applied blocks: every one above finality, and below it those that matter."""

    __tablename__ = "blocks"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[Hash] = mapped_column(unique=True)
    parent_hash: Mapped[Hash]
    timestamp: Mapped[int]


class Event(Appended):
    """One event as the chain emitted it: the truth from which every other table is derived."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("block_hash", "log_index"),
        Index("ix_events_request", "request_hash", "block_number", "log_index"),
    )

    block_hash: Mapped[Hash]
    tx_hash: Mapped[Hash]
    contract: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(64))
    request_hash: Mapped[Hash | None]
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Fields in the ABI's order and names; integers as decimal strings, bytes as 0x-hex. Bytes too
    long for a row are told by their keccak256 and size; the artifact store holds them."""


class AgentEvent(Appended):
    """Which events concern which agent (a draw concerns many)."""

    __tablename__ = "agent_events"
    __table_args__ = (Index("ix_agent_events_agent", "agent_id", "block_number", "log_index"),)

    agent_id: Mapped[Uint] = mapped_column(primary_key=True)


class Undo(Base):
    """What a folded row was before a block changed it. Kept above finality only."""

    __tablename__ = "undo"

    block_number: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    table_name: Mapped[str] = mapped_column(String(32))
    key: Mapped[str]
    before: Mapped[str | None]
    """The row's columns, encoded; null if the block made the row."""
