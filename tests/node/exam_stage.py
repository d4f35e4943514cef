"""A chain on which exams are held and sat by real nodes, whose clock the test moves.

The family is `exact`. The engine's answer depends on prompt and seed, as a sampled text does.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from chain import messages
from chain.events import CommitteeDrawn, Event, RoundSubmitted
from chain.exam_structs import Exam, ExamTerms, Sheet
from chain.structs import Receipt
from chain.types import ProfileId, RequestHash, Stage, Wei
from chain.units import ETHER
from cli.anvil import AnvilOptions
from tests.node.harness import Crash, InlineWorkers
from tests.node.network import NodeProcess
from tests.support.actors import Actor, agent, person
from tests.support.court import LOCAL, ROUNDS, Court, digest_of, open_court
from tests.support.polling import eventually
from verifier.node.config import NodeConfig
from verifier.node.daemon import NodeDaemon
from verifier.node.engine_book import DEFAULT, EngineConfig
from verifier.node.exams.book import BookReader, ExamView
from verifier.node.exams.config import ExaminerConfig, SitMode, SittingConfig
from verifier.node.exams.sheets import SheetBox
from verifier.node.exams.shelf import Shelf
from verifier.node.launch import OpenNode
from verifier.node.retries import Retries
from verifier.node.statedir import StateDir
from verifier.tasks import Task

BOOK, RULES = "ExamBook", "ExamRules"
ITEMS, FEE, BOND = 4, Wei(ETHER // 100), Wei(ETHER)
PREPARE, SIT, KEYS, DOUBTS, GRADE = 600, 600, 300, 300, 600
MONTH = 30 * 24 * 3600

E = TypeVar("E", bound=Event)

PROGRAM = """\
import hashlib, json, sys
task = json.load(sys.stdin)
said = task["prompt"] + str(task["parameters"].get("seed", ""))
print(hashlib.sha256(said.encode()).hexdigest(), end="")
"""


def output_of(task: Task) -> bytes:
    """What the engine of these tests makes of a task."""
    said = (task.prompt or "") + str(task.parameters.get("seed", ""))
    return hashlib.sha256(said.encode()).hexdigest().encode()


class SeedEngine:
    """That engine. `wrong`: one of another model."""

    def __init__(self, *, wrong: bool = False) -> None:
        self.wrong = wrong
        self.asked: list[bytes] = []

    def info(self) -> dict[str, str]:
        return {"engine": "seeds"}

    def generate(self, task: Task) -> bytes:
        self.asked.append(task.hash())
        return b"another model says so" if self.wrong else output_of(task)

    def close(self) -> None:
        """Nothing to free."""


class Node:
    """One agent's node in this process, ticked by the test; `fuse` may end it at any write."""

    def __init__(self, stage: ExamStage, root: Path, actor: Actor, account: int, **config: Any):
        self.stage, self.actor = stage, actor
        self.engine = SeedEngine()
        self.files = StateDir(root)
        self.files.create()
        stage.config(actor, account, **config).save(self.files)
        self.fuse: Callable[[], None] = lambda: None
        self.crashes = 0
        self._open()

    def _open(self) -> None:
        engines = {bytes(self.stage.court.profile_id): self.engine}
        self._node = OpenNode(self.files, NodeConfig.load(self.files), engines=engines)
        self.daemon: NodeDaemon = self._node.daemon(workers=InlineWorkers())
        if self._node.exams is not None:
            # Looks are counted here, and forty of them may be over before a pause of a second is.
            self._node.exams.errands._retries = Retries(first=0.0)
            shelf: Shelf = self._node.exams.tools.shelf
            for name in ("_write", "_write_many"):
                setattr(shelf, name, self._fused(getattr(shelf, name)))
            sender = self._node.exams.tools.sender
            sender.send = self._fused(sender.send)  # type: ignore[method-assign]

    def _fused(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def fused(*arguments: Any, **options: Any) -> Any:
            self.fuse()
            done = act(*arguments, **options)
            self.fuse()
            return done

        return fused

    def tick(self) -> None:
        """One look; a node that dies in it is started again on its folder."""
        self.daemon._viewed_at = -1e9
        if self._node.exams is not None:
            self._node.exams._announce_after = 0.0
        try:
            self.daemon.tick()
        except Crash:
            self.crashes += 1
            self.close()
            self._open()

    def leave_sheets_at(self, box: SheetsAtHand) -> None:
        """Candidate and examiner meet there from now on."""
        exams = self._node.exams
        for role in (exams.candidate, exams.examiner) if exams is not None else ():
            if role is not None:
                role._box = cast(SheetBox, box)

    def close(self) -> None:
        self._node.__exit__()


class SheetsAtHand:
    """What a backend does with sheets, in memory; `collected` counts."""

    can_send = True

    def __init__(self) -> None:
        self.kept: dict[str, Sheet] = {}
        self.collected = 0

    def has_sent(self, _exam_id: int) -> bool:
        return bool(self.kept)

    def send(self, _exam_id: int, sheet: Sheet) -> None:
        self.kept[sheet.owner] = sheet

    def collect(self, _exam_id: int, commitments: dict[str, bytes]) -> list[Sheet]:
        self.collected += len(self.kept)
        return [sheet for owner, sheet in self.kept.items() if owner in commitments]


class ExamStage:
    """Three examiners (accounts 20 to 22) of the profile, with terms, on a court's chain."""

    def __init__(self, folder: Path, court: Court) -> None:
        self.folder, self.court = folder, court
        self.door, self.control = court.door, court.control
        self.nodes: list[Node] = []
        self.processes: list[NodeProcess] = []
        self.reader = BookReader(court.door, int(court.deployment.block))
        self.engine = folder / "engine.py"
        self.engine.write_text(PROGRAM)
        self.examiners = [agent(self.door, account) for account in (20, 21, 22)]
        self.registrar = person(self.door, 0)
        windows = (PREPARE, SIT, KEYS, DOUBTS, 600, 3600, GRADE)
        profile = ProfileId(court.profile_id)
        terms = ExamTerms(
            profile, profile, FEE, BOND, Wei(ETHER // 10), ITEMS, 10, 3, *windows, MONTH
        )
        board = [each.agent_id for each in self.examiners]
        self.registrar.send(RULES, "setTerms", terms, board)

    def config(self, actor: Actor, account: int, **changes: Any) -> NodeConfig:
        argv = [sys.executable, "-S", str(self.engine)]
        values: dict[str, Any] = {
            "agent_id": actor.agent_id,
            "chain_id": self.court.deployment.chain_id,
            "rpc_url": self.control.url,
            "deployment": self.folder / "deployment.json",
            "local_account": account,
            "poll_seconds": 0.1,
            "engines": {DEFAULT: EngineConfig("command", {"argv": argv})},
        }
        return NodeConfig(**{**values, **changes})

    def task(self, prompt: str, seed: int | None = 1) -> Task:
        parameters = {} if seed is None else {"seed": seed}
        return Task(bytes(self.court.profile_id), "text", "m", prompt, parameters=parameters)

    def pool(self, name: str, tasks: Sequence[Task]) -> Path:
        path = self.folder / f"{name}.jsonl"
        path.write_text("\n".join(json.dumps(task.as_json()) for task in tasks))
        return path

    def examiner(self, place: int, tasks: Sequence[Task], **config: Any) -> Node:
        """The node of the examiner of a section."""
        path = self.pool(f"pool{place}", tasks)
        settings = ExaminerConfig(
            **{"tasks": path, "turn_seconds": 0.0, "every_seconds": 3600, **config}
        )
        root = self.folder / f"examiner{place}"
        return self._add(Node(self, root, self.examiners[place], 20 + place, examiner=settings))

    def candidate(self, account: int, **config: Any) -> Node:
        """A node that sits exams of the profile by itself."""
        root = self.folder / f"candidate{account}"
        who = agent(self.door, account)
        return self._add(Node(self, root, who, account, exams=sitting(**config)))

    def process(self, account: int, **config: Any) -> NodeProcess:
        """The same as a process of its own."""
        files = StateDir(self.folder / f"process{account}")
        files.create()
        who = agent(self.door, account)
        self.config(who, account, exams=sitting(**config)).save(files)
        self.processes.append(NodeProcess(files.root, who))
        return self.processes[-1]

    def _add(self, node: Node) -> Node:
        self.nodes.append(node)
        return node

    # ------------------------------------------------------------------ what goes on

    def exam(self, number: int) -> Exam:
        found: Exam = self.door.call(BOOK, "examOf", number)
        return found

    def view(self, number: int) -> ExamView:
        head = self.reader.head(number)
        assert head is not None
        return self.reader.view(head)

    def until(self, number: int, wanted: Stage, looks: int = 40) -> None:
        """Lets every node look until the exam is there."""
        for _ in range(looks):
            if self.reader.stage(number) is wanted:
                return
            self.look()
        raise AssertionError(f"exam {number} is {self.reader.stage(number).label}")

    def look(self, times: int = 1) -> None:
        for _ in range(times):
            for node in self.nodes:
                node.tick()

    def finish(self, number: int) -> None:
        """From sitting to the end, by the clock."""
        self.control.pass_time(SIT)
        self.until(number, Stage.DOUBTING)
        self.control.pass_time(DOUBTS)
        self.look(2)
        if self.processes:
            eventually(
                lambda: self.exam(number).graded == self.exam(number).candidates, "grades", 60
            )
        self.control.pass_time(GRADE)
        self.until(number, Stage.CONCLUDED)
        self.look(2)

    def submitted(self) -> RequestHash:
        """The newest round."""
        return self._events(RoundSubmitted)[-1].request_hash

    def drawn(self, name: RequestHash) -> CommitteeDrawn:
        return next(e for e in self._events(CommitteeDrawn) if e.request_hash == name)

    def _events(self, kind: type[E]) -> list[E]:
        events = self.door.logs(0, self.door.head().number)
        return [event for event in events if isinstance(event, kind)]

    def all_graded(self, number: int) -> bool:
        exam = self.exam(number)
        return exam.graded == exam.candidates

    def passed(self, node: Actor) -> bool:
        held = self.door.call(BOOK, "capabilityOf", self.court.profile_id, node.agent_id)
        return bool(held.owner == node.address)

    def accepted(self, task: Task) -> None:
        """A round about a task whose output is accepted and published."""
        court, output = self.court, output_of(task)
        self.control.pass_time(LOCAL.epoch_length)
        receipt, salt = court.receipt(task.canonical(), output)
        name = self._submit(receipt, task)
        drawn = court.draw(name)
        claim = digest_of(drawn.key, output)
        court.vote(drawn, claim, [claim] * len(drawn.agent_ids))
        court.client.send(ROUNDS, "advance", name)
        court.provider.send(ROUNDS, "publish", name, receipt.task_hash, output, salt)

    def _submit(self, receipt: Receipt, task: Task) -> Any:
        court = self.court
        signed = messages.sign_receipt(receipt, court.deployment.court, court.provider.signer)
        arguments = (receipt, signed, task.uri(), bytes(32))
        mined = court.client.send("Router", "verify", *arguments, value=court.profile.fee)
        return mined.one(RoundSubmitted).request_hash


def sitting(**changes: Any) -> SittingConfig:
    """A node that sits what its profile demands."""
    return SittingConfig(**{"sit": SitMode.GATED, "profiles": ("exact-bytes",), **changes})


@contextmanager
def open_stage(folder: Path) -> Iterator[ExamStage]:
    """The stage; all nodes are closed on leaving."""
    with open_court(folder, AnvilOptions(block_time=0)) as court:
        stage = ExamStage(folder, court)
        yield stage
        for node in stage.nodes:
            node.close()
        for process in stage.processes:
            if process.is_alive:
                process.kill()
