"""An exam as the chain knows it: its state, its terms, and what has happened in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chain.deployment import Deployment
from chain.errors import ConfigError
from chain.events import Event
from chain.exam_events import Graded, KeyOpened, Sat, SectionPosted
from chain.exam_messages import Book, section_key
from chain.exam_structs import Exam, ExamTerms, SectionKey
from chain.gateway import Gateway
from chain.types import Stage
from cli import output
from verifier.exams.items import unpack
from verifier.exams.marking import unpack as unpack_marks
from verifier.tasks import Task

BOOK = "ExamBook"


@dataclass(frozen=True, slots=True)
class ExamView:
    """One exam. `until`: the end of its stage by the clock, 0 where there is none."""

    exam_id: int
    profile: str
    stage: Stage
    exam: Exam
    terms: ExamTerms
    posted: tuple[SectionPosted, ...]
    keys: dict[int, KeyOpened]
    sat: tuple[Sat, ...]
    graded: tuple[Graded, ...]

    @property
    def until(self) -> int:
        """Unix seconds."""
        exam, terms = self.exam, self.terms
        return {
            Stage.PREPARING: exam.closes_at,
            Stage.SITTING: exam.closes_at,
            Stage.OPENING: exam.closes_at + terms.key_window,
            Stage.DOUBTING: exam.grades_from,
            Stage.GRADING: exam.grades_from + terms.grade_window,
        }.get(self.stage, 0)

    def require(self, stage: Stage) -> None:
        """ConfigError unless the exam is in this stage."""
        if self.stage is not stage:
            raise ConfigError(
                f"Exam {self.exam_id} is {self.stage.label}; this is possible only while it is "
                f"{stage.label}."
            )

    def tasks(self) -> list[Task]:
        """All items, section by section, checked against the roots that were posted.

        Raises:
            ExamError: a section's items are not those.
        """
        count = self.terms.items
        return [
            task
            for section in self.posted
            for task in unpack(section.items_uri, section.items_root, count)
        ]

    def section_keys(self) -> list[SectionKey]:
        """The opened keys in the order of their sections, as `grade` takes them."""
        return [
            section_key(self.keys[section].digests, self.keys[section].contents)
            for section in sorted(self.keys)
        ]

    def as_json(self) -> dict[str, Any]:
        """For machines: amounts in wei as text, moments in Unix seconds."""
        marks = {event.owner: event for event in self.graded}
        return {
            "examId": self.exam_id,
            "profile": self.profile,
            "stage": self.stage.name.lower(),
            "until": self.until or None,
            "fee": str(self.exam.fee),
            "items": self.terms.items * self.exam.sections,
            "mark": self.terms.mark,
            "sectionMark": self.terms.section_mark,
            "key": output.plain(bytes(self.exam.key)),
            "sections": [
                {
                    "section": each.section,
                    "examiner": str(each.agent_id),
                    "itemsRoot": output.plain(bytes(each.items_root)),
                    "open": each.section in self.keys,
                }
                for each in self.posted
            ],
            "candidates": [
                {
                    "agentId": str(each.agent_id),
                    "owner": each.owner,
                    "passed": marks[each.owner].passed if each.owner in marks else None,
                    "marks": list(
                        unpack_marks(marks[each.owner].marks, self.exam.sections).sections
                    )
                    if each.owner in marks
                    else None,
                }
                for each in self.sat
            ],
        }


def book_of(deployment: Deployment) -> Book:
    """Which book commitments are for."""
    return Book(deployment.chain_id, deployment.address(BOOK))


def view(gateway: Gateway, exam_id: int) -> ExamView:
    """The exam. ConfigError if there is none."""
    deployment = gateway.deployment
    stage: Stage = gateway.call(BOOK, "stageOf", exam_id)
    if deployment is None or stage is Stage.NONE:
        raise ConfigError(f"There is no exam {exam_id} on this chain: see `assay exam list`.")
    exam: Exam = gateway.call(BOOK, "examOf", exam_id)
    terms: ExamTerms = gateway.call("ExamRules", "termsOf", exam.terms_id)
    events = _events(gateway, deployment, exam_id)
    sections = [event for event in events if isinstance(event, SectionPosted)]
    return ExamView(
        exam_id=exam_id,
        profile=deployment.profile_name(terms.profile_id) or output.cell(terms.profile_id),
        stage=stage,
        exam=exam,
        terms=terms,
        posted=tuple(sorted(sections, key=lambda event: event.section)),
        keys={event.section: event for event in events if isinstance(event, KeyOpened)},
        sat=tuple(event for event in events if isinstance(event, Sat)),
        graded=tuple(event for event in events if isinstance(event, Graded)),
    )


def _events(gateway: Gateway, deployment: Deployment, exam_id: int) -> list[Event]:
    first = deployment.contracts[BOOK].block
    found = gateway.logs(first, gateway.head().number, about=exam_id.to_bytes(32))
    return [event for event in found if event.log.contract == BOOK]
