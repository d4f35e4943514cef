"""Source reliability: epochs of scores, their evidence and challenges, and scores with proofs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from backend.api.schemas.common import (
    Address,
    AgentNumber,
    Amount,
    BlockRef,
    Finality,
    Hash,
    Nano,
    Shape,
    Time,
)

EpochState = Literal["open", "final", "disputed", "rolledBack"]
BundleState = Literal["missing", "unchecked", "holds", "false"]
Outcome = Literal["upheld", "proven", "undecided"]


class AnchorView(Shape):
    """The contract that epochs are anchored in, and its reporter."""

    contract: Address
    agent_id: AgentNumber = Field(description="The reporter's.")
    reporter: Address
    profile_id: Hash = Field(description="How a challenged root is recomputed.")
    window: int = Field(description="Seconds in which an epoch may be challenged.")
    answer_window: int
    court_window: int
    slots: int = Field(description="Latest epochs that the contract keeps; 0 for all.")
    bond: Amount
    challenge_bond: Amount
    bonded: bool = Field(description="Whether the reporter's bond is there: without it, no epoch.")
    latest: int = Field(description="The epoch published last, 0 before any.")


class RulesView(Shape):
    """What scores of an epoch go by: the reputation policy, and the cap on one asker."""

    half_life_seconds: int
    prior: Nano
    minimum: Nano
    asker_cap: Nano = Field(description="Evidence per asker, source, domain and epoch.")


class BundleView(Shape):
    """The evidence of an epoch.

    `missing`: this server has not got it; ask the reporter, and challenge the epoch if nobody has.
    `false`: it is here, and what was anchored does not follow from it.
    """

    hash: Hash
    state: BundleState
    problem: str | None = Field(description="Why it is false.")
    artifact: str | None = Field(description="Where its bytes are.")
    size: int | None
    items: int | None = Field(description="Pieces of signed evidence.")
    entries: int | None = Field(description="Scores: one for each source and domain.")
    ended_at: Time | None = Field(description="The moment that the scores are of.")
    rules: RulesView | None


class ChallengeView(Shape):
    """A doubt about an epoch. `outcome` is null while it is open."""

    number: int
    challenger: Address
    challenged_at: Time
    answer_by: Time
    request_hash: Hash | None = Field(description="The round about it; null until answered.")
    decide_by: Time | None
    outcome: Outcome | None
    settled_at: Time | None


class EpochView(Shape):
    """One epoch as anchored. The first five fields are the contract's `Header`.

    `open`: it may still be challenged. Contracts read epochs that are `final` and `kept` only.
    """

    epoch: int = Field(ge=1)
    published_at: Time
    root: Hash
    bundle_hash: Hash
    words_hash: Hash
    previous_root: Hash
    state: EpochState
    final_at: Time | None = Field(description="End of its window; null once it was rolled back.")
    kept: bool = Field(description="Whether the contract still has it.")
    rolled_back_at: Time | None
    proven: bool | None = Field(description="Of one rolled back: whether it was proven false.")
    words_applied_at: Time | None
    block_number: int
    tx_hash: Hash
    finality: Finality = Field(description="Whether its block can still be reorganised (head).")
    bundle: BundleView
    challenges: list[ChallengeView] = Field(description="Oldest first.")


class EpochPage(Shape):
    anchor: AnchorView | None = Field(description="Null where the deployment has none.")
    items: list[EpochView] = Field(description="Newest first.")
    next: str | None
    block: BlockRef


class EpochDetail(EpochView):
    anchor: AnchorView
    block: BlockRef


class SourceScoreView(Shape):
    """A source's score in one domain and epoch. Mean and bounds are null where not known."""

    agent_id: AgentNumber
    domain: Hash
    mean: float | None
    lower_bound: float | None
    upper_bound: float | None
    n: float = Field(description="Observations that the score rests on, after decay.")
    alpha: Nano
    beta: Nano
    last_update: Time = Field(description="Of its evidence; alpha and beta are of that moment.")


class ProvedScoreView(SourceScoreView):
    proof: dict[str, Any] = Field(
        description="`assay/score-proof/1`: what `assay verify score` and the contract check."
    )


class SourcePage(Shape):
    epoch: EpochView | None = Field(description="Null where none can be read yet.")
    items: list[SourceScoreView] = Field(description="By agentId and domain.")
    next: str | None
    block: BlockRef


class SourceView(Shape):
    registry: str
    agent_id: AgentNumber
    epoch: EpochView | None = Field(description="Null where none can be read yet.")
    scores: list[ProvedScoreView] = Field(description="By domain; empty without a score there.")
    domains: list[Hash] = Field(description="Every domain it ever had a score in.")
    block: BlockRef


class SourcePoint(Shape):
    """A source's score in one epoch; all null where it had none."""

    epoch: int
    state: EpochState
    ended_at: Time | None
    mean: float | None
    lower_bound: float | None
    upper_bound: float | None
    n: float | None


class SourceHistory(Shape):
    agent_id: AgentNumber
    domain: Hash
    items: list[SourcePoint] = Field(description="Newest first.")
    next: str | None
    block: BlockRef
