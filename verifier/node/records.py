"""What a node remembers: rounds it watches, seats it holds, works it delivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from chain.types import PROVIDER_SEAT

__all__ = ["Delivery", "KnownRound", "SeatId", "SeatRecord", "Step"]


class Step(StrEnum):
    """How far a seat has come. Each is on disk before what follows from it is done.

    SEEN       the seat is ours
    GENERATED  our output is stored
    DIGESTED   digest, evidence and commitment are stored; committing may begin
    COMMITTED  the chain holds our commitment
    OPENED     the chain holds our digest
    PUBLISHED  provider only: the chain holds the output
    DONE       nothing is left to do; `outcome` says how it ended
    """

    SEEN = "seen"
    GENERATED = "generated"
    DIGESTED = "digested"
    COMMITTED = "committed"
    OPENED = "opened"
    PUBLISHED = "published"
    DONE = "done"

    @property
    def rank(self) -> int:
        """Position in the order above, from 0."""
        return list(Step).index(self)


@dataclass(frozen=True, slots=True)
class SeatId:
    """One seat under one key: a reorganisation that draws anew makes another seat of it."""

    request_hash: bytes
    level: int
    seat: int
    key: bytes

    @property
    def is_provider(self) -> bool:
        return self.seat == PROVIDER_SEAT

    @property
    def short(self) -> str:
        """For people: the round's first hex digits and the seat."""
        seat = "provider" if self.is_provider else f"seat {self.seat}"
        return f"{self.request_hash.hex()[:8]} {seat}"

    @property
    def job(self) -> str:
        """Prefix of the names under which its transactions are sent once."""
        key = self.key.hex()[:16]
        return f"{self.request_hash.hex()}:{self.level}:{self.seat}:{key}"


@dataclass(frozen=True, slots=True)
class SeatRecord:
    """What is stored of a seat.

    content_hash names the output file; evidence is canonical JSON and evidence_hash its keccak256;
    failures counts transactions of the seat that were mined and reverted.
    """

    id: SeatId
    step: Step
    profile_id: bytes
    content_hash: bytes | None = None
    digest: bytes | None = None
    evidence: bytes | None = field(default=None, repr=False)
    evidence_hash: bytes | None = None
    commitment: bytes | None = None
    failures: int = 0
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class KnownRound:
    """A round as its RoundSubmitted event told it.

    drawn_us: a CommitteeDrawn event named our agent; done: it is final, and nothing is left to do.
    """

    request_hash: bytes
    agent_id: int
    profile_id: bytes
    client: str
    task_hash: bytes
    output_hash: bytes
    task_uri: str
    block: int
    drawn_us: bool = False
    done: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """A work handed to a client: `output_hash` = keccak256(abi.encode(salt, content_hash))."""

    output_hash: bytes
    task_hash: bytes
    profile_id: bytes
    content_hash: bytes
    salt: bytes
    client: str
    deadline: int
    receipt: bytes = field(repr=False)
