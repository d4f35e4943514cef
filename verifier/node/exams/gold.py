"""Gold: tasks of finished rounds. A committee has judged them, so an engine can be tried on them.

The published output itself is no secret, so the task is asked under another seed, and only where
that gives another output: an examiner's engine first has to give what the committee accepted, then,
under the exam's seed, something farther from it than the tolerance.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chain.errors import AssayError
from chain.events import OutputPublished, OutputReferenced
from chain.history import events_between
from chain.types import Phase, Verdict
from verifier.canonical import keccak256
from verifier.digest import digest, distance
from verifier.engines import Engine
from verifier.exams.reseed import has_seed, reseed
from verifier.node.artifacts import ArtifactSource
from verifier.node.court_view import CourtView
from verifier.node.exams.book import ExamChain
from verifier.node.store import Store
from verifier.node.tasks import TaskSource
from verifier.profiles import Profile
from verifier.tasks import Task

__all__ = ["Gold", "GoldMine"]

_log = logging.getLogger("assay.node")

MAX_OUTPUT: Final = 1 << 24  # bytes


@dataclass(frozen=True, slots=True)
class Gold:
    """A task of an accepted round, and the output that was published."""

    request_hash: bytes
    task: Task
    output: bytes


class GoldMine:
    """Finds gold among the rounds a node has seen."""

    def __init__(
        self,
        agent_id: int,
        store: Store,
        chain: ExamChain,
        court: CourtView,
        tasks: TaskSource,
        artifacts: ArtifactSource,
    ) -> None:
        self._agent_id = agent_id
        self._store = store
        self._chain = chain
        self._court = court
        self._tasks = tasks
        self._artifacts = artifacts

    def dig(self, profile_id: bytes) -> Iterator[Gold]:
        """Tasks of a profile's accepted rounds, the newest first. Not those of our own work."""
        for known in self._store.rounds_of(profile_id):
            if known.agent_id == self._agent_id:
                continue
            view = self._court.round(known.request_hash)
            if view is None or (view.phase, view.verdict) != (Phase.FINAL, Verdict.ACCEPTED):
                continue
            try:
                task = self._tasks.fetch(known.task_uri, known.task_hash)
            except AssayError as error:
                _log.info("round %s gives no gold: %s", known.request_hash.hex()[:8], error)
                continue
            if not has_seed(task):
                continue
            output = self._published(known.request_hash, known.block)
            if output is not None:
                yield Gold(known.request_hash, task, output)

    def refine(
        self, gold: Gold, key: bytes, engine: Engine, profile: Profile
    ) -> tuple[Task, bytes] | None:
        """The task under the exam's seed and its output; None if it is of no use here."""
        name = gold.request_hash.hex()[:8]
        tolerance = self._court.profile(profile.profile_id).tolerance
        accepted = digest(gold.output, profile, key)
        if distance(digest(engine.generate(gold.task), profile, key), accepted) > tolerance:
            _log.warning(
                "round %s: this node's engine does not give what the committee accepted; an exam "
                "held with it may fail honest candidates",
                name,
            )
            return None
        asked = reseed(gold.task, key)
        output = engine.generate(asked)
        if distance(digest(output, profile, key), accepted) <= tolerance:
            _log.info("round %s gives no gold: another seed does not change its output", name)
            return None
        return asked, output

    def _published(self, request_hash: bytes, block: int) -> bytes | None:
        last = int(self._chain.head().number)
        events = events_between(self._chain, block, last, request_hash)
        for event in events:
            if isinstance(event, OutputPublished):
                return event.output
            if isinstance(event, OutputReferenced):
                return self._fetched(bytes(event.content_hash))
        return None

    def _fetched(self, content_hash: bytes) -> bytes | None:
        """An output that is not on the chain, from the backend; None unless it is the one."""
        try:
            output = self._artifacts.fetch(content_hash, MAX_OUTPUT, "output")
        except AssayError as error:
            _log.info("an output gives no gold: %s", error)
            return None
        return output if keccak256(output) == content_hash else None
