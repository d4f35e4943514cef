"""Every event of the contracts as a frozen dataclass; `chain.decoder` makes them from raw logs.

Fields are the ABI's in order, in snake_case; a test compares each class with the ABI of the
contracts named by `CONTRACT`. An indexed string or bytes is its keccak256, as the chain keeps no
more of it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from chain import exam_events as exam_events  # in `EVENTS` by being imported
from chain.event_base import Event as Event
from chain.event_base import Log as Log
from chain.structs import Profile
from chain.types import (
    Address,
    AgentId,
    BlockNumber,
    Bytes32,
    FlagKind,
    ProfileId,
    RequestHash,
    Verdict,
    Wei,
)

# ------------------------------------------------------------------------------ StakeVault, ledger


@dataclass(frozen=True)
class Wired(Event):
    CONTRACT = ("StakeVault", "ReputationLedger", "ExamBook")
    courts: tuple[Address, ...]


@dataclass(frozen=True)
class Halted(Event):
    CONTRACT = ("StakeVault",)


@dataclass(frozen=True)
class Rewarded(Event):
    """Of what a slash took, to the court, for whoever brought it about."""

    CONTRACT = ("StakeVault",)
    agent_id: AgentId
    ref: Bytes32
    amount: Wei


@dataclass(frozen=True)
class SlashedFundsSent(Event):
    CONTRACT = ("StakeVault",)
    treasury: Address
    amount: Wei


@dataclass(frozen=True)
class Staked(Event):
    CONTRACT = ("StakeVault",)
    agent_id: AgentId
    amount: Wei
    bonded: Wei


@dataclass(frozen=True)
class UnstakeRequested(Event):
    CONTRACT = ("StakeVault",)
    agent_id: AgentId
    amount: Wei
    bonded: Wei
    unbonds_at: int


@dataclass(frozen=True)
class Unstaked(Event):
    CONTRACT = ("StakeVault",)
    agent_id: AgentId
    to: Address
    amount: Wei


@dataclass(frozen=True)
class Enrolled(Event):
    CONTRACT = ("StakeVault",)
    agent_id: AgentId
    profile_id: ProfileId
    operator: Address


@dataclass(frozen=True)
class Left(Event):
    CONTRACT = ("StakeVault",)
    agent_id: AgentId
    profile_id: ProfileId
    operator: Address


@dataclass(frozen=True)
class Locked(Event):
    CONTRACT = ("StakeVault",)
    agent_id: AgentId
    ref: Bytes32
    amount: Wei


@dataclass(frozen=True)
class Released(Event):
    CONTRACT = ("StakeVault",)
    agent_id: AgentId
    ref: Bytes32
    amount: Wei
    slashed: Wei


@dataclass(frozen=True)
class EvidenceRecorded(Event):
    CONTRACT = ("ReputationLedger",)
    agent_id: AgentId
    domain: Bytes32
    owner: Address
    alpha_added: int
    beta_added: int
    alpha: int
    beta: int


@dataclass(frozen=True)
class ProfileRegistered(Event):
    CONTRACT = ("ProfileRegistry",)
    profile_id: ProfileId
    recipe: bytes
    profile: Profile


# ------------------------------------------------------------------------------ VerificationRounds


@dataclass(frozen=True)
class RequestAccepted(Event):
    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    policy: bytes
    price_wei: Wei


@dataclass(frozen=True)
class ValidatorsSelected(Event):
    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    validators: tuple[Address, ...]
    selection_entropy: Bytes32


@dataclass(frozen=True)
class AttestationsAggregated(Event):
    """ERC-8294: what a level's seats attest; `chain.attestations` has the root."""

    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    validators: tuple[Address, ...]
    attestations_root: Bytes32
    aggregated_verdict: int


@dataclass(frozen=True)
class RoundSubmitted(Event):
    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    agent_id: AgentId
    profile_id: ProfileId
    client: Address
    payer: Address
    task_hash: Bytes32
    output_hash: Bytes32
    task_uri: str
    entropy_block: BlockNumber
    fee: Wei
    bond: Wei


@dataclass(frozen=True)
class DrawPostponed(Event):
    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    entropy_block: BlockNumber


