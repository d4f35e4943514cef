"""An exam as the chain knows it: its state, its terms, and what has happened in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from chain.event_base import Event
from chain.exam_events import ExamAnnounced, Graded, KeyOpened, Sat, SectionPosted
from chain.exam_messages import section_key
from chain.exam_structs import Exam, ExamTerms, SectionKey
from chain.history import events_between
from chain.types import Stage
from verifier.exams.items import unpack
from verifier.node.court_view import ChainReader
from verifier.tasks import Task

__all__ = [
    "BOOK",
    "RULES",
    "BookReader",
    "ExamChain",
    "ExamHead",
    "ExamView",
    "half_of",
    "over",
    "started",
]

BOOK: Final = "ExamBook"
RULES: Final = "ExamRules"

E = TypeVar("E", bound=Event)


class ExamChain(ChainReader, Protocol):
    """What exams are read through; `chain.gateway.Gateway` is one."""

    def logs(
        self, from_block: int, to_block: int, *, about: bytes | None = None
    ) -> list[Event]: ...


@dataclass(frozen=True, slots=True)
class ExamHead:
    """One exam without its events. `stage` is by the clock of the block that was asked."""

    exam_id: int
    stage: Stage
    exam: Exam
    terms: ExamTerms

    @property
    def until(self) -> int:
        """The end of the stage by the clock, Unix seconds; 0 where there is none."""
        exam, terms = self.exam, self.terms
        return {
            Stage.PREPARING: exam.closes_at,
            Stage.SITTING: exam.closes_at,
            Stage.OPENING: exam.closes_at + terms.key_window,
            Stage.DOUBTING: exam.grades_from,
            Stage.GRADING: exam.grades_from + terms.grade_window,
        }.get(self.stage, 0)


@dataclass(frozen=True, slots=True)
class ExamView(ExamHead):
    """One exam with what was posted, handed in, opened and counted."""

    announced: ExamAnnounced | None
    posted: tuple[SectionPosted, ...]
    keys: dict[int, KeyOpened]
    sat: tuple[Sat, ...]
    graded: tuple[Graded, ...]

    def tasks_of(self, section: SectionPosted) -> tuple[Task, ...]:
        """A section's items, checked against the root that was posted. ExamError if they differ."""
        return unpack(section.items_uri, section.items_root, self.terms.items)

    def tasks(self) -> list[Task]:
        """All items, section by section.

        Raises:
            ExamError: a section's items are not those whose root was posted.
        """
        return [task for section in self.posted for task in self.tasks_of(section)]

    def section_keys(self) -> list[SectionKey]:
        """The opened keys in the order of their sections, as `grade` takes them."""
        return [
            section_key(self.keys[section].digests, self.keys[section].contents)
            for section in sorted(self.keys)
        ]


class BookReader:
    """Reads exams. `first_block`: nothing happened before it."""

    def __init__(self, chain: ExamChain, first_block: int) -> None:
        self.chain = chain
        self._first_block = first_block
        self._terms: dict[int, ExamTerms] = {}
        self._boards: dict[int, tuple[int, ...]] = {}

    def count(self) -> int:
        """Exams announced so far; they are numbered from 1."""
        return int(self.chain.call(BOOK, "examCount"))

    def head(self, exam_id: int) -> ExamHead | None:
        """An exam's state; None if there is no such exam."""
        stage = self.stage(exam_id)
        if stage is Stage.NONE:
            return None
        exam: Exam = self.chain.call(BOOK, "examOf", exam_id)
        return ExamHead(exam_id, stage, exam, self.terms(exam.terms_id))

    def stage(self, exam_id: int, block: int | str = "latest") -> Stage:
        """Where an exam is, by the clock of a block."""
        stage: Stage = self.chain.call(BOOK, "stageOf", exam_id, block=block)
        return stage

    def terms(self, terms_id: int) -> ExamTerms:
        """Terms, which never change."""
        if terms_id not in self._terms:
            self._terms[terms_id] = self.chain.call(RULES, "termsOf", terms_id)
        return self._terms[terms_id]

    def board(self, terms_id: int) -> tuple[int, ...]:
        """The examiners of terms, by section."""
        if terms_id not in self._boards:
            self._boards[terms_id] = tuple(self.chain.call(RULES, "examinersOf", terms_id))
        return self._boards[terms_id]

    def view(self, head: ExamHead) -> ExamView:
        """The same exam with its events."""
        last = int(self.chain.head().number)
        about = head.exam_id.to_bytes(32, "big")
        events = [
            event
            for event in events_between(self.chain, self._first_block, last, about)
            if event.log.contract == BOOK
        ]
        sections = _of(events, SectionPosted)
        announced = _of(events, ExamAnnounced)
        return ExamView(
            head.exam_id,
            head.stage,
            head.exam,
            head.terms,
            announced=announced[0] if announced else None,
            posted=tuple(sorted(sections, key=lambda event: event.section)),
            keys={event.section: event for event in _of(events, KeyOpened)},
            sat=tuple(_of(events, Sat)),
            graded=tuple(_of(events, Graded)),
        )


def started(head: ExamHead) -> int:
    """When the stage began at the latest, Unix seconds."""
    terms = head.terms
    windows = {
        Stage.PREPARING: terms.prepare_window,
        Stage.SITTING: terms.sit_window,
        Stage.OPENING: terms.key_window,
        Stage.GRADING: terms.grade_window,
    }
    return head.until - windows.get(head.stage, 0)


def half_of(head: ExamHead) -> int:
    """When half of the stage is gone, Unix seconds."""
    return (started(head) + head.until) // 2


def over(stage: Stage) -> bool:
    """Whether nothing more is decided in an exam."""
    return stage in (Stage.CONCLUDED, Stage.VOID)


def _of(events: list[Event], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]
