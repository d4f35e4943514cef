"""A fake chain with a network on it, its index, and the API over that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from backend.api import Services, create_app
from backend.artifacts import ArtifactFiles, keep_contents
from backend.indexer import Indexer, Status
from backend.network import Network
from backend.relay import Relay
from backend.store import Store
from chain.types import Address, AgentId
from tests.backend.stories import begin
from tests.support.asgi import AsgiClient
from tests.support.databases import NewDatabase
from tests.support.fakechain import FakeChain, address, word
from verifier.reputation import Policy

HALF_LIFE = 30 * 24 * 3600


@dataclass
class World:
    """Everything of one test. `authorised` are (agentId, signer) pairs that act on chain."""

    chain: FakeChain
    store: Store
    files: ArtifactFiles
    status: Status
    network: Network
    authorised: set[tuple[AgentId, Address]] = field(default_factory=set)

    def indexer(self, chain: FakeChain | None = None, **options: Any) -> Indexer:
        """A freshly started indexer."""
        return Indexer(
            chain or self.chain,
            self.store,
            first_block=self.network.first_block,
            emitters=[address("rounds")],
            keep=partial(keep_contents, self.files),
            status=self.status,
            **options,
        )

    def catch_up(self) -> None:
        indexer = self.indexer()
        while indexer.step():
            pass

    def services(self) -> Services:
        def acts_for(agent_id: AgentId, signer: Address) -> bool:
            return (agent_id, signer) in self.authorised

        return Services(self.store, self.files, self.network, self.status, acts_for)


def relaying(world: World) -> Relay:
    """The world's server takes what seats hand in."""
    return Relay(world.store, world.network.court, world.services().acts_for)


def open_store(url: str) -> Store:
    """A database of the tests' network."""
    store = Store(url)
    store.open(31337, "test")
    return store


@pytest.fixture
def new_world(tmp_path: Path, new_database: NewDatabase) -> Iterator[Callable[[FakeChain], World]]:
    """Makes worlds: each with a database of its own on the chain it is given."""
    stores = []

    def make(chain: FakeChain) -> World:
        name = f"world-{len(stores)}"
        store = open_store(new_database())
        stores.append(store)
        network = Network(
            chain_id=31337,
            first_block=1,
            contracts={
                "IdentityRegistry": address("identity"),
                "VerificationRounds": address("rounds"),
            },
            policy=Policy(half_life=HALF_LIFE),
            policy_id=word("policy"),
            parameters={"halfLife": HALF_LIFE},
        )
        return World(chain, store, ArtifactFiles(tmp_path / name), Status(), network)

    yield make
    for store in stores:
        store.close()


@pytest.fixture
def world(new_world: Callable[[FakeChain], World]) -> World:
    """One profile, four agents, nothing indexed yet."""
    chain = FakeChain()
    begin(chain)
    return new_world(chain)


@pytest.fixture
def client(world: World) -> AsgiClient:
    """The API over the world."""
    return AsgiClient(create_app(world.services()))
