"""What every seed begins with: a deployment with a reporter's anchor, a client, a provider and four
verifiers, on one chain.

Made once for many seeds; each begins at the same snapshot of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import chain.deploy
from backend.network import Network, read_network
from chain.deploy import deploy
from chain.deployment import Deployment, load
from chain.gateway import Gateway
from chain.keys import Signer, local_signer
from chain.parameters import preset
from cli.anvil import AnvilOptions, start_anvil
from cli.deploy import shipped_profiles
from tests.faults.simulation.clock import one_by_one
from tests.faults.simulation.evidence import Evidence, set_up
from tests.faults.simulation.ground import REORGANISED_AT_MOST, Line
from tests.support.actors import Actor, person, provider, verifier

PARAMETERS: Final = replace(
    preset("local"),
    epoch_length=60,
    unbonding_delay=600,
    committee_size=3,
    min_operators=3,
    commit_window=90,
    open_window=90,
    publish_window=90,
)
"""A committee of three among four; windows in which a process that dies can come back, and epochs
that no single pause outlasts."""

BEGINNING: Final = 2_000_000_000
"""Unix seconds of block 0."""

STORIES: Final = 30
"""Seeds on one chain. anvil forgets the states of its oldest blocks, on which all seeds stand, once
there were some 4,000, those that were taken away included: the blocks of 70 seeds."""

_CLIENT, _PROVIDER, _FIRST_VERIFIER, _PAYER, _VERIFIERS = 1, 2, 3, 9, 4


@dataclass
class Stage:
    """The chain as every seed finds it. `payer` signs for the submitter."""

    url: str
    deployment: Deployment
    network: Network
    client: Signer
    payer: Signer
    agents: list[Actor]  # the provider first
    evidence: Evidence
    snapshot: str = ""

    def reset(self, line: Line) -> None:
        """Makes the chain what it was at the beginning."""
        if self.snapshot:
            line("anvil_dropAllTransactions")
            assert line("evm_revert", self.snapshot)
        self.snapshot = line("evm_snapshot")


@contextmanager
def open_stage(folder: Path) -> Iterator[Stage]:
    """Sets it up on a chain of its own."""
    slots = REORGANISED_AT_MOST + 1
    # The same chain to the last hash whenever it is made, or a seed would not tell the same story.
    options = AnvilOptions(
        chain_id=31337, block_time=0, slots_in_an_epoch=slots, genesis_time=BEGINNING
    )
    with start_anvil(folder / "anvil.log", options) as anvil:
        empty, line = Gateway(anvil.url), Line(anvil.url)
        line("anvil_setBlockTimestampInterval", 1)
        first = local_signer(0, anvil.chain_id)
        with one_by_one(chain.deploy):
            done = deploy(empty, first, PARAMETERS, shipped_profiles(), folder / "deployment.json")
        door = empty.with_deployment(done)
        profile_id = done.profile_id("exact-bytes")
        client = person(door, _CLIENT)
        agents = [provider(door, _PROVIDER, done)]
        for account in range(_FIRST_VERIFIER, _FIRST_VERIFIER + _VERIFIERS):
            agents.append(verifier(door, account, profile_id))
        file = folder / "deployment.json"
        evidence = set_up(door, agents[0].agent_id, client.signer, file)
        done = load(file)
        door = empty.with_deployment(done)
        line("evm_setAutomine", False)
        for _ in range(2 * slots):
            line("evm_mine")
        line("anvil_removeBlockTimestampInterval")
        newest = int(line("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        # Stake counts from the next epoch on.
        line("evm_setNextBlockTimestamp", newest + PARAMETERS.epoch_length)
        line("evm_mine")
        line.close()
        yield Stage(
            anvil.url,
            done,
            read_network(door, done),
            client.signer,
            local_signer(_PAYER, anvil.chain_id),
            agents,
            evidence,
        )
        empty.close()


class Stages:
    """Gives each seed a stage, a new one now and then. A context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = ExitStack()
        self._told = 0
        self._stage: Stage | None = None

    def __enter__(self) -> Stages:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def next(self) -> Stage:
        """For one seed."""
        if self._stage is None or self._told % STORIES == 0:
            self._open.close()
            folder = self._folder / str(self._told)
            folder.mkdir()
            self._stage = self._open.enter_context(open_stage(folder))
        self._told += 1
        return self._stage
