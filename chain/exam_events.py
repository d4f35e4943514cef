"""The events of exams; `chain.events` has them in its table."""

from __future__ import annotations

from dataclasses import dataclass

from chain.event_base import Event
from chain.exam_structs import ExamTerms
from chain.types import Address, AgentId, Bytes32, DoubtKind, ProfileId, RequestHash, Wei


@dataclass(frozen=True)
class Gated(Event):
    """From then on a profile takes nobody without a capability."""

    CONTRACT = ("ExamRules",)
    profile_id: ProfileId
    from_: int


@dataclass(frozen=True)
class TermsSet(Event):
    CONTRACT = ("ExamRules",)
    terms_id: int
    profile_id: ProfileId
    terms: ExamTerms
    examiners: tuple[AgentId, ...]


@dataclass(frozen=True)
class CapabilityGranted(Event):
    CONTRACT = ("ExamBook",)
    profile_id: ProfileId
    agent_id: AgentId
    owner: Address
    until: int


@dataclass(frozen=True)
class DoubtAnswered(Event):
    CONTRACT = ("ExamBook",)
    doubt_id: Bytes32
    request_hash: RequestHash
    decide_by: int


@dataclass(frozen=True)
class DoubtUpheld(Event):
    CONTRACT = ("ExamBook",)
    doubt_id: Bytes32
    exam_id: int


@dataclass(frozen=True)
class Doubted(Event):
    CONTRACT = ("ExamBook",)
    doubt_id: Bytes32
    exam_id: int
    challenger: Address
    section: int
    index: int
    kind: DoubtKind
    task_hash: Bytes32
    answer_by: int


@dataclass(frozen=True)
class ExamAnnounced(Event):
    """`key`: what all digests of the exam are under."""

    CONTRACT = ("ExamBook",)
    exam_id: int
    profile_id: ProfileId
    terms_id: int
    key: Bytes32
    prepare_closes_at: int


@dataclass(frozen=True)
class ExamConcluded(Event):
    CONTRACT = ("ExamBook",)
    exam_id: int
    earned: Wei


@dataclass(frozen=True)
class ExamVoided(Event):
    """`slashed`: bit i is set if the examiner of section i loses its bond."""

    CONTRACT = ("ExamBook",)
    exam_id: int
    slashed: int


@dataclass(frozen=True)
class Graded(Event):
    """`marks`: right answers, those of section i in byte i from the lowest."""

    CONTRACT = ("ExamBook",)
    exam_id: int
    agent_id: AgentId
    owner: Address
    marks: int
    passed: bool


@dataclass(frozen=True)
class KeyOpened(Event):
    CONTRACT = ("ExamBook",)
    exam_id: int
    section: int
    digests: tuple[Bytes32, ...]
    contents: tuple[Bytes32, ...]


@dataclass(frozen=True)
class KeysComplete(Event):
    CONTRACT = ("ExamBook",)
    exam_id: int
    challenges_close_at: int


@dataclass(frozen=True)
class Refunded(Event):
    CONTRACT = ("ExamBook",)
    exam_id: int
    owner: Address


@dataclass(frozen=True)
class Sat(Event):
    CONTRACT = ("ExamBook",)
    exam_id: int
    agent_id: AgentId
    owner: Address
    payer: Address
    commitment: Bytes32


@dataclass(frozen=True)
class SectionPosted(Event):
    CONTRACT = ("ExamBook",)
    exam_id: int
    section: int
    agent_id: AgentId
    items_root: Bytes32
    sealed_key: Bytes32
    items_uri: str


@dataclass(frozen=True)
class SittingOpened(Event):
    CONTRACT = ("ExamBook",)
    exam_id: int
    sit_closes_at: int
