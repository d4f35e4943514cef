"""The court as a node reads it: typed answers of `VerificationRounds` at a chosen block."""

from __future__ import annotations

from typing import Any, Final, Protocol

from chain.batches import batch_of, commitments
from chain.blocks import Block
from chain.errors import RevertError
from chain.events import Committed, Event, Tallied
from chain.gateway import BlockTag
from chain.history import events_between
from chain.structs import Batched, Flag, Profile, Round, Seat
from chain.types import PROVIDER_SEAT, BlockNumber, Phase
from verifier.node.errors import NodeError
from verifier.node.records import SeatId

__all__ = ["COURT", "ChainReader", "CourtView"]

COURT: Final = "VerificationRounds"


class ChainReader(Protocol):
    """What a node reads through; `chain.gateway.Gateway` is one."""

    def head(self) -> Block: ...
    def finalized(self) -> Block: ...
    def block(self, which: BlockTag | bytes) -> Block | None: ...
    def logs(
        self, from_block: int, to_block: int, *, about: bytes | None = None
    ) -> list[Event]: ...
    def logs_of_block(self, block_hash: bytes) -> list[Event]: ...
    def call(
        self, contract: str, function: str, *arguments: Any, block: BlockTag = "latest"
    ) -> Any: ...


class CourtView:
    """Reads rounds, seats and profiles."""

    def __init__(self, gateway: ChainReader) -> None:
        self._gateway = gateway
        self._profiles: dict[bytes, Profile] = {}

    def round(self, request_hash: bytes, block: BlockTag = "latest") -> Round | None:
        """A round, its phase by the clock of the block; None if the court has no such round."""
        try:
            found: Round = self._gateway.call(COURT, "round", request_hash, block=block)
        except RevertError as error:
            if error.name == "RoundUnknown":
                return None
            raise
        return found if found.phase is not Phase.NONE else None

    def seats(self, request_hash: bytes, block: BlockTag = "latest") -> tuple[Seat, ...]:
        """The committee's seats, by number; none before the draw."""
        return tuple(self._gateway.call(COURT, "seats", request_hash, block=block))

    def seats_at(self, request_hash: bytes, level: int) -> tuple[Seat, ...]:
        """The seats of one level of a round."""
        return tuple(self._gateway.call(COURT, "seatsAt", request_hash, level))

    def seat(self, request_hash: bytes, number: int, block: BlockTag = "latest") -> Seat:
        """One seat of a drawn round, or the provider's."""
        if number == PROVIDER_SEAT:
            found: Seat = self._gateway.call(COURT, "providerSeat", request_hash, block=block)
            return found
        seats = self.seats(request_hash, block)
        if number >= len(seats):
            raise NodeError("The draw was taken back by a reorganisation; looking again.")
        return seats[number]

    def batched_commitment(self, seat: SeatId, first_block: int) -> bytes:
        """What a seat committed through `commitMany`, in a round submitted in `first_block`."""
        for event in reversed(self._commitments(seat, first_block)):
            if event.seat == seat.seat:
                return bytes(event.commitment)
        return bytes(32)

    def batch(self, seat: SeatId, first_block: int) -> list[Batched]:
        """All that `commitMany` recorded at a seat's level, while the level is being opened."""
        committed = self._commitments(seat, first_block)
        return batch_of(self._gateway, seat.request_hash, seat.level, committed)

    def _commitments(self, seat: SeatId, first_block: int) -> list[Committed]:
        head = self._gateway.head().number
        return commitments(self._gateway, seat.request_hash, seat.level, first_block, head)

    def tallied(self, request_hash: bytes, level: int, first_block: int) -> Tallied | None:
        """How a level of a round submitted in `first_block` was counted: while it may be appealed
        the views tell no verdict."""
        head = self._gateway.head().number
        found = list(events_between(self._gateway, first_block, head, request_hash))
        for event in reversed(found):
            if isinstance(event, Tallied) and (event.request_hash, event.level) == (
                request_hash,
                level,
            ):
                return event
        return None

    def appeal_cost(self, request_hash: bytes) -> tuple[int, int]:
        """(fees of the next committee, bond), in wei."""
        fees, bond = self._gateway.call(COURT, "appealCost", request_hash)
        return int(fees), int(bond)

    def flag(self, request_hash: bytes) -> Flag:
        """The flag on what a round published, if any; its level judges, its window is open."""
        found: Flag = self._gateway.call(COURT, "flagOf", request_hash)
        return found

    def round_count(self, block: BlockTag = "latest") -> int:
        """Rounds submitted until a block."""
        return int(self._gateway.call(COURT, "roundCount", block=block))

    def enrolments(self, agent_id: int) -> frozenset[bytes]:
        """Profiles an agent may be drawn for."""
        found = self._gateway.call("StakeVault", "enrolmentsOf", agent_id)
        return frozenset(bytes(profile_id) for profile_id in found)

    def profile(self, profile_id: bytes) -> Profile:
        """The chain's parameters of a profile: immutable, so asked once."""
        if profile_id not in self._profiles:
            self._profiles[profile_id] = self._gateway.call(
                "ProfileRegistry", "profile", profile_id
            )
        return self._profiles[profile_id]

    def settled(self, head: Block, confirmations: int | None) -> BlockNumber:
        """The newest block believed: `confirmations` below the head, or finalized if None."""
        if confirmations is None:
            return self._gateway.finalized().number
        return BlockNumber(max(0, head.number - confirmations))
