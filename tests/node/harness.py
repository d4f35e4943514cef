"""A node on a fake chain: nothing happens at the same time, and crashes where one wants them."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from chain.messages import Court
from tests.node.fake_chain import COURT, FakeChain, FakeSender, signer
from verifier import profiles
from verifier.engines import Engine
from verifier.node.daemon import DaemonConfig, NodeDaemon
from verifier.node.engine_book import EngineBook
from verifier.node.poker import BackOff
from verifier.node.seat import SeatFactory, honest_seat
from verifier.node.statedir import StateDir
from verifier.node.store import Store
from verifier.node.workers import Job, Workers, guarded
from verifier.tasks import Task

PROFILE = profiles.load("exact-bytes")
ME = 0  # a legal agent id, and the one most easily mistaken for nothing


def task(prompt: str = "Say something.") -> Task:
    return Task(PROFILE.profile_id, "text", "echo", prompt=prompt)


class Crash(BaseException):
    """The process dies here: nothing catches it."""


class Fuse:
    """Counts the points at which a process could die, and dies at the chosen one."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.passed = 0

    def __call__(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            raise Crash


class EchoEngine:
    """Answers with the prompt; `tasks` tells how often it was asked."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []

    def info(self) -> dict[str, str]:
        return {"engine": "echo"}

    def generate(self, task: Task) -> bytes:
        self.tasks.append(task)
        return (task.prompt or "").encode()

    def close(self) -> None:
        """Nothing to free."""


class InlineWorkers(Workers):
    """Does at once, in the caller's thread, what a node does elsewhere."""

    def __init__(self) -> None:
        self.wake = threading.Event()
        self.generator = self.sendings = self

    def submit(self, name: Hashable, deadline: float, job: Job) -> None:
        guarded(job)

    def start(self, name: Hashable, job: Job) -> None:
        guarded(job)

    def busy(self, name: Hashable) -> bool:
        return False


class FusedStore(Store):
    """A store whose process may die right before and right after each write."""

    def __init__(self, path: Path, court: Court, agent_id: int, *, fuse: Fuse) -> None:
        self._fuse = lambda: None
        super().__init__(path, court, agent_id)
        self._fuse = fuse

    def _write(self, statement: str, *values: Any) -> None:
        self._fuse()
        super()._write(statement, *values)
        self._fuse()


class FusedSender(FakeSender):
    """A sender whose process may die right before and right after each transaction."""

    def __init__(self, chain: FakeChain, done: dict[str, None], fuse: Fuse) -> None:
        super().__init__(chain, done)
        self._fuse = fuse

    def send(self, *arguments: Any, **options: Any) -> Any:
        self._fuse()
        receipt = super().send(*arguments, **options)
        self._fuse()
        return receipt


class Node:
    """One agent's node, which may be started again after a crash."""

    def __init__(
        self,
        chain: FakeChain,
        root: Path,
        engine: Engine | None = None,
        factory: SeatFactory = honest_seat,
        confirmations: int | None = 0,
        appeal_budget: int = 0,
    ) -> None:
        self.chain = chain
        self.engine = engine or EchoEngine()
        self.files = StateDir(root)
        self.files.create()
        self.signer = signer(ME)
        self._factory = factory
        self._confirmations = confirmations
        self._appeal_budget = appeal_budget
        self._jobs: dict[str, None] = {}
        self.start()

    def start(self, fuse: Fuse | None = None) -> None:
        """A new process on the same folder."""
        fuse = fuse or Fuse()
        self.store: Store = FusedStore(self.files.store, COURT, ME, fuse=fuse)
        self.daemon = NodeDaemon(
            DaemonConfig(
                agent_id=ME,
                court=COURT,
                first_block=0,
                state_dir=self.files.root,
                confirmations=self._confirmations,
                back_off=BackOff(committee=(0.0, 0.0)),
                appeal_budget=self._appeal_budget,
            ),
            self.chain,
            FusedSender(self.chain, self._jobs, fuse),
            self.store,
            EngineBook({}, {PROFILE.profile_id: self.engine}),
            self.signer,
            self._factory,
            InlineWorkers(),
        )

    def restart(self, fuse: Fuse | None = None) -> None:
        self.store.close()
        self.start(fuse)

    def tick(self, times: int = 1) -> int:
        owed = 0
        for _ in range(times):
            owed = self.daemon.tick()
        return owed
