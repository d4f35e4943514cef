"""The deployment, its profiles, and how the server is."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from backend.api.schemas.common import Address, Amount, BlockRef, Hash, Nano, Shape


class PolicyView(Shape):
    """How evidence becomes a score."""

    policy_id: Hash
    half_life_seconds: int
    prior: Nano = Field(description="Added to each side for the mean.")
    minimum: Nano = Field(description="Evidence below which a score is null.")


class NetworkView(Shape):
    chain_id: int
    registry: str = Field(description="CAIP-10 name of the identity registry.")
    first_block: int
    contracts: dict[str, Address]
    parameters: dict[str, Any] = Field(description="As in the deployment file.")
    reputation_policy: PolicyView
    block: BlockRef
    lag_blocks: int | None


class ProfileView(Shape):
    """One recipe and the parameters of its rounds. Windows in seconds, slashes in basis points."""

    profile_id: Hash
    name: str | None
    family: str
    tolerance: int
    committee_size: int
    majority: int
    min_operators: int
    commit_window: int
    open_window: int
    publish_window: int
    max_output_bytes: int
    seat_fee: Amount
    tip: Amount
    fee: Amount = Field(description="What a round costs: every seat's fee and the tip.")
    min_stake: Amount
    seat_lock: Amount
    provider_bond: Amount
    slash_no_commit_bps: int
    slash_no_open_bps: int
    slash_rejected_bps: int
    slash_overturned_bps: int
    appeal_bond: Amount
    appeal_window: int = Field(description="0: verdicts cannot be appealed.")
    audit_bps: int = Field(description="Chance of an appeal by the protocol's own lot.")
    flag_window: int = Field(description="0: what was published cannot be flagged.")
    void_digests: bool = Field(description='Whether a digest that says "no answer" is no claim.')
    evidence_weight: Nano
    calibration_root: Hash
    recipe: str | None = Field(description="The hashed JSON itself; null if it is not UTF-8.")


class ProfileList(Shape):
    items: list[ProfileView]
    block: BlockRef


class Health(Shape):
    status: Literal["ok"] = "ok"
    version: str


class Ready(Shape):
    ready: Literal[True] = True
    indexed_block: int
    head_block: int
    lag_blocks: int


class IndexState(Shape):
    """How far the index is, and what its follower met."""

    leads: bool = Field(description="Whether this replica writes the index; one does.")
    head_block: int | None
    indexed_block: int | None
    lag_blocks: int | None
    silence_seconds: float | None = Field(description="Since the chain answered last.")
    trouble: str | None = Field(description="What goes wrong now; it is tried again.")
    halted: str | None = Field(description="Why the index stopped for good.")
    differences: list[str] = Field(
        description="What the contracts said otherwise at the last comparison."
    )
    comparisons: int
    rollbacks: int


class SubmitterState(Shape):
    paused: str | None = Field(description="Why this replica sends nothing though it should.")
    jobs: dict[str, int] = Field(description="By state, in the outbox that replicas share.")


class NodeState(Shape):
    node: str = Field(description="Its URL without path and credentials.")
    used: bool
    failures: int


class ServerStatus(Shape):
    """How this replica is: the figures of /metrics, with the reasons in sentences."""

    version: str
    ready: bool
    reason: str | None = Field(description="Why /ready says no.")
    index: IndexState
    submitter: SubmitterState | None
    nodes: list[NodeState]


class Stored(Shape):
    """An artifact that was taken."""

    hash: Hash = Field(description="Of a task or bundle its own; of a sealed output outputHash.")
    kind: Literal["task", "sealed", "bundle"]
    size: int
    artifact: str = Field(examples=["/v1/artifacts/0x" + "5b" * 32])
