"""Agents, their stake, their scores and their history."""

from __future__ import annotations

from pydantic import Field

from backend.api.schemas.common import (
    Address,
    AgentNumber,
    Amount,
    BlockRef,
    EventView,
    Hash,
    Nano,
    Role,
    Shape,
    Time,
)

_REGISTRY = Field(
    description="CAIP-10 name of the identity registry.",
    examples=["eip155:31337:0x5FbDB2315678afecb367f032d93F642f64180aa3"],
)


class StakeView(Shape):
    """What an agent has at stake. `locked` is held by open rounds, out of the other two."""

    bonded: Amount
    unbonding: Amount
    locked: Amount
    unbonds_at: Time | None


class EnrolmentView(Shape):
    """A profile the agent may be drawn for, or could be until `left_at`."""

    profile_id: Hash
    profile_name: str | None
    operator: Address
    enrolled_at: Time
    left_at: Time | None


class OwnerView(Shape):
    owner: Address
    since: Time
    block_number: int
    tx_hash: Hash


class MetadataView(Shape):
    key: str
    value: str = Field(description="0x-hex.")


class CreditView(Shape):
    """What the court owes the owner's account; it is paid when the owner withdraws."""

    account: Address
    credited: Amount
    withdrawn: Amount
    balance: Amount


class AgentSummary(Shape):
    agent_id: AgentNumber
    owner: Address | None
    wallet: Address | None
    uri: str | None = Field(description="Registration file; anybody's text, do not trust it.")
    registered_at: Time | None
    stake: StakeView
    enrolments: list[EnrolmentView]


class AgentDetail(AgentSummary):
    registry: str = _REGISTRY
    owners: list[OwnerView] = Field(description="Oldest first.")
    metadata: list[MetadataView]
    credit: CreditView | None
    block: BlockRef


class AgentPage(Shape):
    registry: str = _REGISTRY
    items: list[AgentSummary]
    next: str | None = Field(description="Give it as `cursor` for the next page.")
    block: BlockRef


class ScoreView(Shape):
    """A score never travels alone. Below the policy's minimum of evidence it is null."""

    domain: Hash
    profile_id: Hash | None
    profile_name: str | None
    role: Role | None
    mean: float | None = Field(description="0 to 1, whole basis points.", examples=[0.8333])
    lower_bound: float | None = Field(
        description="One-sided 95 % Wilson bound, whole basis points.", examples=[0.5971]
    )
    n: float | None = Field(description="Observations, decayed to the block.", examples=[4.0])
    alpha: Nano | None
    beta: Nano | None
    last_update: Time | None
    policy_id: Hash


class ReputationView(Shape):
    registry: str = _REGISTRY
    agent_id: AgentNumber
    owner: Address | None
    scores: list[ScoreView]
    block: BlockRef


class HistoryPage(Shape):
    registry: str = _REGISTRY
    agent_id: AgentNumber
    items: list[EventView] = Field(description="Newest first.")
    next: str | None
    block: BlockRef
