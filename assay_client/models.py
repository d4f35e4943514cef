"""Answers of the API. Names and fields are those of its OpenAPI document; a test compares them.

Hashes are 0x-hex, wei and nano-evidence decimal strings, times Unix seconds of the chain.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

Finality = Literal["head", "finalized"]
Role = Literal["provider", "verifier"]
Order = Literal["lowerBound", "upperBound", "mean"]


class BlockRef(TypedDict):
    number: int
    hash: str
    timestamp: int
    finality: Finality
    finalizedNumber: int


class ScoreView(TypedDict):
    domain: str
    profileId: str | None
    profileName: str | None
    role: Role | None
    mean: float | None
    lowerBound: float | None
    n: float | None
    alpha: str | None
    beta: str | None
    lastUpdate: int | None
    policyId: str


class ReputationView(TypedDict):
    registry: str
    agentId: int
    owner: str | None
    scores: list[ScoreView]
    block: BlockRef


class StandingView(TypedDict):
    rank: int
    agentId: int
    owner: str | None
    mean: float
    lowerBound: float
    upperBound: float
    n: float
    alpha: str
    beta: str
    lastUpdate: int


class LeaderboardPage(TypedDict):
    registry: str
    profileId: str
    profileName: str | None
    role: Role
    domain: str
    order: Order
    policyId: str
    items: list[StandingView]
    total: int
    next: str | None
    block: BlockRef


class ChoiceView(TypedDict):
    registry: str
    profileId: str
    role: Role
    policyId: str
    reason: str
    choice: StandingView
    block: BlockRef


class PolicyView(TypedDict):
    policyId: str
    halfLifeSeconds: int
    prior: str
    minimum: str


class NetworkView(TypedDict):
    chainId: int
    registry: str
    firstBlock: int
    contracts: dict[str, str]
    parameters: dict[str, Any]
    reputationPolicy: PolicyView
    block: BlockRef
    lagBlocks: int | None


class RoundSummary(TypedDict):
    requestHash: str
    agentId: int
    profileId: str
    profileName: str | None
    client: str
    phase: str
    verdict: str | None
    finality: Finality
    submittedAt: int
    submittedBlock: int
    finalAt: int | None
    explanation: str


class EventView(TypedDict):
    name: str
    contract: str
    blockNumber: int
    timestamp: int | None
    logIndex: int
    txHash: str
    requestHash: str | None
    arguments: dict[str, Any]
