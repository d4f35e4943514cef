"""A small network for tests: a chain, a client, a provider and verifiers, each a process."""

from __future__ import annotations

import hashlib
import json
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from chain import messages
from chain.deploy import deploy
from chain.deployment import Deployment
from chain.events import RoundSubmitted, SeatSettled
from chain.gateway import Gateway
from chain.keys import local_signer
from chain.parameters import preset
from chain.structs import Round, Stake
from chain.types import Phase, RequestHash, Verdict
from cli.anvil import AnvilOptions, start_anvil
from cli.deploy import shipped_profiles
from tests.node import node_process
from tests.support.actors import STAKE, Actor, person, provider, verifier
from tests.support.forked import PROCESSES
from tests.support.polling import eventually
from verifier.node.config import NodeConfig
from verifier.node.delivery import Provider
from verifier.node.engine_book import DEFAULT, EngineConfig
from verifier.node.receipts import SignedReceipt
from verifier.node.statedir import StateDir
from verifier.node.store import Store
from verifier.profiles import load
from verifier.tasks import Task

PROFILE = "exact-bytes"
COURT = "VerificationRounds"

# A committee of three among four; windows that a node killed over and over still meets.
PARAMETERS = replace(
    preset("local"),
    epoch_length=4,
    unbonding_delay=600,
    committee_size=3,
    min_operators=3,
    commit_window=90,
    open_window=90,
    publish_window=90,
)

ENGINE = """\
import hashlib, json, sys
print(hashlib.sha256(json.load(sys.stdin)["prompt"].encode()).hexdigest(), end="")
"""


class NodeProcess:
    """One node's process, started as often as it ends without being told to."""

    def __init__(self, root: Path, actor: Actor) -> None:
        self.root = root
        self.actor = actor
        self.files = StateDir(root)
        self.starts = 0
        self._plan: tuple[Sequence[str], bool] = ((), False)
        self._process: Any = None

    def talk_to(self, rpc_url: str) -> None:
        """Reads the chain there from its next start on."""
        self.configure(rpc_url=rpc_url)

    def configure(self, **changes: Any) -> None:
        """Other settings from its next start on."""
        config = replace(NodeConfig.load(self.files), **changes)
        self.files.config.unlink()
        config.save(self.files)

    def start(self, kills: Sequence[str] = (), *, watch: bool = False) -> None:
        self._plan = (kills, watch)
        self._start()

    def _start(self) -> None:
        self.starts += 1
        kills, watch = self._plan
        self._process = PROCESSES.Process(
            target=node_process.main, args=(str(self.root), kills, watch)
        )
        self._process.start()

    @property
    def is_alive(self) -> bool:
        return self._process is not None and bool(self._process.is_alive())

    def revive(self) -> bool:
        """Starts it again if it was killed; says whether it was."""
        if self._process is None or self.is_alive or self._process.exitcode == 0:
            return False
        assert self._process.exitcode == -signal.SIGKILL, self.log()
        self._start()
        return True

    def kill(self) -> None:
        self._process.kill()
        self._process.join()

    def terminate(self) -> None:
        self._process.terminate()

    def exit_code(self, seconds: float = 20.0) -> int:
        """Its exit code, once it has ended."""
        self._process.join(seconds)
        assert not self.is_alive, f"did not end within {seconds:.0f} s: {self.log()}"
        return int(self._process.exitcode)

    def log(self) -> str:
        path = self.root / "node.log"
        return path.read_text() if path.exists() else ""

    def watched(self) -> list[tuple[str, str]]:
        """What a watched process opened."""
        lines = (self.root / "watched.jsonl").read_text().splitlines()
        return [tuple(json.loads(line)) for line in lines]


