"""The structs of the contracts as frozen dataclasses: same fields, same order, snake_case names.

`chain.abi` turns ABI tuples into these and back; a test compares each with the contracts' ABI.
Amounts are wei, windows seconds, fractions basis points, evidence nano-evidence (1e9 = one
observation), times Unix seconds of `block.timestamp`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chain.exam_structs import EXAM_STRUCTS
from chain.levels import premium_of
from chain.types import (
    Address,
    AgentId,
    BlockNumber,
    Bytes32,
    Family,
    Phase,
    ProfileId,
    RequestHash,
    SeatState,
    Verdict,
    Wei,
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider signs when it delivers: who may have which work verified until when."""

    client: Address
    agent_id: AgentId
    profile_id: ProfileId
    task_hash: Bytes32
    output_hash: Bytes32
    deadline: int


@dataclass(frozen=True, slots=True)
class SelectionPolicy:
    """ERC-8294 policy; `challenge_kind` carries the profileId, `extensions` is empty."""

    version: int
    selection_size: int
    min_operators: int
    min_responses: int
    deadline_seconds: int
    verdict_mode: int
    challenge_kind: ProfileId
    extensions: bytes


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything a round needs to know of a profile; immutable once registered."""

    family: Family
    tolerance: int
    committee_size: int
    min_operators: int
    commit_window: int
    open_window: int
    publish_window: int
    max_output_bytes: int
    seat_fee: Wei
    tip: Wei
    min_stake: Wei
    evidence_weight: int
    seat_lock: Wei
    provider_bond: Wei
    slash_no_commit_bps: int
    slash_no_open_bps: int
    slash_rejected_bps: int
    slash_overturned_bps: int
    appeal_bond: Wei
    appeal_window: int
    flag_window: int
    audit_bps: int
    void_digests: bool
    calibration_root: Bytes32

    @property
    def fee(self) -> Wei:
        """What a round costs its payer: every seat's fee, the finalizer's tip and the premium."""
        premium = premium_of(self.seat_fee, self.committee_size, self.audit_bps)
        return Wei(self.seat_fee * self.committee_size + self.tip + premium)

    @property
    def majority(self) -> int:
        """M, the seats that decide."""
        return self.committee_size // 2 + 1


@dataclass(frozen=True, slots=True)
class Round:
    """A round as the court answers it: `phase` is the one of the asked block's time.

    Attributes:
        provider: the agent's owner at submit.
        payer: who paid the fee, and gets it back when the round expires.
        open_closes_at: once counted, when that was.
        appeal_closes_at, publish_closes_at: 0 unless the round is in that phase.
        committed, opened: seats, the provider's not counted.
        seat_count: seats really drawn.
        quorum: M, of the committee's full size.
        cluster: bit i is set if seat i belongs to the majority that decided.
        self_verified: the provider's own operator asked or paid, so there is no good evidence.
    """

    agent_id: AgentId
    profile_id: ProfileId
    provider: Address
    payer: Address
    fee: Wei
    bond: Wei
    key: Bytes32
    entropy_block: BlockNumber
    sortition_epoch: int
    commit_closes_at: int
    open_closes_at: int
    appeal_closes_at: int
    publish_closes_at: int
    level: int
    phase: Phase
    verdict: Verdict
    committed: int
    opened: int
    seat_count: int
    quorum: int
    cluster: int
    self_verified: bool


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag on what was published, and the votes so far (bit i is seat i).

    flagger: the zero address if there is none; level: whose seats vote; closes_at: of the phase
    Flagging, or of Voting.
    """

    flagger: Address
    level: int
    closes_at: int
    faulty: int
    sound: int


@dataclass(frozen=True, slots=True)
class Seat:
    """One drawn verifier's place in a round, or the provider's.

    `commitment` is zero once opened, and if it came in a batch; `digest` is zero if it was counted
    at once (`Opened` has it).
    """

    agent_id: AgentId
    state: SeatState
    settled: bool
    lock: Wei
    commitment: Bytes32
    digest: Bytes32


@dataclass(frozen=True, slots=True)
class SignedCommitment:
    """A commitment that anybody may post: an EIP-2098 signature, r and s with v's parity."""

    seat: int
    commitment: Bytes32
    r: Bytes32
    vs: Bytes32


