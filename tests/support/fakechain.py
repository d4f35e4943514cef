"""A chain in memory for tests of the index: blocks with events, reorganisations, lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from chain.blocks import Block
from chain.errors import RpcRejected
from chain.events import Event, Log
from chain.types import Address, BlockHash, BlockNumber, TxHash, Wei

FIRST_TIMESTAMP = 1_700_000_000
BLOCK_SECONDS = 12
FULL_BLOOM = b"\xff" * 256
EMPTY_BLOOM = b"\x00" * 256

Emitted = Callable[[Log], Event]


def emit(kind: type[Event], *values: Any) -> Emitted:
    """An event yet without its place: `emit(Staked, 7, 10, 10)`."""
    return lambda log: kind(log, *values)


def address(name: str) -> Address:
    """A checksummed address that belongs to a name."""
    return Address(str(to_checksum_address(keccak(text=name)[:20])))


def word(name: str) -> bytes:
    """32 bytes that belong to a name."""
    return bytes(keccak(text=name))


@dataclass
class FakeChain:
    """Implements `backend.indexer.ChainReader`. Block 0 is empty.

    Attributes:
        final_depth: the newest block is this far above the finalized one.
        final: number of the finalized block; it never falls.
        reads: names of the requests made.
    """

    final_depth: int = 4
    final: int = 0
    blocks: list[Block] = field(default_factory=list)
    events: dict[bytes, list[Event]] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    fork: int = 0

    def __post_init__(self) -> None:
        if not self.blocks:
            self.mine()

    def mine(self, *emitted: Emitted, seconds: int = BLOCK_SECONDS) -> Block:
        """A new block with events, each in a transaction of its own."""
        parent = self.blocks[-1] if self.blocks else None
        number = parent.number + 1 if parent else 0
        parent_hash = parent.hash if parent else bytes(32)
        block_hash = word(f"{self.fork}/{number}/{parent_hash.hex()}")
        block = Block(
            number=BlockNumber(number),
            hash=BlockHash(block_hash),
            parent_hash=BlockHash(parent_hash),
            timestamp=parent.timestamp + seconds if parent else FIRST_TIMESTAMP,
            base_fee=Wei(1),
            gas_limit=30_000_000,
            logs_bloom=FULL_BLOOM if emitted else EMPTY_BLOOM,
        )
        self.blocks.append(block)
        self.events[block_hash] = [
            make(self._log(block, index)) for index, make in enumerate(emitted)
        ]
        return block

    def _log(self, block: Block, index: int) -> Log:
        return Log(
            contract="VerificationRounds",
            address=address("rounds"),
            block_number=block.number,
            block_hash=block.hash,
            transaction_hash=TxHash(word(f"tx/{block.hash.hex()}/{index}")),
            log_index=index,
        )

    def reorganise(self, depth: int) -> None:
        """Forgets the newest `depth` blocks; what is mined next has other hashes."""
        del self.blocks[len(self.blocks) - depth :]
        self.fork += 1

    # ------------------------------------------------------------------ ChainReader

    def head(self) -> Block:
        self.reads.append("head")
        return self.blocks[-1]

    def finalized(self) -> Block:
        self.final = max(self.final, len(self.blocks) - 1 - self.final_depth)
        return self.blocks[self.final]

    def block(self, which: int) -> Block | None:
        self.reads.append("block")
        return self.blocks[which] if which < len(self.blocks) else None

    def blocks_by_number(self, numbers: Sequence[int]) -> list[Block | None]:
        return [self.block(number) for number in numbers]

    def logs(self, from_block: int, to_block: int) -> list[Event]:
        self.reads.append("logs")
        found: Sequence[Block] = self.blocks[from_block : to_block + 1]
        return [event for block in found for event in self.events[block.hash]]

    def logs_of_block(self, block_hash: bytes) -> list[Event]:
        self.reads.append("logs_of_block")
        if all(block.hash != block_hash for block in self.blocks):
            raise RpcRejected("The node does not have the block.", -32000, "unknown block")
        return list(self.events[block_hash])

    def receipt_logs(self, block_hash: bytes) -> list[Event]:
        self.reads.append("receipt_logs")
        return list(self.events[block_hash])
