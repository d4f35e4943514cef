"""A whole network on this machine: chain, contracts, backend, agents, one process per node."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

import httpx

from chain import deployment as deployments
from chain.anchors import deploy_anchor
from chain.deployment import Deployment
from chain.errors import ProcessError
from chain.events import Registered
from chain.gateway import Gateway
from chain.keys import Signer, local_signer
from chain.messages import Court
from chain.parameters import preset
from chain.sender import Sender
from chain.structs import AnchorTerms
from chain.structs import Profile as ProfileOnChain
from chain.types import AgentId, Wei
from chain.units import ETHER
from cli.demo.script import ScriptDir
from cli.demo.story import ADA, PROVIDERS, VERIFIERS
from cli.devnet import start_devnet
from cli.processes import Process, Processes
from verifier import profiles
from verifier.node import EngineBook, EngineConfig, NodeConfig, StateDir, Store
from verifier.node.delivery import Provider
from verifier.profiles import Profile
from verifier.tasks import Task

REPORTER_ACCOUNT: Final = 30
"""Of the test accounts: who anchors epochs of sources. The askers' follow."""

_STAKE: Final = 10 * ETHER
_EPOCH_WINDOW: Final = 16
_MODELS: Final[Mapping[str, str]] = {
    "text": "smollm2-135m-instruct-q4_1",
    "image": "terrain-diffusion-128",
}
_START_SECONDS: Final = 45.0
_NODE_POLL_SECONDS: Final = 0.4
_UP: Final = "node of agent"
"""What a node's log says once it has checked everything."""

_PARAMETERS: Final = replace(preset("local"), commit_window=40, open_window=24, publish_window=24)
"""Long windows, for slow machines: up to twenty texts are generated at a time, on as little as two
cores, and who is killed in one round may be about to open in another."""


@dataclass(frozen=True)
class Agent:
    """One of the demo's agents; `index` is the number of its well-known test account."""

    name: str
    index: int
    agent_id: AgentId
    signer: Signer
    files: StateDir


