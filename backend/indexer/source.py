"""What the indexer asks of the chain, and what it checks before it believes an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from eth_utils.crypto import keccak

from chain.blocks import Block as Header
from chain.errors import RpcError
from chain.events import Event


class ChainReader(Protocol):
    """The part of `chain.gateway.Gateway` that an index needs."""

    def head(self) -> Header: ...
    def finalized(self) -> Header: ...
    def block(self, which: int) -> Header | None: ...
    def blocks_by_number(self, numbers: Sequence[int]) -> list[Header | None]: ...
    def logs(self, from_block: int, to_block: int) -> list[Event]: ...
    def logs_of_block(self, block_hash: bytes) -> list[Event]: ...
    def receipt_logs(self, block_hash: bytes) -> list[Event]: ...


class RpcInconsistent(RpcError):
    """Answers of the node do not fit together: ask again, store nothing."""

    retryable = True


def header(reader: ChainReader, number: int) -> Header:
    """The header of a block that should exist.

    Raises:
        RpcInconsistent: the node has none, or answers with another block.
    """
    return _asked_for(number, reader.block(number))


def headers(reader: ChainReader, numbers: Sequence[int]) -> list[Header]:
    """As `header`, of several blocks, in this order."""
    return [
        _asked_for(at, found)
        for at, found in zip(numbers, reader.blocks_by_number(numbers), strict=True)
    ]


def _asked_for(number: int, found: Header | None) -> Header:
    if found is None or found.number != number:
        raise RpcInconsistent(f"The node does not have block {number}, though its head is above.")
    return found


def events_of(reader: ChainReader, block: Header, emitters: Sequence[str]) -> list[Event]:
    """The events of exactly this block, by its hash.

    A node may answer [] because it has pruned or not yet stored the logs. The header's bloom filter
    never lacks an address that emitted: if it holds one of ours, the receipts decide.

    Raises:
        RpcInconsistent: logs and receipts disagree, or a log is of another block.
    """
    events = reader.logs_of_block(block.hash)
    if not events and any(in_bloom(block.logs_bloom, address) for address in emitters):
        events = reader.receipt_logs(block.hash)
        if events:
            raise RpcInconsistent(
                f"The node leaves logs out of block {block.number}: its receipts have"
                f" {len(events)} more. Waiting for it; if this lasts, use another RPC URL."
            )
    for event in events:
        if event.log.block_hash != block.hash or event.log.block_number != block.number:
            raise RpcInconsistent(f"The node mixes logs of other blocks into block {block.number}.")
    return in_order(events)


def in_order(events: Sequence[Event]) -> list[Event]:
    """By place in the chain.

    Raises:
        RpcInconsistent: two logs claim the same place.
    """
    ordered = sorted(events, key=lambda event: (event.log.block_number, event.log.log_index))
    places = {(event.log.block_number, event.log.log_index) for event in events}
    if len(places) != len(events):
        raise RpcInconsistent("The node gives two logs the same place.")
    return ordered


def in_bloom(bloom: bytes, address: str) -> bool:
    """Whether a header's 2048-bit bloom filter may hold an address (yellow paper, 4.4.3)."""
    digest = keccak(hexstr=address)
    bits = int.from_bytes(bloom, "big")
    return all(bits >> (int.from_bytes(digest[at : at + 2], "big") & 2047) & 1 for at in (0, 2, 4))