class Network:
    """A chain with a client, a provider (node 0) and four verifiers (nodes 1 to 4)."""

    def __init__(self, folder: Path, gateway: Gateway, deployment: Deployment, url: str) -> None:
        self.folder = folder
        self.gateway = gateway
        self.deployment = deployment
        self.url = url
        self.engine = folder / "engine.py"
        self.engine.write_text(ENGINE)
        self.profile = load(PROFILE)
        self.client = person(gateway, 1)
        profile_id = deployment.profile_id(PROFILE)
        actors = [provider(gateway, 2, deployment)]
        actors += [verifier(gateway, account, profile_id) for account in range(3, 7)]
        self.nodes = [
            self.make_node(folder / f"node{number}", actor, account=2 + number)
            for number, actor in enumerate(actors)
        ]
        self._wait_for_an_epoch()

    @property
    def provider(self) -> NodeProcess:
        return self.nodes[0]

    @property
    def verifiers(self) -> list[NodeProcess]:
        return self.nodes[1:]

    def make_node(self, root: Path, actor: Actor, account: int, **changes: Any) -> NodeProcess:
        files = StateDir(root)
        files.create()
        values: dict[str, Any] = {
            "agent_id": actor.agent_id,
            "chain_id": self.deployment.chain_id,
            "rpc_url": self.url,
            "deployment": self.folder / "deployment.json",
            "local_account": account,
            "poll_seconds": 0.2,
            "grace_seconds": 30.0,
            "engines": {DEFAULT: EngineConfig("command", self.command())},
        }
        NodeConfig(**{**values, **changes}).save(files)
        return NodeProcess(root, actor)

    def command(self) -> Mapping[str, Any]:
        return {"argv": [sys.executable, "-S", str(self.engine)]}

    def task(self, prompt: str) -> Task:
        return Task(self.profile.profile_id, "text", "sha256", prompt=prompt)

    def deliver(self, task: Task, output: bytes) -> SignedReceipt:
        """The provider delivers, as `assay node deliver` does."""
        node = self.provider
        court, agent_id = self.deployment.court, node.actor.agent_id
        store = Store(node.files.store, court, agent_id)
        try:
            return Provider(agent_id, court, node.actor.signer, store, node.files).deliver(
                task, self.profile, output, self.client.address, int(time.time()) + 3600, 4096
            )
        finally:
            store.close()

    def submit(self, signed: SignedReceipt, task_uri: str | None = None) -> RequestHash:
        """The client has it verified."""
        nonce = messages.content_hash(str(time.monotonic_ns()).encode())
        return (
            self.client.send(
                "Router",
                "verify",
                signed.receipt,
                signed.signature,
                task_uri or signed.task_uri,
                nonce,
                value=PARAMETERS.seat_fee * 3 + PARAMETERS.tip,
            )
            .one(RoundSubmitted)
            .request_hash
        )

    def verify(self, prompt: str) -> RequestHash:
        """An honest piece of work, delivered and submitted."""
        task = self.task(prompt)
        return self.submit(self.deliver(task, answer(prompt)))

    def round(self, name: RequestHash) -> Round:
        found: Round = self.gateway.call(COURT, "round", name)
        return found

    def finish(self, names: Sequence[RequestHash], seconds: float = 120.0) -> list[Verdict]:
        """The rounds' verdicts; nodes that were killed are started again meanwhile."""

        def all_final() -> bool:
            for node in self.nodes:
                node.revive()
            return all(self.round(name).phase is Phase.FINAL for name in names)

        eventually(all_final, f"the end of {len(names)} rounds", seconds)
        return [self.round(name).verdict for name in names]

    def settled(self, names: Sequence[RequestHash], seconds: float = 60.0) -> None:
        """Waits until the nodes have closed the account of every seat."""

        def all_settled() -> bool:
            for node in self.nodes:
                node.revive()
            seats = [seat for name in names for seat in self.gateway.call(COURT, "seats", name)]
            return all(seat.settled for seat in seats)

        eventually(all_settled, "every seat to be settled", seconds)

    def slashed(self) -> int:
        """Wei ever slashed of seats."""
        head = self.gateway.head().number
        events = self.gateway.logs(int(self.deployment.block), head)
        return sum(event.slashed for event in events if isinstance(event, SeatSettled))

    def stakes(self) -> list[Stake]:
        return [
            self.gateway.call("StakeVault", "stakeOf", node.actor.agent_id) for node in self.nodes
        ]

    def nobody_lost_anything(self) -> bool:
        return self.slashed() == 0 and all(
            (stake.bonded, stake.locked) == (STAKE, 0) for stake in self.stakes()
        )

    def _wait_for_an_epoch(self) -> None:
        """Stake counts from the next epoch on."""
        epoch = self.gateway.call("StakeVault", "currentEpoch")
        eventually(
            lambda: self.gateway.call("StakeVault", "currentEpoch") > epoch, "a new epoch", 30
        )


def answer(prompt: str) -> bytes:
    """What the engine of these tests makes of a prompt."""
    return hashlib.sha256(prompt.encode()).hexdigest().encode()


@contextmanager
def open_network(folder: Path, options: AnvilOptions | None = None) -> Iterator[Network]:
    """A network whose nodes are not started yet; all are ended on leaving."""
    options = options or AnvilOptions(block_time=0.5)
    with start_anvil(folder / "anvil.log", options) as anvil:
        empty = Gateway(anvil.url)
        done = deploy(
            empty,
            local_signer(0, anvil.chain_id),
            PARAMETERS,
            shipped_profiles(),
            folder / "deployment.json",
        )
        network = Network(folder, empty.with_deployment(done), done, anvil.url)
        try:
            yield network
        finally:
            for node in network.nodes:
                if node.is_alive:
                    node.kill()
            empty.close()
