"""Tables of agents: identity, stake, enrolments, reputation, and what others say of them."""

from __future__ import annotations

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.store.base import Appended, Folded
from backend.store.types import Address, Hash, Uint


class Agent(Folded):
    """An ERC-8004 identity with its stake. Amounts in wei.

    The registry may be older than the deployment: what an agent did before is null until an event
    tells it.
    """

    __tablename__ = "agents"

    agent_id: Mapped[Uint] = mapped_column(primary_key=True)
    owner: Mapped[Address | None] = mapped_column(index=True)
    uri: Mapped[str | None]
    wallet: Mapped[Address | None]
    registered_block: Mapped[int | None]
    registered_at: Mapped[int | None]
    bonded: Mapped[Uint]
    unbonding: Mapped[Uint]
    locked: Mapped[Uint]
    unbonds_at: Mapped[int | None]
    """As of the last request to unstake; means nothing once nothing is unbonding."""


class Ownership(Appended):
    """Each owner an agent has had, the first included. Good evidence belongs to (agent, owner)."""

    __tablename__ = "ownerships"
    __table_args__ = (Index("ix_ownerships_agent", "agent_id", "block_number", "log_index"),)

    agent_id: Mapped[Uint]
    owner: Mapped[Address]
    timestamp: Mapped[int]
    tx_hash: Mapped[Hash]


class AgentMetadata(Folded):
    """The latest value of each ERC-8004 metadata key. Keys are of any length, hence the hash."""

    __tablename__ = "agent_metadata"

    agent_id: Mapped[Uint] = mapped_column(primary_key=True)
    key_hash: Mapped[Hash] = mapped_column(primary_key=True)
    key: Mapped[str]
    value: Mapped[bytes]


class Enrolment(Folded):
    """Whether an agent may be drawn for a profile; `left_at` is null while it may."""

    __tablename__ = "enrolments"

    agent_id: Mapped[Uint] = mapped_column(primary_key=True)
    profile_id: Mapped[Hash] = mapped_column(primary_key=True, index=True)
    operator: Mapped[Address]
    enrolled_at: Mapped[int]
    left_at: Mapped[int | None]


class EvidenceRecord(Appended):
    """One write of the reputation ledger. Nano-evidence; `alpha` and `beta` are its new state.

    `owner` is whom the write was for, `alpha_owner` to whom the ledger's `alpha` now belongs: they
    differ when the agent was sold between a round's beginning and its end.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_latest", "agent_id", "domain", "block_number", "log_index"),
        Index("ix_evidence_domain", "domain", "agent_id", "block_number", "log_index"),
    )

    agent_id: Mapped[Uint]
    domain: Mapped[Hash]
    owner: Mapped[Address]
    alpha_owner: Mapped[Address | None]
    alpha_added: Mapped[Uint]
    beta_added: Mapped[Uint]
    alpha: Mapped[Uint]
    beta: Mapped[Uint]
    timestamp: Mapped[int]
    tx_hash: Mapped[Hash]


class AlphaOwner(Folded):
    """To whom the good evidence of an agent in a domain belongs."""

    __tablename__ = "alpha_owners"

    agent_id: Mapped[Uint] = mapped_column(primary_key=True)
    domain: Mapped[Hash] = mapped_column(primary_key=True)
    owner: Mapped[Address | None]


class Validation(Folded):
    """A request in the ERC-8004 Validation Registry and its canonical answer.

    Canonical is the first response (ERC-8294: the terminal response); later ones only count.
    """

    __tablename__ = "validations"
    __table_args__ = (Index("ix_validations_agent", "agent_id", "requested_block"),)

    request_hash: Mapped[Hash] = mapped_column(primary_key=True)
    agent_id: Mapped[Uint]
    validator: Mapped[Address]
    request_uri: Mapped[str | None]
    requested_block: Mapped[int | None]
    requested_at: Mapped[int | None]
    response: Mapped[int | None]
    response_uri: Mapped[str | None]
    response_hash: Mapped[Hash | None]
    tag: Mapped[str | None]
    responded_at: Mapped[int | None]
    responses: Mapped[int]


class Feedback(Folded):
    """One entry of the ERC-8004 Reputation Registry: `value` / 10**`value_decimals`."""

    __tablename__ = "feedback"
    __table_args__ = (Index("ix_feedback_agent", "agent_id", "given_block", "log_index"),)

    agent_id: Mapped[Uint] = mapped_column(primary_key=True)
    client: Mapped[Address] = mapped_column(primary_key=True)
    feedback_index: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(String(48))
    value_decimals: Mapped[int]
    tag1: Mapped[str]
    tag2: Mapped[str]
    endpoint: Mapped[str]
    uri: Mapped[str]
    hash: Mapped[Hash]
    given_block: Mapped[int]
    log_index: Mapped[int]
    given_at: Mapped[int]
    revoked_at: Mapped[int | None]


class Credit(Folded):
    """What the court owes an account: credited minus withdrawn, in wei."""

    __tablename__ = "credits"

    account: Mapped[Address] = mapped_column(primary_key=True)
    credited: Mapped[Uint]
    withdrawn: Mapped[Uint]
