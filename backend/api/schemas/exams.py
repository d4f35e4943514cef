"""Exams, and the capabilities they prove."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from backend.api.schemas.common import Address, AgentNumber, Amount, BlockRef, Hash, Shape, Time

Stage = Literal["preparing", "sitting", "opening", "doubting", "grading", "concluded", "void"]


class ExamView(Shape):
    """One exam, without what is in it."""

    exam_id: int = Field(ge=1)
    profile_id: Hash
    profile_name: str | None
    stage: Stage
    stage_ends_at: Time | None = Field(description="By the clock; null once the exam has ended.")
    announced_at: Time
    ended_at: Time | None
    fee: Amount | None
    sections: int = Field(description="Sections posted.")
    items_per_section: int | None
    mark: int | None = Field(description="Right answers needed in all.")
    section_mark: int | None = Field(description="And in each section.")
    candidates: int
    graded: int
    open_doubts: int


class ExamPage(Shape):
    items: list[ExamView] = Field(description="Newest first.")
    next: str | None
    block: BlockRef


class SectionView(Shape):
    """What an examiner posted, and opened."""

    section: int
    agent_id: AgentNumber
    items_root: Hash
    sealed_key: Hash
    items_uri: str = Field(description="The tasks, or where they are; untrusted text.")
    posted_at: Time
    opened_at: Time | None
    digests: list[Hash] | None = Field(description="The right answers; null while sealed.")
    contents: list[Hash] | None


class SittingView(Shape):
    """A candidate. `passed` is null unless its sheet was opened and graded."""

    agent_id: AgentNumber
    owner: Address
    commitment: Hash
    sat_at: Time
    passed: bool | None
    marks: list[int] | None = Field(description="Right answers by section.")
    graded_at: Time | None
    refunded_at: Time | None


class DoubtView(Shape):
    """An item of a key that somebody had judged."""

    doubt_id: Hash
    section: int
    index: int
    kind: Literal["output", "digest"]
    challenger: Address
    task_hash: Hash
    request_hash: Hash | None = Field(description="The round about it; null until answered.")
    answer_by: Time
    upheld_at: Time | None


class ExamDetail(ExamView):
    """All that is needed to count again."""

    key: Hash = Field(description="What its digests are under.")
    slashed_sections: list[int]
    papers: list[SectionView]
    sittings: list[SittingView]
    doubts: list[DoubtView]
    block: BlockRef


class SheetPage(Shape):
    """Opened sheets that candidates left to be graded."""

    items: list[dict[str, Any]] = Field(description="Of schema `assay/exam-sheet/1`.")
    block: BlockRef


class CapabilityView(Shape):
    """A pass. It counts only for the owner who earned it."""

    profile_id: Hash
    profile_name: str | None
    owner: Address
    granted_at: Time
    until: Time
    valid: bool = Field(description="Whether it is unexpired and still with that owner.")


class CapabilityList(Shape):
    agent_id: AgentNumber
    items: list[CapabilityView]
    gates: dict[str, Time] = Field(
        description="Profiles (ids) that take only who has passed, and since when."
    )
    block: BlockRef