@dataclass(frozen=True)
class CommitteeDrawn(Event):
    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    level: int
    key: Bytes32
    agent_ids: tuple[AgentId, ...]
    operators: tuple[Address, ...]
    commit_closes_at: int


@dataclass(frozen=True)
class Committed(Event):
    """At the round's present level; `CommitteeDrawn` says whose seat it is."""

    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    seat: int
    commitment: Bytes32


@dataclass(frozen=True)
class EntrySkipped(Event):
    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    level: int
    seat: int
    reason: bytes


@dataclass(frozen=True)
class Opened(Event):
    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    agent_id: AgentId
    level: int
    seat: int
    digest: Bytes32
    evidence_hash: Bytes32


@dataclass(frozen=True)
class Tallied(Event):
    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    level: int
    verdict: Verdict
    opened: int
    agreeing: int
    cluster: int
    appeal_closes_at: int
    publish_closes_at: int


@dataclass(frozen=True)
class Appealed(Event):
    """A level that follows another; `appellant` is zero if the protocol itself asks."""

    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    level: int
    appellant: Address
    fees: Wei
    bond: Wei
    entropy_block: BlockNumber


@dataclass(frozen=True)
class AppealVoid(Event):
    """Too few could be drawn for the level; the verdict of the one before stands."""

    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    level: int


@dataclass(frozen=True)
class AcceptedForGood(Event):
    """Nothing can follow but publishing, from now on."""

    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    level: int
    publish_closes_at: int


@dataclass(frozen=True)
class OutputPublished(Event):
    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    content_hash: Bytes32
    salt: Bytes32
    output: bytes


@dataclass(frozen=True)
class OutputReferenced(Event):
    """Where the output is, instead of its bytes."""

    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    content_hash: Bytes32
    salt: Bytes32
    uri: str


@dataclass(frozen=True)
class FlagsOpened(Event):
    """What was published can be flagged."""

    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    closes_at: int


@dataclass(frozen=True)
class Flagged(Event):
    """The seats of `level` say until `closes_at` whether anything is wrong."""

    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    flagger: Address
    kind: FlagKind
    level: int
    bond: Wei
    closes_at: int


@dataclass(frozen=True)
class Voted(Event):
    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    agent_id: AgentId
    level: int
    seat: int
    faulty: bool


@dataclass(frozen=True)
class FlagClosed(Event):
    """`returned` of the bond; the flagger's share of a slash is in `Rewarded` of the vault."""

    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    upheld: bool
    returned: Wei


@dataclass(frozen=True)
class SeatSettled(Event):
    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    agent_id: AgentId
    level: int
    seat: int
    paid: Wei
    slashed: Wei


@dataclass(frozen=True)
class ProviderSettled(Event):
    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    agent_id: AgentId
    slashed: Wei


@dataclass(frozen=True)
class RoundFinalized(Event):
    CONTRACT = ("VerificationRounds",)
    request_hash: RequestHash
    verdict: Verdict
    tag: str
    finalizer: Address


@dataclass(frozen=True)
class Credited(Event):
    CONTRACT = ("ExamBook", "ReliabilityAnchor", "VerificationRounds")
    account: Address
    amount: Wei


@dataclass(frozen=True)
class Withdrawn(Event):
    CONTRACT = ("ExamBook", "ReliabilityAnchor", "VerificationRounds")
    account: Address
    amount: Wei


# ------------------------------------------------------------------------------ ERC-8004


@dataclass(frozen=True)
class Transfer(Event):
    CONTRACT = ("IdentityRegistry",)
    from_: Address
    to: Address
    token_id: AgentId


@dataclass(frozen=True)
class Registered(Event):
    CONTRACT = ("IdentityRegistry",)
    agent_id: AgentId
    agent_uri: str
    owner: Address


@dataclass(frozen=True)
class MetadataSet(Event):
    CONTRACT = ("IdentityRegistry",)
    agent_id: AgentId
    indexed_metadata_key: Bytes32
    metadata_key: str
    metadata_value: bytes


@dataclass(frozen=True)
class URIUpdated(Event):
    CONTRACT = ("IdentityRegistry",)
    agent_id: AgentId
    new_uri: str
    updated_by: Address