class World:
    """Everything the demo started. Leaving it ends every process."""

    def __init__(self, root: Path, say: Callable[[str], None]) -> None:
        self.root = root
        self.logs = root / "logs"
        self.scripts = ScriptDir(root / "scripts")
        self.agents: dict[str, Agent] = {}
        self._say = say
        self._chain = ExitStack()
        self._processes = Processes()
        self._nodes: dict[str, Process] = {}
        self._starts: Counter[str] = Counter()
        self._stores: dict[str, Store] = {}
        self.engines = EngineBook({"default": EngineConfig("builtin")})

    # ------------------------------------------------------------------ bringing it up

    def begin(self, profile_names: Iterable[str]) -> None:
        """Chain, contracts, agents, backend and nodes, in this order."""
        for name in (*PROVIDERS, *VERIFIERS):
            self.start_node(name)  # it waits for its folder
        self._begin_chain(tuple(profile_names))
        self._say(f"local chain {self.deployment.chain_id} at {self.anvil.url}, contracts deployed")
        self._register()
        self._say(
            f"{len(self.agents)} agents registered, {len(VERIFIERS)} of them staked and enrolled"
        )
        enrolled = self._epoch()
        self._begin_backend()
        self._await_nodes()
        # Who enrolled can be drawn by rounds of the next epoch on, and not before.
        self._await(lambda: self._epoch() > enrolled, "the epoch in which stake counts")
        self._say(f"backend at {self.url}, {len(self._nodes)} nodes, a process each")

    def _begin_chain(self, profile_names: tuple[str, ...]) -> None:
        devnet = self._chain.enter_context(
            start_devnet(
                self.root / "deployment.json",
                self.logs / "anvil.log",
                parameters=_PARAMETERS,
            )
        )
        self.anvil = devnet.anvil
        self.deployment: Deployment = deployments.load(devnet.file)
        self.gateway = Gateway(devnet.url, self.deployment)
        self._profiles = {name: profiles.load(name) for name in profile_names}
        self.client = local_signer(1, self.anvil.chain_id)
        self.client_sender = Sender(self.gateway, self.client)

    def _register(self) -> None:
        names = (*PROVIDERS, *VERIFIERS)
        with ThreadPoolExecutor(len(names)) as pool:
            for agent in pool.map(self._register_one, names, range(2, 2 + len(names))):
                self.agents[agent.name] = agent
        self.deployment = deployments.load(self.root / "deployment.json")
        self.gateway = self.gateway.with_deployment(self.deployment)

    def _register_one(self, name: str, index: int) -> Agent:
        signer = local_signer(index, self.anvil.chain_id)
        sender = Sender(self.gateway, signer)
        receipt = sender.send("IdentityRegistry", "register(string)", f"demo:{name}")
        agent_id = receipt.one(Registered).agent_id
        sender.send("StakeVault", "stake", agent_id, value=_STAKE)
        if name in PROVIDERS:
            router = self.deployment.address("Router")
            sender.send("IdentityRegistry", "approve", router, agent_id)
            if name == ADA:
                self._deploy_anchor(agent_id)
        else:
            for profile in self._profiles.values():
                sender.send("StakeVault", "enrol", agent_id, profile.profile_id)
        files = StateDir(self._folder(name))
        files.create()
        NodeConfig(
            agent_id=agent_id,
            chain_id=self.anvil.chain_id,
            rpc_url=self.anvil.url,
            deployment=self.root / "deployment.json",
            local_account=index,
            poll_seconds=_NODE_POLL_SECONDS,
            grace_seconds=1.0,
        ).save(files)
        return Agent(name, index, agent_id, signer, files)

    def _deploy_anchor(self, agent_id: AgentId) -> None:
        """While the others register: the anchor in which Ada reports how reliable sources are."""
        terms = AnchorTerms(
            agent_id=agent_id,
            reporter=local_signer(REPORTER_ACCOUNT, self.anvil.chain_id).address,
            profile_id=self.deployment.profile_id("exact-bytes"),
            window=_EPOCH_WINDOW,
            answer_window=60,
            court_window=600,
            slots=16,
            bond=Wei(ETHER),
            challenge_bond=Wei(ETHER // 10),
        )
        signer = local_signer(REPORTER_ACCOUNT, self.anvil.chain_id)
        deploy_anchor(self.gateway, signer, terms, self.root / "deployment.json")

    def _epoch(self) -> int:
        """The vault's epoch at the head of the chain."""
        length = int(self.gateway.call("StakeVault", "epochLength"))
        return self.gateway.head().timestamp // length

    def _begin_backend(self) -> None:
        port_file = self.root / "port"
        self._processes.start(
            "backend",
            [
                *(sys.executable, "-m", "cli", "serve"),
                *("--rpc-url", self.anvil.url),
                *("--deployment", str(self.root / "deployment.json")),
                *("--database", f"sqlite:///{self.root / 'backend.sqlite3'}"),
                *("--artifacts-dir", str(self.root / "artifacts")),
                *("--port", "0", "--port-file", str(port_file)),
            ],
            log=self.logs / "backend.log",
        )
        self._await(port_file.exists, "the backend")
        self.url = f"http://127.0.0.1:{port_file.read_text(encoding='ascii').strip()}"
        self.rest = httpx.Client(base_url=self.url, timeout=10)

    def _folder(self, name: str) -> Path:
        return self.root / "nodes" / name

    def start_node(self, name: str) -> None:
        """Starts the process of an agent's node, for the first time or again."""
        self._starts[name] += 1
        self._nodes[name] = self._processes.start(
            f"node of {name}",
            [
                *(sys.executable, "-m", "cli.demo.actor"),
                *(str(self._folder(name)), str(self.scripts.root)),
            ],
            log=self.logs / f"{name}.log",
        )

    def kill(self, name: str) -> None:
        """SIGKILL: the process gets no chance to tidy up."""
        self._nodes[name].kill()

    def is_up(self, name: str) -> bool:
        """Whether the node, as often as it was started, has checked everything and is at work."""
        log = (self.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        return log.count(_UP) >= self._starts[name]

    def _await_nodes(self) -> None:
        for name in self._nodes:
            self._await(partial(self.is_up, name), f"the node of {name}")

    def _await(self, ready: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not ready():
            self.check_processes()
            if time.monotonic() > deadline:
                raise ProcessError(
                    f"{what} did not start within {_START_SECONDS:.0f} s: see {self.logs}."
                )
            time.sleep(0.1)

    def check_processes(self) -> None:
        """ProcessError if a process ended that should be running."""
        replaced = {id(process) for process in self._nodes.values()}
        for process in self._processes:
            current = process.name.startswith("node of ") is False or id(process) in replaced
            if current and not process.is_running:
                raise ProcessError(
                    f"The process {process.name} ended ({process.last_words()}): see {process.log}."
                )

    def end(self) -> None:
        """Ends every process, and lets go of what is open."""
        self._processes.stop_all()
        self._chain.close()
        self.engines.close()
        for store in self._stores.values():
            store.close()
        self._stores.clear()

    # ------------------------------------------------------------------ looking things up

    @property
    def court(self) -> Court:
        return self.deployment.court

    def profile(self, name: str) -> Profile:
        return self._profiles[name]

    @property
    def profile_names(self) -> tuple[str, ...]:
        return tuple(self._profiles)

    def on_chain(self, profile: Profile) -> ProfileOnChain:
        found: ProfileOnChain = self.gateway.call("ProfileRegistry", "profile", profile.profile_id)
        return found

    def fee(self, profile: Profile) -> Wei:
        policy = self.gateway.call("VerificationRounds", "policyOf", profile.profile_id)
        price, _eta = self.gateway.call("VerificationRounds", "quote", policy)
        return Wei(price)

    @cached_property
    def longest_round(self) -> float:
        """Seconds that a round may take if nobody acts before its windows end."""
        windows = (self.on_chain(profile) for profile in self._profiles.values())
        return max(w.commit_window + w.open_window + w.publish_window for w in windows)

    def name_of(self, agent_id: int) -> str:
        return next(agent.name for agent in self.agents.values() if agent.agent_id == agent_id)

    def provider(self, name: str) -> Provider:
        """The provider's own hand: signs with its key, stores in its node's folder."""
        agent = self.agents[name]
        if name not in self._stores:
            self._stores[name] = Store(agent.files.store, self.court, agent.agent_id)
        return Provider(agent.agent_id, self.court, agent.signer, self._stores[name], agent.files)

    def task(self, prompt: Mapping[str, Any], profile: Profile) -> Task:
        modality = prompt["modality"]
        return Task(profile=profile.profile_id, model=_MODELS[modality], **prompt)
