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
from backend.store.database import (
    Position,
    Store,
    dump,
    forget_rows,
    known_blocks,
    position,
)
from backend.store.exams import (
    CapabilityRecord,
    ExamDoubt,
    ExamGate,
    ExamRecord,
    ExamSection,
    ExamSheet,
    ExamSitting,
    ExamTermsRecord,
)
from backend.store.locks import Duty, Lease
from backend.store.log import AgentEvent, Block, Cursor, Event, Meta, Undo
from backend.store.outbox import OUTBOX, Job, SignedAttempt, Transaction, WriteNonce
from backend.store.phases import phase_at
from backend.store.probe import probe
from backend.store.projection import Projection, forget_undo, missing, roll_back
from backend.store.reading import Reading
from backend.store.relay import RelayEntry
from backend.store.rounds import (
    AppealRecord,
    Domain,
    FlagRecord,
    LevelRecord,
    ProfileRecord,
    RoundRecord,
    SeatRecord,
)
from backend.store.sources import (
    THE_CLOCK,
    AnchorClock,
    AnchorCredit,
    CheckedBundle,
    EpochChallenge,
    EpochRecord,
    ListedSource,
    SourceEntry,
)

__all__ = [
    "OUTBOX",
    "THE_CLOCK",
    "Agent",
    "AgentEvent",
    "AgentMetadata",
    "AlphaOwner",
    "AnchorClock",
    "AnchorCredit",
    "AppealRecord",
    "Appended",
    "Base",
    "Block",
    "CapabilityRecord",
    "CheckedBundle",
    "Credit",
    "Cursor",
    "Domain",
    "Duty",
    "Enrolment",
    "EpochChallenge",
    "EpochRecord",
    "Event",
    "EvidenceRecord",
    "ExamDoubt",
    "ExamGate",
    "ExamRecord",
    "ExamSection",
    "ExamSheet",
    "ExamSitting",
    "ExamTermsRecord",
    "Feedback",
    "FlagRecord",
    "Folded",
    "Job",
    "Lease",
    "LevelRecord",
    "ListedSource",
    "Meta",
    "Ownership",
    "Position",
    "ProfileRecord",
    "Projection",
    "Reading",
    "RelayEntry",
    "RoundRecord",
    "SeatRecord",
    "SignedAttempt",
    "SourceEntry",
    "Store",
    "Transaction",
    "Undo",
    "Validation",
    "WriteNonce",
    "dump",
    "forget_rows",
    "forget_undo",
    "known_blocks",
    "missing",
    "phase_at",
    "position",
    "probe",
    "roll_back",
]
