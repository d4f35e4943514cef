"""Tables of exams: their terms, sections, sheets and doubts, and the passes they gave."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from backend.store.base import Base, Folded
from backend.store.types import Address, Hash, Uint


class ExamTermsRecord(Folded):
    """How a profile is examined; `window`s in seconds."""

    __tablename__ = "exam_terms"

    terms_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    profile_id: Mapped[Hash]
    fee: Mapped[Uint]
    bond: Mapped[Uint]
    items: Mapped[int]
    mark: Mapped[int]
    section_mark: Mapped[int]
    key_window: Mapped[int]
    challenge_window: Mapped[int]
    grade_window: Mapped[int]
    validity: Mapped[int]


class ExamGate(Folded):
    """Profiles that take only who has passed, from a moment on."""

    __tablename__ = "exam_gates"

    profile_id: Mapped[Hash] = mapped_column(primary_key=True)
    gated_from: Mapped[int]


class ExamRecord(Folded):
    """One exam. Moments are null until the exam came so far.

    `outcome`: "concluded" or "void", null while it goes on; `slashed`: bit i for section i.
    """

    __tablename__ = "exams"

    exam_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    profile_id: Mapped[Hash] = mapped_column(index=True)
    terms_id: Mapped[int]
    key: Mapped[Hash]
    announced_at: Mapped[int]
    prepare_closes_at: Mapped[int]
    sit_closes_at: Mapped[int | None]
    challenges_close_at: Mapped[int | None]
    grades_from: Mapped[int | None]
    doubts: Mapped[int]
    candidates: Mapped[int]
    graded: Mapped[int]
    outcome: Mapped[str | None]
    slashed: Mapped[int | None]
    ended_at: Mapped[int | None]


class ExamSection(Folded):
    """A section as posted; `digests` are the opened answers, 32 bytes each, one after the other,
    and `contents` the hashes of the outputs they are of."""

    __tablename__ = "exam_sections"

    exam_id: Mapped[int] = mapped_column(primary_key=True)
    section: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[Uint]
    items_root: Mapped[Hash]
    sealed_key: Mapped[Hash]
    items_uri: Mapped[str]
    posted_at: Mapped[int]
    opened_at: Mapped[int | None]
    digests: Mapped[bytes | None]
    contents: Mapped[bytes | None]


class ExamSitting(Folded):
    """A candidate's sheet. `marks`: right answers, those of section i in byte i."""

    __tablename__ = "exam_sittings"
    __table_args__ = (Index("ix_exam_sittings_agent", "agent_id", "exam_id"),)

    exam_id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[Address] = mapped_column(primary_key=True)
    agent_id: Mapped[Uint]
    payer: Mapped[Address]
    commitment: Mapped[Hash]
    sat_at: Mapped[int]
    marks: Mapped[Uint | None]
    passed: Mapped[bool | None]
    graded_at: Mapped[int | None]
    refunded_at: Mapped[int | None]


class ExamSheet(Base):
    """An opened sheet that was left here: `content` is JSON, and opens what `owner` handed in."""

    __tablename__ = "exam_sheets"

    exam_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    owner: Mapped[Address] = mapped_column(primary_key=True)
    content: Mapped[bytes]


class ExamDoubt(Folded):
    """A doubted item; `upheld_at` is null unless the examiner was right."""

    __tablename__ = "exam_doubts"

    doubt_id: Mapped[Hash] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(index=True)
    section: Mapped[int]
    index: Mapped[int]
    kind: Mapped[int]
    challenger: Mapped[Address]
    task_hash: Mapped[Hash]
    request_hash: Mapped[Hash | None]
    answer_by: Mapped[int]
    upheld_at: Mapped[int | None]


class CapabilityRecord(Folded):
    """A pass: whose it is, and until when. It does not go to the agent's next owner."""

    __tablename__ = "capabilities"

    agent_id: Mapped[Uint] = mapped_column(primary_key=True)
    profile_id: Mapped[Hash] = mapped_column(primary_key=True)
    owner: Mapped[Address]
    granted_at: Mapped[int]
    until: Mapped[int]
