"""/v1/exams: exams as the chain held them; /v1/agents/{agentId}/capabilities: who has passed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from sqlalchemy import func, select

from backend.api.agents import agent_of
from backend.api.context import Snapshot, SnapshotOf
from backend.api.params import DEFAULT_PAGE, AgentIdOf, Limit, PlaceOf, wrap
from backend.api.schemas.common import amount, hexed, hexed_or_none
from backend.api.schemas.exams import (
    CapabilityList,
    CapabilityView,
    DoubtView,
    ExamDetail,
    ExamPage,
    ExamView,
    SectionView,
    SittingView,
    Stage,
)
from backend.errors import QueryMissing
from backend.store import (
    CapabilityRecord,
    ExamDoubt,
    ExamGate,
    ExamRecord,
    ExamSection,
    ExamSitting,
    ExamTermsRecord,
    ProfileRecord,
)
from verifier.exams.marking import unpack

router = APIRouter(prefix="/v1", tags=["exams"])

_WORD = 32
_KINDS: tuple[Literal["output"], Literal["digest"]] = ("output", "digest")


@router.get("/exams")
def list_exams(snapshot: SnapshotOf, place: PlaceOf, limit: Limit = DEFAULT_PAGE) -> ExamPage:
    """Every exam, the newest first."""
    query = select(ExamRecord).order_by(ExamRecord.exam_id.desc()).limit(limit + 1)
    if place is not None:
        query = query.where(ExamRecord.exam_id < place[0])
    rows = snapshot.session.scalars(query).all()
    page = rows[:limit]
    return ExamPage(
        items=[ExamView(**_view(snapshot, row)) for row in page],
        next=wrap(f"{page[-1].exam_id}.0") if len(rows) > limit else None,
        block=snapshot.block,
    )


@router.get("/exams/{exam_id}")
def show_exam(
    snapshot: SnapshotOf,
    exam_id: Annotated[int, Path(ge=1, lt=1 << 32, description="The exam's number.")],
) -> ExamDetail:
    """One exam with its sections, sheets and doubts: all that is needed to count again."""
    session = snapshot.session
    row = session.get(ExamRecord, exam_id)
    if row is None:
        raise QueryMissing(f"There is no exam {exam_id} as of block {snapshot.block.number}.")
    sections = session.scalars(
        select(ExamSection).where(ExamSection.exam_id == exam_id).order_by(ExamSection.section)
    ).all()
    sittings = session.scalars(
        select(ExamSitting)
        .where(ExamSitting.exam_id == exam_id)
        .order_by(ExamSitting.agent_id, ExamSitting.owner)
    )
    doubts = session.scalars(
        select(ExamDoubt)
        .where(ExamDoubt.exam_id == exam_id)
        .order_by(ExamDoubt.section, ExamDoubt.index, ExamDoubt.kind)
    )
    slashed = row.slashed or 0
    return ExamDetail(
        **_view(snapshot, row),
        key=hexed(row.key),
        slashed_sections=[i for i in range(slashed.bit_length()) if slashed >> i & 1],
        papers=[_section(each) for each in sections],
        sittings=[_sitting(each, len(sections)) for each in sittings],
        doubts=[_doubt(each) for each in doubts],
        block=snapshot.block,
    )


@router.get("/agents/{agent_id}/capabilities")
def list_capabilities(snapshot: SnapshotOf, agent_id: AgentIdOf) -> CapabilityList:
    """The exams an agent has passed, and which profiles ask for it."""
    agent = agent_of(snapshot, agent_id)
    rows = snapshot.session.execute(
        select(CapabilityRecord, ProfileRecord.name)
        .outerjoin(ProfileRecord, ProfileRecord.profile_id == CapabilityRecord.profile_id)
        .where(CapabilityRecord.agent_id == agent_id)
        .order_by(CapabilityRecord.profile_id)
    )
    now = snapshot.block.timestamp
    return CapabilityList(
        agent_id=agent_id,
        items=[
            CapabilityView(
                profile_id=hexed(row.profile_id),
                profile_name=name,
                owner=row.owner,
                granted_at=row.granted_at,
                until=row.until,
                valid=row.owner == agent.owner and now < row.until,
            )
            for row, name in rows
        ],
        gates={
            hexed(gate.profile_id): gate.gated_from
            for gate in snapshot.session.scalars(select(ExamGate).order_by(ExamGate.profile_id))
        },
        block=snapshot.block,
    )


def _view(snapshot: Snapshot, row: ExamRecord) -> dict[str, Any]:
    session = snapshot.session
    terms = session.get(ExamTermsRecord, row.terms_id)
    profile = session.get(ProfileRecord, row.profile_id)
    stage, ends_at = _stage(row, terms, snapshot.block.timestamp)
    posted = session.scalar(
        select(func.count()).select_from(ExamSection).where(ExamSection.exam_id == row.exam_id)
    )
    return {
        "exam_id": row.exam_id,
        "profile_id": hexed(row.profile_id),
        "profile_name": None if profile is None else profile.name,
        "stage": stage,
        "stage_ends_at": ends_at,
        "announced_at": row.announced_at,
        "ended_at": row.ended_at,
        "fee": None if terms is None else amount(terms.fee),
        "sections": posted or 0,
        "items_per_section": None if terms is None else terms.items,
        "mark": None if terms is None else terms.mark,
        "section_mark": None if terms is None else terms.section_mark,
        "candidates": row.candidates,
        "graded": row.graded,
        "open_doubts": row.doubts if row.outcome is None else 0,
    }


def _stage(row: ExamRecord, terms: ExamTermsRecord | None, now: int) -> tuple[Stage, int | None]:
    """What `ExamBook.stageOf` says at this block's time, and when that ends by the clock."""
    if row.outcome is not None:
        return ("concluded" if row.outcome == "concluded" else "void"), None
    if row.sit_closes_at is None:
        return "preparing", row.prepare_closes_at
    if row.grades_from is None:
        if now < row.sit_closes_at:
            return "sitting", row.sit_closes_at
        return "opening", row.sit_closes_at + terms.key_window if terms else None
    if row.doubts or now < row.grades_from:
        return "doubting", row.grades_from
    return "grading", row.grades_from + terms.grade_window if terms else None


def _section(row: ExamSection) -> SectionView:
    return SectionView(
        section=row.section,
        agent_id=row.agent_id,
        items_root=hexed(row.items_root),
        sealed_key=hexed(row.sealed_key),
        items_uri=row.items_uri,
        posted_at=row.posted_at,
        opened_at=row.opened_at,
        digests=_words(row.digests),
        contents=_words(row.contents),
    )


def _words(packed: bytes | None) -> list[str] | None:
    if packed is None:
        return None
    return [hexed(packed[i : i + _WORD]) for i in range(0, len(packed), _WORD)]


def _sitting(row: ExamSitting, sections: int) -> SittingView:
    marks = None if row.marks is None else list(unpack(row.marks, sections).sections)
    return SittingView(
        agent_id=row.agent_id,
        owner=row.owner,
        commitment=hexed(row.commitment),
        sat_at=row.sat_at,
        passed=row.passed,
        marks=marks,
        graded_at=row.graded_at,
        refunded_at=row.refunded_at,
    )


def _doubt(row: ExamDoubt) -> DoubtView:
    return DoubtView(
        doubt_id=hexed(row.doubt_id),
        section=row.section,
        index=row.index,
        kind=_KINDS[row.kind],
        challenger=row.challenger,
        task_hash=hexed(row.task_hash),
        request_hash=hexed_or_none(row.request_hash),
        answer_by=row.answer_by,
        upheld_at=row.upheld_at,
    )
