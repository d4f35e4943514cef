"""Tables of the court: profiles, rounds, levels, seats. Amounts in wei, times Unix seconds."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.store.base import Folded
from backend.store.types import Address, Hash, Uint


class ProfileRecord(Folded):
    """One registered recipe and the parameters of its rounds."""

    __tablename__ = "profiles"

    profile_id: Mapped[Hash] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    recipe: Mapped[bytes]
    registered_block: Mapped[int]
    log_index: Mapped[int]
    family: Mapped[int]
    tolerance: Mapped[int]
    committee_size: Mapped[int]
    min_operators: Mapped[int]
    commit_window: Mapped[int]
    open_window: Mapped[int]
    publish_window: Mapped[int]
    max_output_bytes: Mapped[int]
    seat_fee: Mapped[Uint]
    tip: Mapped[Uint]
    min_stake: Mapped[Uint]
    seat_lock: Mapped[Uint]
    provider_bond: Mapped[Uint]
    slash_no_commit_bps: Mapped[int]
    slash_no_open_bps: Mapped[int]
    slash_rejected_bps: Mapped[int]
    slash_overturned_bps: Mapped[int]
    appeal_bond: Mapped[Uint]
    appeal_window: Mapped[int]
    flag_window: Mapped[int]
    audit_bps: Mapped[int]
    void_digests: Mapped[bool]
    evidence_weight: Mapped[Uint]
    calibration_root: Mapped[Hash]


class Domain(Folded):
    """What a reputation domain is the keccak of: a profile and a role."""

    __tablename__ = "domains"

    domain: Mapped[Hash] = mapped_column(primary_key=True)
    profile_id: Mapped[Hash] = mapped_column(index=True)
    role: Mapped[str] = mapped_column(String(16))


class RoundRecord(Folded):
    """One verification, from its receipt to its verdict. `phase` is the stored one (it may lag)."""

    __tablename__ = "rounds"
    __table_args__ = (
        Index("ix_rounds_order", "submitted_block", "log_index"),
        Index("ix_rounds_agent", "agent_id", "submitted_block", "log_index"),
        Index("ix_rounds_profile", "profile_id", "submitted_block", "log_index"),
        Index("ix_rounds_verdict", "verdict", "submitted_block", "log_index"),
    )

    request_hash: Mapped[Hash] = mapped_column(primary_key=True)
    agent_id: Mapped[Uint]
    profile_id: Mapped[Hash]
    client: Mapped[Address]
    payer: Mapped[Address]
    task_hash: Mapped[Hash] = mapped_column(index=True)
    output_hash: Mapped[Hash] = mapped_column(index=True)
    task_uri: Mapped[str]
    entropy_block: Mapped[int]
    fee: Mapped[Uint]
    bond: Mapped[Uint]
    level: Mapped[int]
    standing: Mapped[int]  # the last level's verdict that decided anything
    audit_due: Mapped[bool]
    phase: Mapped[int] = mapped_column(index=True)
    verdict: Mapped[int]
    postponements: Mapped[int]
    submitted_block: Mapped[int]
    log_index: Mapped[int]
    submitted_at: Mapped[int]
    submitted_tx: Mapped[Hash]
    content_hash: Mapped[Hash | None] = mapped_column(index=True)
    salt: Mapped[Hash | None]
    output_uri: Mapped[str | None]  # published by reference
    flags_close_at: Mapped[int | None]
    published_at: Mapped[int | None]
    published_tx: Mapped[Hash | None]
    provider_slashed: Mapped[Uint | None]
    tag: Mapped[str | None] = mapped_column(String(64))
    finalizer: Mapped[Address | None]
    final_block: Mapped[int | None]
    final_at: Mapped[int | None]
    final_tx: Mapped[Hash | None]


class LevelRecord(Folded):
    """One committee of a round: its key, its windows and its tally. Masks: bit i is seat i.

    `committed` and `opened` count verifiers; `claim_due` while the provider has committed and not
    opened. `majority` follows from the profile, also when fewer verifiers could be drawn.
    """

    __tablename__ = "levels"

    request_hash: Mapped[Hash] = mapped_column(primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[Hash]
    committee_size: Mapped[int]
    majority: Mapped[int]
    committed: Mapped[int]
    opened: Mapped[int]
    claim_due: Mapped[bool]
    drawn_at: Mapped[int]
    drawn_tx: Mapped[Hash]
    commit_closes_at: Mapped[int]
    open_closes_at: Mapped[int]
    verdict: Mapped[int | None]
    opened_mask: Mapped[Uint | None]
    agreeing_mask: Mapped[Uint | None]
    cluster_mask: Mapped[Uint | None]
    appeal_closes_at: Mapped[int | None]
    publish_closes_at: Mapped[int | None]
    tallied_at: Mapped[int | None]
    tallied_tx: Mapped[Hash | None]


class AppealRecord(Folded):
    """Why a round has a level above the first; no appellant: the protocol itself asked."""

    __tablename__ = "appeals"

    request_hash: Mapped[Hash] = mapped_column(primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True)
    appellant: Mapped[Address | None]
    fees: Mapped[Uint]
    bond: Mapped[Uint]
    void: Mapped[bool]
    appealed_at: Mapped[int]
    appealed_tx: Mapped[Hash]


class FlagRecord(Folded):
    """A flag on what a round published, and the votes. Masks: bit i is seat i of the level."""

    __tablename__ = "flags"

    request_hash: Mapped[Hash] = mapped_column(primary_key=True)
    flagger: Mapped[Address]
    kind: Mapped[int]
    level: Mapped[int]
    bond: Mapped[Uint]
    closes_at: Mapped[int]
    faulty_mask: Mapped[Uint]
    sound_mask: Mapped[Uint]
    upheld: Mapped[bool | None]
    returned: Mapped[Uint | None]
    flagged_at: Mapped[int]
    flagged_tx: Mapped[Hash]


UNSETTLED: Final = text("settled_tx IS NULL AND seat <> 255")
"""Whose account is still open; the provider's is closed with the round."""


class SeatRecord(Folded):
    """One seat of a level, or the provider's (255): what it committed, opened, earned and lost."""

    __tablename__ = "seats"
    __table_args__ = (
        Index(
            "ix_seats_unsettled",
            "request_hash",
            sqlite_where=UNSETTLED,
            postgresql_where=UNSETTLED,
        ),
    )

    request_hash: Mapped[Hash] = mapped_column(primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True)
    seat: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[Uint] = mapped_column(index=True)
    operator: Mapped[Address | None]
    commitment: Mapped[Hash | None]
    committed_at: Mapped[int | None]
    committed_tx: Mapped[Hash | None]
    digest: Mapped[Hash | None]
    evidence_hash: Mapped[Hash | None]
    opened_at: Mapped[int | None]
    opened_tx: Mapped[Hash | None]
    paid: Mapped[Uint | None]
    slashed: Mapped[Uint | None]
    settled_tx: Mapped[Hash | None]
