"""Rounds with all their evidence."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from backend.api.schemas.common import (
    Address,
    AgentNumber,
    Amount,
    BlockRef,
    EventView,
    Finality,
    Hash,
    Shape,
    Time,
)

PhaseName = Literal[
    "Drawing",
    "Committing",
    "Opening",
    "Tallying",
    "Appealing",
    "Publishing",
    "Flagging",
    "Voting",
    "Final",
]
VerdictName = Literal["Accepted", "Rejected", "Inconclusive", "Expired"]


class RoundSummary(Shape):
    request_hash: Hash
    agent_id: AgentNumber
    profile_id: Hash
    profile_name: str | None
    client: Address
    phase: PhaseName
    verdict: VerdictName | None = Field(description="Null until the round is final.")
    finality: Finality = Field(description="Whether the round's last step can be rolled back.")
    submitted_at: Time
    submitted_block: int
    final_at: Time | None
    explanation: str = Field(
        examples=[
            "Accepted: 4 of 5 verifiers came within 20 bits of the provider's digest"
            " (distances 0, 2, 3, 3); 3 were needed."
        ]
    )


class RoundPage(Shape):
    items: list[RoundSummary] = Field(description="Newest first.")
    next: str | None
    block: BlockRef


class ReceiptView(Shape):
    """What the provider signed; the signature is in the calldata of `submitted_tx`."""

    client: Address
    agent_id: AgentNumber
    profile_id: Hash
    task_hash: Hash
    output_hash: Hash


class TaskView(Shape):
    hash: Hash
    uri: str
    artifact: str | None = Field(description="Where this API has it, hash checked; null if not.")


class OutputView(Shape):
    hash: Hash = Field(description="keccak256(abi.encode(salt, contentHash)), from the receipt.")
    content_hash: Hash | None
    salt: Hash | None
    uri: str | None = Field(description="Where the provider says it is; null: in calldata.")
    artifact: str | None
    published_at: Time | None
    published_tx: Hash | None


class ClaimView(Shape):
    """What the provider committed and opened, like a seat, but not counted as one."""

    agent_id: AgentNumber
    commitment: Hash | None
    committed_at: Time | None
    committed_tx: Hash | None
    digest: Hash | None
    evidence_hash: Hash | None
    opened_at: Time | None
    opened_tx: Hash | None


class SeatView(ClaimView):
    seat: int
    operator: Address | None
    distance: int | None = Field(description="Bits between this digest and the claim, 0 to 256.")
    agrees: bool | None = Field(description="Within the tolerance of the claim.")
    in_cluster: bool | None = Field(description="In the majority that is paid.")
    paid: Amount | None
    slashed: Amount | None
    settled_tx: Hash | None


class TallyView(Shape):
    """What the contract counted. For Accepted the provider still has to publish."""

    verdict: VerdictName
    opened: list[int] = Field(description="Seats.")
    agreeing: list[int] = Field(description="Seats within tolerance of the claim.")
    cluster: list[int] = Field(description="Seats of the majority that is paid.")
    tallied_at: Time
    tx_hash: Hash


class LevelView(Shape):
    """One committee: its key, its windows, its seats and its count."""

    level: int
    key: Hash
    committee_size: int
    majority: int
    drawn_at: Time
    drawn_tx: Hash
    commit_closes_at: Time
    open_closes_at: Time
    appeal_closes_at: Time | None
    publish_closes_at: Time | None
    claim: ClaimView
    seats: list[SeatView]
    tally: TallyView | None


class AppealView(Shape):
    """Why there is a level above the first."""

    level: int
    appellant: Address | None = Field(description="Null: the protocol itself, by lot.")
    fees: Amount
    bond: Amount
    void: bool = Field(description="Too few could be drawn; the verdict before it stands.")
    appealed_at: Time
    appealed_tx: Hash


class FlagView(Shape):
    """What somebody says is wrong with what was published, and what the committee says to that."""

    flagger: Address
    kind: Literal["Unavailable", "Mismatch", "Claim"] = Field(
        description="A hint; the committee says whether anything is wrong."
    )
    level: int = Field(description="Whose seats vote.")
    bond: Amount
    closes_at: Time
    faulty: list[int] = Field(description="Seats that say that something is wrong.")
    sound: list[int] = Field(description="Seats that say that nothing is.")
    upheld: bool | None = Field(description="Null until the vote is over.")
    returned: Amount | None = Field(description="Of the bond, to the flagger.")
    flagged_at: Time
    flagged_tx: Hash


class SettlementView(Shape):
    provider_slashed: Amount | None
    finalizer: Address | None
    tag: str | None
    final_at: Time | None
    final_block: int | None
    final_tx: Hash | None


class RoundDetail(RoundSummary):
    family: str
    tolerance: int
    receipt: ReceiptView
    payer: Address
    fee: Amount
    bond: Amount
    task: TaskView
    output: OutputView
    entropy_block: int
    postponements: int
    submitted_tx: Hash
    levels: list[LevelView]
    appeals: list[AppealView] = Field(description="One for each level above the first.")
    flags_close_at: Time | None = Field(description="Until when what was published can be flagged.")
    flag: FlagView | None
    settlement: SettlementView
    events: list[EventView] = Field(description="Oldest first.")
    block: BlockRef


class EventPage(Shape):
    items: list[EventView] = Field(description="Newest first.")
    next: str | None
    block: BlockRef
