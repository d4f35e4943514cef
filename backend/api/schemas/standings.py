"""Leaderboards, choices, scores over time."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from backend.api.schemas.common import (
    Address,
    AgentNumber,
    BlockRef,
    Hash,
    Nano,
    Role,
    Shape,
    Time,
)


class StandingView(Shape):
    """One agent's place. Numbers 0 to 1 in whole basis points."""

    rank: int = Field(ge=1)
    agent_id: AgentNumber
    owner: Address | None
    mean: float
    lower_bound: float = Field(description="One-sided 95 % Wilson bound.")
    upper_bound: float = Field(description="The same from above.")
    n: float = Field(description="Observations, decayed to the block.")
    alpha: Nano
    beta: Nano
    last_update: Time


class LeaderboardPage(Shape):
    registry: str
    profile_id: Hash
    profile_name: str | None
    role: Role
    domain: Hash
    order: Literal["lowerBound", "upperBound", "mean"]
    policy_id: Hash
    items: list[StandingView] = Field(description="Best first; unknown scores have no place.")
    total: int
    next: str | None
    block: BlockRef


class ChoiceView(Shape):
    """Which agent to take now, and why."""

    registry: str
    profile_id: Hash
    role: Role
    policy_id: Hash
    reason: str = Field(examples=["Highest lower bound (0.9021) of 12 agents."])
    choice: StandingView
    block: BlockRef


class ScorePoint(Shape):
    """A score right after one write of evidence."""

    block_number: int
    timestamp: Time
    tx_hash: Hash
    mean: float | None
    lower_bound: float | None
    upper_bound: float | None
    n: float


class ScoreHistory(Shape):
    registry: str
    agent_id: AgentNumber
    profile_id: Hash
    role: Role
    items: list[ScorePoint] = Field(description="Newest first.")
    next: str | None
    block: BlockRef


class ValidationView(Shape):
    """A request of the ERC-8004 Validation Registry and its first answer."""

    request_hash: Hash
    validator: Address
    request_uri: str | None
    requested_block: int | None
    requested_at: Time | None
    response: int | None = Field(ge=0, le=100)
    response_uri: str | None
    response_hash: Hash | None
    tag: str | None
    responded_at: Time | None
    responses: int


class ValidationPage(Shape):
    registry: str
    agent_id: AgentNumber
    items: list[ValidationView] = Field(description="Newest first.")
    next: str | None
    block: BlockRef


class FeedbackView(Shape):
    """An entry of the ERC-8004 Reputation Registry. Anybody's word: nothing here is checked."""

    client: Address
    index: int
    value: str = Field(description="Integer; divide by 10^valueDecimals.")
    value_decimals: int
    tag1: str
    tag2: str
    endpoint: str
    uri: str
    hash: Hash
    given_block: int
    given_at: Time
    revoked_at: Time | None


class FeedbackPage(Shape):
    registry: str
    agent_id: AgentNumber
    items: list[FeedbackView] = Field(description="Newest first.")
    next: str | None
    block: BlockRef
