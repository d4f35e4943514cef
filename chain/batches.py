"""Commitments that came by `commitMany`: the court keeps them as one hash, and whoever opens one of
them has to say them all again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, Final, Protocol

from chain.errors import RevertError
from chain.events import Committed, CommitteeDrawn
from chain.history import Logs, events_between
from chain.structs import Batched, Seat
from chain.types import PROVIDER_SEAT, SeatState

COURT: Final = "VerificationRounds"

_DOUBTFUL: Final = 12
"""Seats that committed and opened in one block: of more, not every combination is tried."""


class Reader(Logs, Protocol):
    """What is asked of the chain; `chain.gateway.Gateway` answers."""

    def call(self, contract: str, function: str, *arguments: Any, block: Any = "latest") -> Any: ...


def commitments(
    reader: Reader, request_hash: bytes, level: int, first_block: int, last_block: int
) -> list[Committed]:
    """All commitments of a level, in their order: those that follow its draw. `first_block`: not
    after that draw."""
    found: list[Committed] = []
    drawn = -1
    # A round may be older than the range of blocks that a node answers at once.
    for event in events_between(reader, first_block, last_block, request_hash):
        if isinstance(event, CommitteeDrawn) and event.request_hash == request_hash:
            drawn = event.level
        elif isinstance(event, Committed) and event.request_hash == request_hash:
            found += [event] if drawn == level else []
    return found


def batch_of(
    reader: Reader, request_hash: bytes, level: int, committed: Sequence[Committed]
) -> list[Batched]:
    """Those that came by `commitMany`. Ask while the level is being opened.

    Raises:
        RevertError: no combination is what the court keeps, or it is not open.
    """
    sure: set[int] = set()
    doubtful: list[int] = []
    for event in committed:
        seat = _seat(reader, request_hash, level, event)
        if seat.state is SeatState.OPENED:
            # In the block of its commitment: its digest hides how that came.
            doubtful.append(event.seat)
        elif not any(seat.commitment):
            sure.add(event.seat)
    for some in _choices(doubtful):
        batch = [Batched(e.seat, e.commitment) for e in committed if e.seat in sure | set(some)]
        try:
            if batch and doubtful:
                reader.call(COURT, "openMany", request_hash, level, [], batch)
        except RevertError as error:
            if error.name != "SeatBatchMismatch" or not some:
                raise
        else:
            return batch
    return []


def _seat(reader: Reader, request_hash: bytes, level: int, event: Committed) -> Seat:
    at = event.log.block_number
    if event.seat == PROVIDER_SEAT:
        found: Seat = reader.call(COURT, "providerSeat", request_hash, block=at)
        return found
    seats: Sequence[Seat] = reader.call(COURT, "seatsAt", request_hash, level, block=at)
    return seats[event.seat]


def _choices(seats: Sequence[int]) -> Iterator[tuple[int, ...]]:
    few = seats[:_DOUBTFUL]
    for size in range(len(few), -1, -1):
        yield from combinations(few, size)
