"""What happened in one round, from the chain's events: what its views no longer hold.

Views answer what decides; the receipt's fields, a digest that was counted at once and who settled
what are in events only. They are searched around the block that the round itself names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from chain.errors import RpcRejected, RpcTimeout
from chain.events import Event, RoundSubmitted
from chain.gateway import Gateway
from chain.types import RequestHash

WIDEST: Final = 5_000
"""Blocks asked for at once; fewer where the node wants it so."""

ENTROPY_DELAY: Final = 2
"""Blocks between a submit and the block that draws it: the court's constant."""


class Logs(Protocol):
    """Where events are read; `chain.gateway.Gateway` is one."""

    def logs(
        self, from_block: int, to_block: int, *, about: bytes | None = None
    ) -> list[Event]: ...


def round_events(gateway: Gateway, name: RequestHash, entropy_block: int) -> list[Event]:
    """Every event that names a round, in the order of the chain.

    Args:
        entropy_block: the round's; a draw that was postponed moved it away from the submit.

    Raises:
        RpcRejected: the node does not serve logs that old.
    """
    last = min(entropy_block - ENTROPY_DELAY, gateway.head().number)
    earliest = gateway.deployment.block if gateway.deployment else 0
    # Not postponed, it was submitted in that very block; otherwise some blocks before it.
    first = last
    found = _between(gateway, name, first, last)
    while not any(isinstance(event, RoundSubmitted) for event in found) and first > earliest:
        earlier = max(earliest, first - WIDEST)
        found = _between(gateway, name, earlier, first - 1) + found
        first = earlier
    return found + _between(gateway, name, last + 1, gateway.head().number)


def events_between(
    gateway: Logs, first: int, last: int, name: bytes | None = None
) -> Iterator[Event]:
    """Events of a range of blocks, asked for in as many pieces as the node wants; see `logs`."""
    width = WIDEST
    while first <= last:
        end = min(last, first + width - 1)
        try:
            events = gateway.logs(first, end, about=name)
        except (RpcRejected, RpcTimeout):
            if end == first:
                raise
            width = (end - first + 1) // 2
            continue
        yield from events
        first = end + 1


def _between(gateway: Gateway, name: RequestHash, first: int, last: int) -> list[Event]:
    return list(events_between(gateway, first, last, name))
