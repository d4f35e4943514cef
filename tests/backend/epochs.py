"""Source reliability on the fake chain: an anchor, and epochs of two sources in it."""

from __future__ import annotations

from dataclasses import replace

from backend.bundles import BundleChecker
from chain.anchors import ANCHOR as NAME
from chain.events import Anchored, Bonded
from chain.structs import AnchorTerms
from chain.types import AgentId, ProfileId, Wei
from tests.backend.conftest import World
from tests.support.fakechain import BLOCK_SECONDS, address, emit, word
from tests.verifier.reliability.epochs import ANCHOR, DOMAIN, ONE, OTHER, bundle, closed, item
from verifier.reliability.bundle import Bundle
from verifier.reliability.transcript import Epoch

WINDOW = 60
GOOD, BAD = 0, 3
"""Sources: agents of `tests.backend.stories`."""

Made = tuple[Bundle, Epoch]


def with_anchor(world: World) -> World:
    """The world's network with an anchor whose reporter is agent 1, bonded."""
    terms = AnchorTerms(
        AgentId(1), address("reporter"), ProfileId(word("exact")), WINDOW, 60, 600, 16,
        Wei(100), Wei(10),
    )  # fmt: skip
    contracts = {**world.network.contracts, NAME: ANCHOR.address}
    world.network = replace(world.network, anchor=terms, contracts=contracts)
    world.chain.mine(emit(Bonded, 100))
    return world


def epoch_of(world: World, after: Made | None = None) -> Made:
    """Evidence of the epoch that ends now: one source helps, one pollutes, one is new."""
    number = 1 if after is None else after[0].epoch + 1
    items = [
        item(0, GOOD, ONE, epoch=number),
        item(1, GOOD, ONE // 2, epoch=number),
        item(0, BAD, -ONE, epoch=number),
        item(2, BAD, ONE // 10, epoch=number, domain=OTHER),
    ]
    at = world.chain.blocks[-1].timestamp
    return closed(replace(bundle(*items, after=after), at=at))


def anchor(world: World, made: Made, root: bytes | None = None) -> None:
    """Publishes an epoch, under another root if one is given."""
    found = made[1]
    at = world.chain.blocks[-1].timestamp + BLOCK_SECONDS
    world.chain.mine(
        emit(Anchored, made[0].epoch, at, root or found.root, made[0].hash, found.words_hash)
    )


def check(world: World) -> int:
    """Indexes, and checks what bundles are stored."""
    world.catch_up()
    return BundleChecker(world.store, world.files, ANCHOR).step()


def told(world: World, made: Made, root: bytes | None = None) -> Made:
    """An epoch with its evidence stored, published, indexed and checked."""
    world.files.take(made[0].to_bytes())
    anchor(world, made, root)
    check(world)
    return made


__all__ = ["BAD", "DOMAIN", "GOOD", "OTHER", "WINDOW"]
