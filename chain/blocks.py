"""What the gateway answers with, and what it is asked to send: plain typed records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from eth_utils.address import to_checksum_address

from chain.events import Event
from chain.types import Address, BlockHash, BlockNumber, TxHash, Wei

EventT = TypeVar("EventT", bound=Event)


@dataclass(frozen=True, slots=True)
class Block:
    """A block's header, as far as Assay needs it. `timestamp` is Unix seconds."""

    number: BlockNumber
    hash: BlockHash
    parent_hash: BlockHash
    timestamp: int
    base_fee: Wei
    gas_limit: int
    logs_bloom: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a contract, or, with no `to`, a contract's creation.

    `label` says what it is in errors and logs, such as "VerificationRounds.commit".
    """

    to: Address | None
    data: bytes
    value: Wei
    label: str


@dataclass(frozen=True, slots=True)
class TxReceipt:
    """What became of a mined transaction. `events` are those of the deployment's contracts."""

    transaction_hash: TxHash
    block_number: BlockNumber
    block_hash: BlockHash
    succeeded: bool
    gas_used: int
    gas_price: Wei
    contract_address: Address | None
    events: tuple[Event, ...]

    def one(self, kind: type[EventT]) -> EventT:
        """The transaction's only event of a kind; LookupError if there is not exactly one."""
        found = [event for event in self.events if isinstance(event, kind)]
        if len(found) != 1:
            raise LookupError(f"{len(found)} events {kind.__name__}, not 1")
        return found[0]


@dataclass(frozen=True, slots=True)
class Sent:
    """Whose transaction one of a block's is."""

    hash: TxHash
    sender: Address
    nonce: int


def sent_from(raw: Mapping[str, Any]) -> Sent:
    """A transaction of a block from its JSON-RPC form."""
    return Sent(
        TxHash(unhex(raw["hash"])),
        Address(str(to_checksum_address(raw["from"]))),
        int(raw["nonce"], 16),
    )


def block_from(raw: Mapping[str, Any]) -> Block:
    """A block from its JSON-RPC form.

    Raises:
        ValueError, LookupError, AttributeError, TypeError: it is none.
    """
    return Block(
        number=BlockNumber(counted(raw["number"])),
        hash=BlockHash(unhex(raw["hash"])),
        parent_hash=BlockHash(unhex(raw["parentHash"])),
        timestamp=counted(raw["timestamp"]),
        base_fee=Wei(int(raw.get("baseFeePerGas") or "0x0", 16)),
        gas_limit=int(raw["gasLimit"], 16),
        logs_bloom=unhex(raw["logsBloom"]),
    )


def receipt_from(raw: Mapping[str, Any], events: tuple[Event, ...]) -> TxReceipt:
    """A receipt from its JSON-RPC form and its decoded logs."""
    created = raw.get("contractAddress")
    return TxReceipt(
        transaction_hash=TxHash(unhex(raw["transactionHash"])),
        block_number=BlockNumber(int(raw["blockNumber"], 16)),
        block_hash=BlockHash(unhex(raw["blockHash"])),
        succeeded=int(raw["status"], 16) == 1,
        gas_used=int(raw["gasUsed"], 16),
        gas_price=Wei(int(raw.get("effectiveGasPrice") or "0x0", 16)),
        contract_address=Address(str(to_checksum_address(created))) if created else None,
        events=events,
    )


def counted(text: str) -> int:
    """A number of blocks, seconds or logs: of these no chain has more than databases count.

    Raises:
        ValueError: it is none, or too large.
    """
    value = int(text, 16)
    if not 0 <= value < 1 << 63:
        raise ValueError(f"{value} is no number of blocks, seconds or logs")
    return value


def unhex(text: str) -> bytes:
    """Bytes of a 0x… string."""
    return bytes.fromhex(text.removeprefix("0x"))
