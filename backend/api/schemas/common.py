"""Shapes that several answers share.

Hashes, digests and bytes are 0x-hex, wei and nano-evidence decimal strings (they outgrow a double),
ids and times numbers, times Unix seconds of the chain. What is unknown is null, never 0.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

_HASH = "0x" + "5b" * 32

Hash = Annotated[str, Field(pattern="^0x[0-9a-f]{64}$", examples=[_HASH])]
Address = Annotated[
    str,
    Field(pattern="^0x[0-9a-fA-F]{40}$", examples=["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"]),
]
Amount = Annotated[
    str, Field(pattern="^[0-9]+$", description="Wei, decimal.", examples=["1000000000000000000"])
]
Nano = Annotated[
    str,
    Field(pattern="^[0-9]+$", description="1e9 is one observation.", examples=["1500000000"]),
]
Time = Annotated[int, Field(description="Unix seconds.", examples=[1_700_000_000])]
AgentNumber = Annotated[int, Field(ge=0, description="ERC-8004 agentId; 0 is one.", examples=[0])]
Finality = Literal["head", "finalized"]
Role = Literal["provider", "verifier"]


class Shape(BaseModel):
    """Base of all answers: camelCase outside, snake_case inside."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, frozen=True
    )


class BlockRef(Shape):
    """The block an answer is of."""

    number: int
    hash: Hash
    timestamp: Time
    finality: Finality = Field(description="Whether this block can still be rolled back (head).")
    finalized_number: int = Field(description="Highest final block the index holds.")


class ErrorDetail(Shape):
    code: str = Field(examples=["query_missing"])
    message: str = Field(examples=["There is no agent 12 in this registry."])


class ErrorBody(Shape):
    """The one shape of every refusal."""

    error: ErrorDetail


class EventView(Shape):
    """One event as the chain emitted it."""

    name: str = Field(examples=["Staked"])
    contract: str = Field(examples=["StakeVault"])
    block_number: int
    timestamp: Time | None
    log_index: int
    tx_hash: Hash
    request_hash: Hash | None
    arguments: dict[str, object] = Field(
        description="The ABI's fields; integers as decimal strings, bytes as 0x-hex."
    )


def hexed(value: bytes) -> str:
    """0x-hex."""
    return "0x" + value.hex()


def hexed_or_none(value: bytes | None) -> str | None:
    """0x-hex, or null."""
    return None if value is None else hexed(value)


def amount(value: int) -> str:
    """Decimal."""
    return str(value)


def amount_or_none(value: int | None) -> str | None:
    """Decimal, or null."""
    return None if value is None else str(value)
