"""Makes a section of an exam: tasks that nobody was ever asked, gold among them, and their answers.

An item is refused if its task was asked in any exam before, anybody's, or is a round's, or if its
output is that of an earlier item, whatever task it came of: the content hashes of all opened keys
are on the chain. Seeds are the exam's (`verifier.exams.reseed`), so a file of sampled tasks never
runs out; tasks without a seed are asked once. Which are asked follows from the examiner's secret.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from chain.errors import ConfigError
from chain.exam_messages import key_salt
from verifier.canonical import keccak256
from verifier.digest import digest, digest_batch, from_words
from verifier.engines import Engine, require_environment
from verifier.errors import DigestError, EngineError, EngineUnavailable, ExamError
from verifier.exams.papers import Paper
from verifier.exams.reseed import reseed
from verifier.node.exams.book import BookReader, ExamHead, over
from verifier.node.exams.errands import ExamTools
from verifier.node.exams.gold import GoldMine
from verifier.node.exams.shelf import Draft, Shelf
from verifier.node.store import Store
from verifier.profiles import Profile
from verifier.tasks import Task

__all__ = ["Librarian", "Setter", "load_tasks"]

_log = logging.getLogger("assay.node")

POOL: Final = "pool"
Made = tuple[Task, str, bytes | None]
"""A task, its source, and its output where that is known already."""


def load_tasks(path: Path) -> list[Task]:
    """Tasks of a file, one JSON object a line. ConfigError if it cannot be read."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as problem:
        raise ConfigError(f"The file {path} cannot be read ({problem.strerror}).") from None
    return [Task.from_json(line) for line in lines if line.strip()]


class Librarian:
    """Knows every item that was asked, from the chain and from this node's own drafts."""

    def __init__(self, reader: BookReader, shelf: Shelf) -> None:
        self._reader = reader
        self._shelf = shelf

    def study(self) -> None:
        """Writes down the items of all exams that are not written down for good."""
        studied = self._shelf.studied()
        for exam_id in range(1, self._reader.count() + 1):
            head = None if exam_id in studied else self._reader.head(exam_id)
            if head is None:
                continue
            view = self._reader.view(head)
            for section in view.posted:
                try:
                    hashes = [task.hash() for task in view.tasks_of(section)]
                except ExamError as error:
                    _log.info("exam %d, section %d: %s", exam_id, section.section, error)
                    hashes = []
                self._shelf.ask(hashes, exam_id, section.section)
            for number, opened in view.keys.items():
                self._shelf.ask((bytes(content) for content in opened.contents), exam_id, number)
            if over(head.stage):
                self._shelf.study(exam_id)


