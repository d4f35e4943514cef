"""An epoch of source scores as the chain has it, from its anchor's events.

The anchor keeps the hash of a header only. What an epoch continues is the root of the highest one
before it that stood when it was published; numbers are never used twice, so that is settled by the
events up to its own, and everybody finds the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chain.anchors import ANCHOR
from chain.errors import AssayError
from chain.events import Anchored, Event, RolledBack
from chain.gateway import Gateway
from chain.history import WIDEST, events_between
from chain.structs import Header
from chain.types import Bytes32

__all__ = ["EpochUnknown", "PublishedEpoch", "find_epoch", "newest_standing"]

NO_ROOT = Bytes32(bytes(32))


class EpochUnknown(AssayError):
    """The anchor has published no epoch of that number."""


@dataclass(frozen=True, slots=True)
class PublishedEpoch:
    """previous_root: what it continues, zeros for none; stands: not rolled back since."""

    header: Header
    previous_root: Bytes32
    stands: bool


def find_epoch(gateway: Gateway, epoch: int) -> PublishedEpoch:
    """The epoch of that number of the deployment's anchor.

    Raises:
        EpochUnknown: there is none.
        RpcRejected: the node does not serve logs that old.
    """
    found: Anchored | None = None
    stands = True
    undone: list[range] = []
    for event in _anchors_newest_first(gateway):
        if isinstance(event, RolledBack):
            if found is None:
                stands = stands and not event.first <= epoch <= event.last
            else:
                undone.append(range(event.first, event.last + 1))
        elif isinstance(event, Anchored):
            if event.epoch == epoch:
                found = event
            elif found is not None and not any(event.epoch in each for each in undone):
                return PublishedEpoch(header_of(found), event.root, stands)
            if event.epoch == 1:
                break
    if found is None:
        raise EpochUnknown(f"The anchor has published no epoch {epoch}.")
    return PublishedEpoch(header_of(found), NO_ROOT, stands)


def newest_standing(gateway: Gateway, latest: int) -> PublishedEpoch | None:
    """The highest epoch up to `latest` that was not rolled back; None before any.

    Raises:
        RpcRejected: the node does not serve logs that old.
    """
    for epoch in range(latest, 0, -1):
        found = find_epoch(gateway, epoch)
        if found.stands:
            return found
    return None


def header_of(event: Anchored) -> Header:
    """What the chain keeps the hash of."""
    return Header(event.epoch, event.published_at, event.root, event.bundle_hash, event.words_hash)


def _anchors_newest_first(gateway: Gateway) -> Iterator[Event]:
    deployment = gateway.deployment
    assert deployment is not None
    last = int(gateway.head().number)
    while last >= deployment.block:
        first = max(int(deployment.block), last - WIDEST + 1)
        events = list(events_between(gateway, first, last))
        yield from (each for each in reversed(events) if each.log.contract == ANCHOR)
        last = first - 1
