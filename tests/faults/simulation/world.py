"""One seed's story: who does what, in which order, and everything that goes wrong meanwhile."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from eth_utils.address import to_checksum_address

from backend.artifacts import ArtifactFiles
from backend.store import Store
from backend.submitter import JobStatus, Outbox, Task
from backend.submitter.submit import chain_name
from chain import abi, messages
from chain.blocks import Call, unhex
from chain.errors import AssayError
from chain.events import RoundSubmitted
from chain.gateway import Gateway
from chain.keys import local_signer
from chain.sender import Sender
from chain.structs import Receipt
from chain.types import Address, Phase, RequestHash, Wei
from tests.faults.simulation.clock import Clock
from tests.faults.simulation.evidence import REPORTER
from tests.faults.simulation.ground import Ground, Line
from tests.faults.simulation.mortal import Mortal, SimulatedNode
from tests.faults.simulation.players import (
    PATIENCE,
    PROFILE,
    IndexerProcess,
    NodeProcess,
    Reader,
    SubmitterProcess,
)
from tests.faults.simulation.sources import Sources, artifacts_of
from tests.faults.simulation.stage import PARAMETERS, Stage
from tests.support.weather import SeededWeather
from verifier.node.delivery import Provider
from verifier.node.store import Store as NodeStore
from verifier.tasks import Task as Work

STORM: Final = {
    "lose_request": 0.01,
    "lose_reply": 0.01,
    "late": 0.01,
    "rate_limit": 0.01,
    "overloaded": 0.005,
    "rubbish": 0.003,
    "too_wide": 0.1,
    "no_logs": 0.02,
    "flip": 0.01,
}
LIES: Final = {"thin_logs": 0.3}
"""What the answer itself does not show; in one seed of four."""

DEADLINESS: Final = 0.004
TROUBLE: Final = 0.003
FEE: Final = PARAMETERS.seat_fee * PARAMETERS.committee_size + PARAMETERS.tip


class World:
    """Everything of one seed. A context manager."""

    def __init__(self, seed: int, stage: Stage, folder: Path, clock: Clock, database: str) -> None:
        self.seed = seed
        self.stage = stage
        self.dice = random.Random(f"{seed}/world")
        self.clock = clock
        self.folder = folder
        self.line = Line(stage.url)
        stage.reset(self.line)
        self.ground = Ground(self.line, self.dice, self._witness)
        self.clock.now = float(self.ground.newest.timestamp)
        self.calm = Mortal("the story itself", seed)
        self._nodes: list[SimulatedNode] = []
        self.database = database
        self.lies = self.dice.random() < 0.25
        self.rounds: list[RequestHash] = []
        self.payments: dict[str, tuple[Address, int]] = {}
        self.answers = 0
        self.files = ArtifactFiles(folder / "artifacts")
        rates = STORM | (LIES if self.lies else {})
        doors = [self._door("one", rates), self._door("two", STORM)]
        common = (database, stage.network)
        files = folder / "artifacts"
        self.indexer = IndexerProcess(
            "indexer", seed, *common, files=files, clock=clock, doors=doors
        )
        self.submitter = SubmitterProcess(
            "submitter", seed, *common, signer=stage.payer, door=doors[1]
        )
        self.reader = Reader("reader", seed, *common, files=files, door=doors[0])
        self.nodes = [
            NodeProcess(
                actor.agent_id,
                seed,
                folder / f"node{actor.agent_id}",
                actor.signer,
                stage.deployment,
                self._door(f"node {actor.agent_id}", STORM, actor.address),
                artifacts_of(self.files),
            )
            for actor in stage.agents
        ]
        self.processes: list[Mortal] = [self.indexer, self.submitter, self.reader, *self.nodes]
        self.truth = self._door("truth", {}, stage.client.address)(self.calm)
        self.client = Sender(self.truth, stage.client, policy=PATIENCE)
        witness = stage.agents[1]
        beside = self._door("beside its node", {}, witness.address)(self.calm)
        self.owner = Sender(beside, witness.signer, policy=PATIENCE)
        reporter = local_signer(REPORTER, stage.deployment.chain_id)
        desk = self._door("the reporter's", {}, reporter.address)(self.calm)
        self.sources = Sources(
            self.dice,
            stage.evidence,
            self.truth,
            Sender(desk, reporter, policy=PATIENCE),
            self.client,
            self.files,
            self._verify,
        )

    def __enter__(self) -> World:
        self.clock.meanwhile = self._meanwhile
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.clock.meanwhile = lambda _seconds: None
        for process in self.processes:
            process.die()
        self.line.close()

    # ------------------------------------------------------------------ the story

    def tell(self) -> None:
        """The storm, then calm until everything that was begun has ended."""
        for process in self.processes:
            process.deadliness = DEADLINESS
        for backend in (self.indexer, self.submitter, self.reader):
            backend.trouble = TROUBLE
        for act in self._script():
            act()
        self.settle()

    def _script(self) -> list[Callable[[], Any]]:
        """What happens, in an order of the seed's."""
        acts: list[tuple[int, Callable[[], Any]]] = [
            (1, self.submit),
            (1, self.answer),
            (3, self.sources.report),
            (1, self.sources.doubt),
            (2, self.sources.settle),
            (3, self.pay),
            (5, self.look),
            (3, self.sway),
            (4, self.ground.mine),
            (2, self.ground.reorganise),
            (1, partial(self._wait, 20)),
            (20, self._somebody),
        ]
        script = [act for times, act in acts for _ in range(times)]
        self.dice.shuffle(script)
        return script

    def settle(self) -> None:
        """No more trouble; the rest of the story, and then as many blocks as finality needs."""
        for process in self.processes:
            process.deadliness = 0.0
        for backend in (self.indexer, self.submitter, self.reader):
            backend.trouble = 0.0
        for node in self._nodes:
            node.weather.rates = {}
            node.weather.behind = 0
        self.clock.meanwhile = self._calmly
        self.indexer.compares = 1.0
        for _ in range(200):
            self._wait(20)
            for process in self.processes:
                process.turn()
            self.sources.settle()
            if self._is_over():
                return
        raise AssertionError(f"seed {self.seed}: the story does not end: {self._unfinished()}")

    def _is_over(self) -> bool:
        """What a node left out was read again, too: the contracts were asked."""
        newest = self.ground.newest.number
        now = self.indexer.status.snapshot()
        return now.indexed == newest == self.indexer.agreed_at and not self._unfinished()

    def _unfinished(self) -> dict[str, Any]:
        with self.opened() as store:
            counts = Outbox(store, chain_name(self.truth)).counts()
        ended = {JobStatus.FINAL, JobStatus.NEEDLESS, JobStatus.FAILED, JobStatus.CANCELLED}
        waiting = {name.value: n for name, n in counts.items() if n and name not in ended}
        rounds = [name.hex() for name in self.standing() if self._phase(name) is not Phase.FINAL]
        sources = {"sources": True} if self.sources.wait_for_something() else {}
        return {**waiting, **sources, **({"rounds": rounds} if rounds else {})}

    # ------------------------------------------------------------------ acts

    def submit(self) -> None:
        """The provider delivers, honestly or not, and the client has it verified."""
        prompt = f"task {len(self.rounds)} of seed {self.seed}"
        output = prompt if self.dice.random() < 0.8 else "something else"
        self._verify(Work(PROFILE.profile_id, "text", "echo", prompt=prompt), output.encode())

    def answer(self) -> None:
        """A doubted epoch is answered for; where none is, other work is verified."""
        if not self.sources.answer():
            self.submit()

    def _verify(self, task: Work, output: bytes) -> tuple[Receipt, bytes] | None:
        head, deployment = self.truth.head(), self.stage.deployment
        provider = self.nodes[0]
        store = NodeStore(provider.files.store, deployment.court, provider.agent_id)
        try:
            signed = Provider(
                provider.agent_id, deployment.court, provider.signer, store, provider.files
            ).deliver(task, PROFILE, output, self.stage.client.address, head.timestamp + 9999, 9999)
        finally:
            store.close()
        nonce = bytes(messages.content_hash(task.hash() + len(self.rounds).to_bytes(2, "big")))
        arguments = (signed.receipt, signed.signature, signed.task_uri, nonce)
        try:
            receipt = self.client.send("Router", "verify", *arguments, value=FEE)
        except AssayError:
            return None  # The provider has no stake left for a bond, say.
        self.rounds.append(receipt.one(RoundSubmitted).request_hash)
        return signed.receipt, nonce

    def pay(self) -> None:
        """A job that pays somebody of its own, so that two effects would show."""
        number = len(self.payments)
        job, wei = f"payment {number}", number + 1
        payee = Address(str(to_checksum_address(f"0x{self.seed:020x}{number + 1:020x}")))
        self.payments[job] = (payee, wei)
        with self.opened() as store:
            call = Call(payee, b"", Wei(wei), job)
            assert Outbox(store, chain_name(self.truth)).put(Task(job, "pay", call))

    def look(self) -> None:
        """Asks the API for what a block's state is remembered of."""
        if self.dice.random() < 0.5:
            self.indexer.turn()
        self.reader.turn()
        agent_id = self.stage.agents[1].agent_id
        answer = self.reader.ask(f"/v1/agents/{agent_id}")
        if answer is None:
            return
        told = answer["block"]
        block = self.ground.ever.get(bytes.fromhex(told["hash"][2:]))
        # Blocks before the story are not remembered; what was left out is told by the contracts.
        if block is not None and not self.lies:
            assert block.number == told["number"], answer
            assert int(answer["stake"]["bonded"]) == block.witnessed, answer
        self.answers += 1

    def sway(self) -> None:
        """Nodes fall behind or catch up; an agent adds stake from the account of its node."""
        for node in self._nodes:
            node.weather.behind = self.dice.choice((0, 0, 0, 1, 5))
        if self.dice.random() < 0.5:
            agent_id, wei = self.stage.agents[1].agent_id, self.dice.randint(1, 9)
            with contextlib.suppress(AssayError):
                self.owner.send("StakeVault", "stake", agent_id, value=wei)

    def _somebody(self) -> None:
        self.dice.choice(self.processes).turn()

    def _wait(self, seconds: int) -> None:
        self.clock.now += seconds
        behind = self.clock.now - self.ground.newest.timestamp
        self.ground.mine(max(1, int(behind)))

    # ------------------------------------------------------------------ while somebody sleeps

    def _meanwhile(self, seconds: float) -> None:
        """The world goes on: blocks come, some go, and others have their turns."""
        for often, event in (
            (0.3, self.ground.mine),
            (0.01, self.ground.reorganise),
            (0.07, self._somebody),
        ):
            if self.dice.random() < often * min(2.0, seconds):
                event()

    def _calmly(self, seconds: float) -> None:
        if self.dice.random() < seconds:
            self.ground.mine()

    # ------------------------------------------------------------------ looking

    @contextmanager
    def opened(self) -> Iterator[Store]:
        """The database, for the story itself."""
        store = Store(self.database)
        try:
            store.open(self.stage.network.chain_id, self.stage.network.identity)
            yield store
        finally:
            store.close()

    def standing(self) -> list[RequestHash]:
        """The rounds that the chain has now: a reorganisation may have taken some for good."""
        return [name for name in self.rounds if self._phase(name) is not Phase.NONE]

    def _phase(self, name: RequestHash) -> Phase:
        found: Phase = self.truth.call("VerificationRounds", "round", name).phase
        return found

    def _witness(self) -> int:
        """What the first verifier has bonded, as of the newest block."""
        agent_id = self.stage.agents[1].agent_id
        data = abi.encode_call("StakeVault", "stakeOf", (agent_id,)).hex()
        call = {"to": self.stage.deployment.address("StakeVault"), "data": f"0x{data}"}
        answer = unhex(self.line("eth_call", call, "latest"))
        return int.from_bytes(answer[:32], "big")

    def _door(
        self, name: str, rates: Mapping[str, float], account: str | None = None
    ) -> Callable[[Mortal], Gateway]:
        """A node of its own, and what opens a gateway to it for a process."""
        node = SimulatedNode(self.ground, SeededWeather(f"{self.seed}/{name}", rates))
        self._nodes.append(node)
        pays = account or self.stage.payer.address
        return lambda process: Gateway(
            "http://127.0.0.1:8545", self.stage.deployment, rpc=node.seen_by(process, pays)
        )
