"""The structs of the exams' contracts; `chain.structs` has them in its table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chain.types import (
    Address,
    AgentId,
    Bytes32,
    DoubtKind,
    DoubtState,
    ProfileId,
    RequestHash,
    SittingState,
    Stage,
    Wei,
)


@dataclass(frozen=True, slots=True)
class ExamTerms:
    """How a profile is examined. Windows and `validity` in seconds.

    Attributes:
        recompute_profile_id: of family `exact`: in it a doubted digest is computed anew.
        fee: of a candidate, for the examiners.
        bond, challenge_bond: of an examiner for a section, and of whoever doubts a key.
        items: in a section.
        mark, section_mark: right answers needed in all, and in each section.
    """

    profile_id: ProfileId
    recompute_profile_id: ProfileId
    fee: Wei
    bond: Wei
    challenge_bond: Wei
    items: int
    mark: int
    section_mark: int
    prepare_window: int
    sit_window: int
    key_window: int
    challenge_window: int
    answer_window: int
    court_window: int
    grade_window: int
    validity: int


@dataclass(frozen=True, slots=True)
class Capability:
    """A pass: whose, and until when (Unix seconds). It does not go to another owner."""

    owner: Address
    until: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """The answers of a candidate, as they are opened; `digests` go section by section."""

    agent_id: AgentId
    owner: Address
    salt: Bytes32
    digests: tuple[Bytes32, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a section, with the proof that it is one."""

    section: int
    index: int
    task_hash: Bytes32
    task_proof: tuple[Bytes32, ...]


@dataclass(frozen=True, slots=True)
class SectionKey:
    """The answers of a section, as they are opened: digests under the exam's key.

    contents_hash: keccak256 of the content hashes of the outputs they are of.
    """

    digests: tuple[Bytes32, ...]
    contents_hash: Bytes32


@dataclass(frozen=True, slots=True)
class Doubt:
    """A doubted item. deadline: to answer; once answered, to decide."""

    challenger: Address
    deadline: int
    state: DoubtState
    kind: DoubtKind
    section: int
    exam_id: int
    task_hash: Bytes32
    content_hash: Bytes32
    digest: Bytes32
    request_hash: RequestHash
    output_hash: Bytes32


@dataclass(frozen=True, slots=True)
class Exam:
    """An exam; `stage` lags behind the clock, `stageOf` never does. Moments in Unix seconds."""

    terms_id: int
    stage: Stage
    sections: int
    posted: int
    opened: int
    doubts: int
    closes_at: int
    grades_from: int
    candidates: int
    graded: int
    fee: Wei
    bond: Wei
    key: Bytes32


@dataclass(frozen=True, slots=True)
class Section:
    """A section of an exam. key: sealed; once `opened`, the hash of the answers."""

    items_root: Bytes32
    key: Bytes32
    poster: Address
    opened: bool
    owner: Address
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class Sitting:
    """What is kept of a candidate's sealed sheet."""

    commitment: Bytes32
    payer: Address
    state: SittingState


EXAM_STRUCTS: Final = (
    ExamTerms,
    Capability,
    Sheet,
    Item,
    SectionKey,
    Doubt,
    Exam,
    Section,
    Sitting,
)
