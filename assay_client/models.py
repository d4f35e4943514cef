"""Answers of the API. Names and fields are those of its OpenAPI document; a test compares them.

Hashes are 0x-hex, wei and nano-evidence decimal strings, times Unix seconds of the chain.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

Finality = Literal["head", "finalized"]
Role = Literal["provider", "verifier"]
Order = Literal["lowerBound", "upperBound", "mean"]
ExamStage = Literal["preparing", "sitting", "opening", "doubting", "grading", "concluded", "void"]
EpochState = Literal["open", "final", "disputed", "rolledBack"]
BundleState = Literal["missing", "unchecked", "holds", "false"]


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


class IndexState(TypedDict):
    leads: bool
    headBlock: int | None
    indexedBlock: int | None
    lagBlocks: int | None
    silenceSeconds: float | None
    trouble: str | None
    halted: str | None
    differences: list[str]
    comparisons: int
    rollbacks: int


class SubmitterState(TypedDict):
    paused: str | None
    jobs: dict[str, int]


class NodeState(TypedDict):
    node: str
    used: bool
    failures: int


class ServerStatus(TypedDict):
    version: str
    ready: bool
    reason: str | None
    index: IndexState
    submitter: SubmitterState | None
    nodes: list[NodeState]


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


class ExamView(TypedDict):
    examId: int
    profileId: str
    profileName: str | None
    stage: ExamStage
    stageEndsAt: int | None
    announcedAt: int
    endedAt: int | None
    fee: str | None
    sections: int
    itemsPerSection: int | None
    mark: int | None
    sectionMark: int | None
    candidates: int
    graded: int
    openDoubts: int


class CapabilityView(TypedDict):
    profileId: str
    profileName: str | None
    owner: str
    grantedAt: int
    until: int
    valid: bool


class CapabilityList(TypedDict):
    agentId: int
    items: list[CapabilityView]
    gates: dict[str, int]
    block: BlockRef


class AnchorView(TypedDict):
    contract: str
    agentId: int
    reporter: str
    profileId: str
    window: int
    answerWindow: int
    courtWindow: int
    slots: int
    bond: str
    challengeBond: str
    bonded: bool
    latest: int


class RulesView(TypedDict):
    halfLifeSeconds: int
    prior: str
    minimum: str
    askerCap: str


class BundleView(TypedDict):
    hash: str
    state: BundleState
    problem: str | None
    artifact: str | None
    size: int | None
    items: int | None
    entries: int | None
    endedAt: int | None
    rules: RulesView | None


class ChallengeView(TypedDict):
    number: int
    challenger: str
    challengedAt: int
    answerBy: int
    requestHash: str | None
    decideBy: int | None
    outcome: Literal["upheld", "proven", "undecided"] | None
    settledAt: int | None


class EpochView(TypedDict):
    epoch: int
    publishedAt: int
    root: str
    bundleHash: str
    wordsHash: str
    previousRoot: str
    state: EpochState
    finalAt: int | None
    kept: bool
    rolledBackAt: int | None
    proven: bool | None
    wordsAppliedAt: int | None
    blockNumber: int
    txHash: str
    finality: Finality
    bundle: BundleView
    challenges: list[ChallengeView]


class EpochDetail(EpochView):
    anchor: AnchorView
    block: BlockRef


class SourceScoreView(TypedDict):
    agentId: int
    domain: str
    mean: float | None
    lowerBound: float | None
    upperBound: float | None
    n: float
    alpha: str
    beta: str
    lastUpdate: int


class ProvedScoreView(SourceScoreView):
    proof: dict[str, Any]


class SourceView(TypedDict):
    registry: str
    agentId: int
    epoch: EpochView | None
    scores: list[ProvedScoreView]
    domains: list[str]
    block: BlockRef


class SourcePoint(TypedDict):
    epoch: int
    state: EpochState
    endedAt: int | None
    mean: float | None
    lowerBound: float | None
    upperBound: float | None
    n: float | None
