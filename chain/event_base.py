"""What every event has: where on the chain it was emitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chain.types import Address, BlockHash, BlockNumber, TxHash


@dataclass(frozen=True, slots=True)
class Log:
    """Where on the chain an event was emitted."""

    contract: str
    address: Address
    block_number: BlockNumber
    block_hash: BlockHash
    transaction_hash: TxHash
    log_index: int


@dataclass(frozen=True)
class Event:
    """Any event; `log` says where it comes from."""

    CONTRACT: ClassVar[tuple[str, ...]] = ()
    log: Log
