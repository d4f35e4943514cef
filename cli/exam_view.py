"""An exam as `assay exam` shows it."""

from __future__ import annotations

from typing import Any

from chain.deployment import Deployment
from chain.errors import ConfigError
from chain.exam_messages import Book
from chain.gateway import Gateway
from chain.types import Stage
from cli import output
from verifier.exams.marking import unpack as unpack_marks
from verifier.node.exams.book import BOOK, BookReader, ExamView

__all__ = ["BOOK", "ExamView", "as_json", "book_of", "profile_of", "require", "view"]


def book_of(deployment: Deployment) -> Book:
    """Which book commitments are for."""
    return Book(deployment.chain_id, deployment.address(BOOK))


def view(gateway: Gateway, exam_id: int) -> ExamView:
    """The exam. ConfigError if there is none."""
    deployment = gateway.deployment
    if deployment is not None:
        reader = BookReader(gateway, int(deployment.contracts[BOOK].block))
        if (head := reader.head(exam_id)) is not None:
            return reader.view(head)
    raise ConfigError(f"There is no exam {exam_id} on this chain: see `assay exam list`.")


def require(found: ExamView, stage: Stage) -> None:
    """ConfigError unless the exam is in this stage."""
    if found.stage is not stage:
        raise ConfigError(
            f"Exam {found.exam_id} is {found.stage.label}; this is possible only while it is "
            f"{stage.label}."
        )


def profile_of(deployment: Deployment | None, found: ExamView) -> str:
    """The examined profile's name, or its id where it has none here."""
    profile_id = found.terms.profile_id
    name = deployment.profile_name(profile_id) if deployment else None
    return name or output.cell(profile_id)


def as_json(found: ExamView, profile: str) -> dict[str, Any]:
    """For machines: amounts in wei as text, moments in Unix seconds."""
    marks = {event.owner: event for event in found.graded}
    sections = found.exam.sections
    return {
        "examId": found.exam_id,
        "profile": profile,
        "stage": found.stage.name.lower(),
        "until": found.until or None,
        "fee": str(found.exam.fee),
        "items": found.terms.items * sections,
        "mark": found.terms.mark,
        "sectionMark": found.terms.section_mark,
        "key": output.plain(bytes(found.exam.key)),
        "sections": [
            {
                "section": each.section,
                "examiner": str(each.agent_id),
                "itemsRoot": output.plain(bytes(each.items_root)),
                "open": each.section in found.keys,
            }
            for each in found.posted
        ],
        "candidates": [
            {
                "agentId": str(each.agent_id),
                "owner": each.owner,
                "passed": marks[each.owner].passed if each.owner in marks else None,
                "marks": list(unpack_marks(marks[each.owner].marks, sections).sections)
                if each.owner in marks
                else None,
            }
            for each in found.sat
        ],
    }