@dataclass(frozen=True, slots=True)
class Opening:
    """An opening that anybody may post who was told the salt."""

    seat: int
    digest: Bytes32
    evidence_hash: Bytes32
    salt: Bytes32


@dataclass(frozen=True, slots=True)
class Batched:
    """A commitment as `commitMany` recorded it."""

    seat: int
    commitment: Bytes32


@dataclass(frozen=True, slots=True)
class SeatRef:
    """A seat of a final round whose account is to be closed."""

    request_hash: RequestHash
    level: int
    seat: int


@dataclass(frozen=True, slots=True)
class Stake:
    """An agent's stake: `locked` is held by open rounds, out of bonded and unbonding.

    unbonds_at, locked_at: Unix seconds; when a round last locked some.
    """

    bonded: Wei
    unbonding: Wei
    locked: Wei
    unbonds_at: int
    locked_at: int


@dataclass(frozen=True, slots=True)
class DrawRequest:
    """What a court asks of the vault: which agents to draw and what to lock of each."""

    profile_id: ProfileId
    epoch: int
    seed: Bytes32
    count: int
    enrolled_before: int
    excluded_operator: Address
    excluded_agent_ids: tuple[AgentId, ...]
    lock_amount: Wei
    ref: Bytes32


@dataclass(frozen=True, slots=True)
class Evidence:
    """Stored Beta evidence of one (agent, domain), not decayed since `updated_at`."""

    alpha: int
    beta: int
    updated_at: int
    owner_tag: int


@dataclass(frozen=True, slots=True)
class Score:
    """A score and what it rests on. Unless `known`, the numbers are 0 and mean nothing."""

    known: bool
    mean_bps: int
    lower_bps: int
    effective_n: int
    alpha: int
    beta: int
    updated_at: int
    policy_id: Bytes32


@dataclass(frozen=True, slots=True)
class MetadataEntry:
    """One key and value of an ERC-8004 registration."""

    metadata_key: str
    metadata_value: bytes


@dataclass(frozen=True, slots=True)
class AnchorTerms:
    """What an anchor is deployed with. Windows: seconds; slots: epochs kept, 0 for all."""

    agent_id: AgentId
    reporter: Address
    profile_id: ProfileId
    window: int
    answer_window: int
    court_window: int
    slots: int
    bond: Wei
    challenge_bond: Wei


@dataclass(frozen=True, slots=True)
class Header:
    """What an epoch of source scores is anchored as; the chain keeps its hash."""

    epoch: int
    published_at: int
    root: Bytes32
    bundle_hash: Bytes32
    words_hash: Bytes32


@dataclass(frozen=True, slots=True)
class SourceScore:
    """What one source has in one domain: a leaf of an epoch's tree. Evidence in nano."""

    source: AgentId
    domain: Bytes32
    alpha: int
    beta: int
    updated_at: int
    known: bool
    mean_bps: int
    lower_bps: int


@dataclass(frozen=True, slots=True)
class Clock:
    """Where an anchor is: its last epoch, and the one whose packed words it holds."""

    latest: int
    applied: int
    words: int
    latest_at: int
    bonded: bool
    disputed: bool


@dataclass(frozen=True, slots=True)
class Dispute:
    """The challenge that an anchor has open. request_hash: zero until the reporter answers."""

    challenger: Address
    deadline: int
    root: Bytes32
    words_hash: Bytes32
    task_hash: Bytes32
    request_hash: RequestHash
    output_hash: Bytes32
    epoch: int


STRUCTS: Final[dict[str, type]] = {
    cls.__name__: cls
    for cls in (
        Receipt,
        SelectionPolicy,
        Profile,
        Round,
        Flag,
        Seat,
        SignedCommitment,
        Opening,
        Batched,
        SeatRef,
        Stake,
        DrawRequest,
        Evidence,
        Score,
        MetadataEntry,
        AnchorTerms,
        Header,
        SourceScore,
        Clock,
        Dispute,
        *EXAM_STRUCTS,
    )
}
"""Solidity struct name → dataclass."""