@dataclass(frozen=True)
class NewFeedback(Event):
    CONTRACT = ("ReputationRegistry",)
    agent_id: AgentId
    client_address: Address
    feedback_index: int
    value: int
    value_decimals: int
    indexed_tag1: Bytes32
    tag1: str
    tag2: str
    endpoint: str
    feedback_uri: str
    feedback_hash: Bytes32


@dataclass(frozen=True)
class FeedbackRevoked(Event):
    CONTRACT = ("ReputationRegistry",)
    agent_id: AgentId
    client_address: Address
    feedback_index: int


@dataclass(frozen=True)
class ResponseAppended(Event):
    CONTRACT = ("ReputationRegistry",)
    agent_id: AgentId
    client_address: Address
    feedback_index: int
    responder: Address
    response_uri: str
    response_hash: Bytes32


@dataclass(frozen=True)
class ValidationRequest(Event):
    CONTRACT = ("ValidationRegistry",)
    validator_address: Address
    agent_id: AgentId
    request_uri: str
    request_hash: RequestHash


@dataclass(frozen=True)
class ValidationResponse(Event):
    CONTRACT = ("ValidationRegistry",)
    validator_address: Address
    agent_id: AgentId
    request_hash: RequestHash
    response: int
    response_uri: str
    response_hash: Bytes32
    tag: str


# ------------------------------------------------------------------------------ FeedbackPublisher


@dataclass(frozen=True)
class FeedbackPublished(Event):
    CONTRACT = ("FeedbackPublisher",)
    request_hash: RequestHash
    agent_id: AgentId
    value: int


# ------------------------------------------------------------------------------ ReliabilityAnchor


@dataclass(frozen=True)
class Anchored(Event):
    CONTRACT = ("ReliabilityAnchor",)
    epoch: int
    published_at: int
    root: Bytes32
    bundle_hash: Bytes32
    words_hash: Bytes32


@dataclass(frozen=True)
class WordsApplied(Event):
    CONTRACT = ("ReliabilityAnchor",)
    epoch: int
    words: int


@dataclass(frozen=True)
class SourceListed(Event):
    CONTRACT = ("ReliabilityAnchor",)
    index: int
    source: AgentId
    domain: Bytes32


@dataclass(frozen=True)
class Bonded(Event):
    CONTRACT = ("ReliabilityAnchor",)
    amount: Wei


@dataclass(frozen=True)
class BondReleased(Event):
    CONTRACT = ("ReliabilityAnchor",)
    amount: Wei


@dataclass(frozen=True)
class Challenged(Event):
    CONTRACT = ("ReliabilityAnchor",)
    epoch: int
    challenger: Address
    answer_by: int


@dataclass(frozen=True)
class Answered(Event):
    CONTRACT = ("ReliabilityAnchor",)
    epoch: int
    request_hash: RequestHash
    decide_by: int


@dataclass(frozen=True)
class Upheld(Event):
    CONTRACT = ("ReliabilityAnchor",)
    epoch: int


@dataclass(frozen=True)
class RolledBack(Event):
    """`proven`: the root was proven false, or nobody answered for it; else there was no verdict."""

    CONTRACT = ("ReliabilityAnchor",)
    first: int
    last: int
    proven: bool


EVENTS: Final[tuple[type[Event], ...]] = tuple(Event.__subclasses__())
"""All event classes."""

# Emitted by the contracts' OpenZeppelin bases and of no consequence for Assay.
IGNORED: Final = frozenset(
    {
        "Approval",
        "ApprovalForAll",
        "BatchMetadataUpdate",
        "CallExecuted",
        "CallSalt",
        "CallScheduled",
        "Cancelled",
        "EIP712DomainChanged",
        "MetadataUpdate",
        "MinDelayChange",
        "OwnershipTransferStarted",
        "OwnershipTransferred",
        "RoleAdminChanged",
        "RoleGranted",
        "RoleRevoked",
    }
)


# Code that the court runs at its own address, so that its events are the court's.
PIECES: Final = frozenset({"CourtIntake", "CourtDraws", "CourtSettlement"})


def field_names(cls: type[Event]) -> list[str]:
    """The event's own fields, in the ABI's order."""
    return [field.name for field in fields(cls) if field.name != "log"]