class Setter:
    """Makes sections, an item at a time."""

    def __init__(
        self,
        tools: ExamTools,
        librarian: Librarian,
        store: Store,
        mine: GoldMine,
        tasks: Path,
        gold_share: float,
    ) -> None:
        self._tools = tools
        self._librarian = librarian
        self._store = store
        self._mine = mine
        self._file = tasks
        self._gold_share = gold_share
        self._sources: dict[int, Iterator[Made]] = {}

    def fresh(self, profile_id: bytes) -> int:
        """Tasks of the file that could be asked in an exam announced now."""
        self._librarian.study()
        return sum(
            task.parameters.get("seed") is not None or not self._is_used(task, 0, 0)
            for task in load_tasks(self._file)
            if task.profile == profile_id
        )

    def step(self, head: ExamHead, section: int) -> None:
        """Chooses the next item; once there are enough, writes the key and its salt to its file.

        Raises:
            ExamError: no task is left that was not asked before.
            EngineError: the engine does not answer.
        """
        shelf, exam_id = self._tools.shelf, head.exam_id
        self._drop_repeated(exam_id, section)
        drafts = shelf.drafts(exam_id, section)
        profile = self._tools.recipes.profile(bytes(head.terms.profile_id))
        if len(drafts) >= head.terms.items:
            self._seal(head, section, drafts[: head.terms.items], profile)
            return
        engine = self._tools.engines.engine(profile)
        require_environment(profile, engine)
        if exam_id not in self._sources:
            self._librarian.study()
            self._sources[exam_id] = self._source(head, section, engine, profile)
        made = next(self._sources[exam_id], None)
        if made is None:
            del self._sources[exam_id]
            raise ExamError(
                f"Only {len(drafts)} of {head.terms.items} items of section {section} are there, "
                f"and no other task of {self._file} was never asked: add tasks to it."
            )
        task, source, output = made
        if self._is_used(task, exam_id, section):
            return
        try:
            output = engine.generate(task) if output is None else output
            digest(output, profile, head.exam.key)
        except (DigestError, EngineError) as error:
            self._sources[exam_id] = _again(made, self._sources[exam_id], error)
            raise
        if self._tools.shelf.was_asked(keccak256(output), exam_id, section) or any(
            draft.content_hash == keccak256(output) for draft in drafts
        ):
            _log.info("exam %d: a task was left out, its output is an earlier item's", exam_id)
            return
        content = self._tools.files.save_output(output)
        shelf.add_draft(exam_id, section, Draft(task.hash(), task.canonical(), source, content))

    def tasks(self, exam_id: int, section: int, count: int) -> list[Task]:
        """The items of a section whose key is written."""
        drafts = self._tools.shelf.drafts(exam_id, section)[:count]
        return [Task.from_json(draft.task) for draft in drafts]

    def repeated(self, exam_id: int, section: int) -> bool:
        """Whether an item of ours was asked by somebody else since it was chosen."""
        self._librarian.study()
        return any(self._repeats(exam_id, section))

    # ------------------------------------------------------------------ inside

    def _source(
        self, head: ExamHead, section: int, engine: Engine, profile: Profile
    ) -> Iterator[Made]:
        """Gold first, as much as it should be, then the file in an order of our secret's."""
        tools, key = self._tools, bytes(head.exam.key)
        wanted = round(self._gold_share * head.terms.items)
        salt = key_salt(tools.signer, tools.seal_for, head.exam_id, tools.agent_id, section)
        if wanted:
            for gold in self._mine.dig(profile.profile_id):
                have = sum(d.is_gold for d in tools.shelf.drafts(head.exam_id, section))
                if have >= wanted:
                    break
                if refined := self._mine.refine(gold, key, engine, profile):
                    yield refined[0], f"round 0x{gold.request_hash.hex()}", refined[1]
        pool = [task for task in load_tasks(self._file) if task.profile == profile.profile_id]
        for task in sorted(pool, key=lambda task: keccak256(salt + task.hash())):
            yield reseed(task, key), POOL, None

    def _is_used(self, task: Task, exam_id: int, section: int) -> bool:
        value = task.hash()
        drafted = any(d.task_hash == value for d in self._tools.shelf.drafts(exam_id, section))
        asked = self._tools.shelf.was_asked(value, exam_id, section)
        return drafted or asked or self._store.has_task(value)

    def _repeats(self, exam_id: int, section: int) -> Iterator[bytes]:
        for draft in self._tools.shelf.drafts(exam_id, section):
            if self._tools.shelf.was_asked(draft.task_hash, exam_id, section):
                yield draft.task_hash

    def _drop_repeated(self, exam_id: int, section: int) -> None:
        for value in list(self._repeats(exam_id, section)):
            _log.info("exam %d: an item was asked by somebody else meanwhile", exam_id)
            self._tools.shelf.drop_draft(exam_id, section, value)

    def _seal(self, head: ExamHead, section: int, drafts: list[Draft], profile: Profile) -> None:
        tools, exam_id = self._tools, head.exam_id
        outputs = [tools.files.read_output(draft.content_hash) for draft in drafts]
        for draft, output in zip(drafts, outputs, strict=True):
            if output is None:
                tools.shelf.drop_draft(exam_id, section, draft.task_hash)
        if None in outputs:
            raise ExamError("An output of the section was lost from the disk: making another item.")
        found = [output for output in outputs if output is not None]
        Paper(
            tools.seal_for,
            exam_id,
            tools.agent_id,
            tools.owner,
            section,
            key_salt(tools.signer, tools.seal_for, exam_id, tools.agent_id, section),
            tuple(from_words(digest_batch(found, profile, head.exam.key))),
            tuple(draft.content_hash for draft in drafts),
        ).save(tools.files.paper(f"exam-{exam_id}-key-{section}"))
        self._sources.pop(exam_id, None)


def _again(made: Made, rest: Iterator[Made], error: Exception) -> Iterator[Made]:
    """The same task once more after an engine's failure; a task that is unfit is left."""
    if isinstance(error, EngineUnavailable):
        yield made
    yield from rest
