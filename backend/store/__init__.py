"""The index in a database: raw events as the truth, and tables derived from them; and the outbox.

Append-only tables (`Appended`) are rolled back by block number, the others (`Folded`) from the
images in `undo`; rows and cursor change in one transaction.
"""

from backend.store.agents import (
    Agent,
    AgentMetadata,
    AlphaOwner,
    Credit,
    Enrolment,
    EvidenceRecord,
    Feedback,
    Ownership,
    Validation,
)
from backend.store.base import Appended, Base, Folded
from backend.store.database import Position, Store, dump, known_blocks, position
from backend.store.exams import (
    CapabilityRecord,
    ExamDoubt,
    ExamGate,
    ExamRecord,
    ExamSection,
    ExamSitting,
    ExamTermsRecord,
)
from backend.store.locks import Duty, Lease
from backend.store.log import AgentEvent, Block, Cursor, Event, Meta, Undo
from backend.store.outbox import OUTBOX, Job, SignedAttempt, Transaction, WriteNonce
from backend.store.phases import phase_at
from backend.store.probe import probe
from backend.store.projection import Projection, forget_undo, roll_back
from backend.store.rounds import (
    AppealRecord,
    Domain,
    LevelRecord,
    ProfileRecord,
    RoundRecord,
    SeatRecord,
)

__all__ = [
    "OUTBOX",
    "Agent",
    "AgentEvent",
    "AgentMetadata",
    "AlphaOwner",
    "AppealRecord",
    "Appended",
    "Base",
    "Block",
    "CapabilityRecord",
    "Credit",
    "Cursor",
    "Domain",
    "Duty",
    "Enrolment",
    "Event",
    "EvidenceRecord",
    "ExamDoubt",
    "ExamGate",
    "ExamRecord",
    "ExamSection",
    "ExamSitting",
    "ExamTermsRecord",
    "Feedback",
    "Folded",
    "Job",
    "Lease",
    "LevelRecord",
    "Meta",
    "Ownership",
    "Position",
    "ProfileRecord",
    "Projection",
    "RoundRecord",
    "SeatRecord",
    "SignedAttempt",
    "Store",
    "Transaction",
    "Undo",
    "Validation",
    "WriteNonce",
    "dump",
    "forget_undo",
    "known_blocks",
    "phase_at",
    "position",
    "probe",
    "roll_back",
]
