"""Tables of the outbox: what is to be done on chain, and every transaction signed for it.

They are not derived from the chain, so a rebuild of the index leaves them alone.
"""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.store.base import Base
from backend.store.types import Address, Hash, Uint

_LIVE = text("state <> 'dropped'")


class Job(Base):
    """One thing to be done on chain at most once. `state` is a `backend.submitter.JobStatus`."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_state", "chain", "state", "created_at"),)

    chain: Mapped[str] = mapped_column(String(64), primary_key=True)
    job: Mapped[str] = mapped_column(String(200), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    call_to: Mapped[Address]
    call_data: Mapped[bytes]
    call_value: Mapped[Uint]
    label: Mapped[str] = mapped_column(String(128))
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[int]
    updated_at: Mapped[int]
    tries: Mapped[int]
    error: Mapped[str | None]
    """Why it is not done, in a sentence."""


class Transaction(Base):
    """The nonce of a job. `state` is a `chain.journal.JobState`; a dropped one frees its nonce."""

    __tablename__ = "transactions"
    __table_args__ = (
        Index(
            "uq_transactions_nonce",
            "chain",
            "signer",
            "nonce",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
    )

    chain: Mapped[str] = mapped_column(String(64), primary_key=True)
    job: Mapped[str] = mapped_column(String(200), primary_key=True)
    signer: Mapped[Address]
    nonce: Mapped[int]
    call_to: Mapped[Address | None]
    call_data: Mapped[bytes]
    call_value: Mapped[Uint]
    label: Mapped[str] = mapped_column(String(128))
    gas: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    mined_hash: Mapped[Hash | None]


class SignedAttempt(Base):
    """One signed form of a transaction: the bytes to hand in, recorded before they are."""

    __tablename__ = "attempts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["chain", "job"], ["transactions.chain", "transactions.job"], ondelete="CASCADE"
        ),
    )

    chain: Mapped[str] = mapped_column(String(64), primary_key=True)
    job: Mapped[str] = mapped_column(String(200), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[Hash]
    raw: Mapped[bytes]
    max_fee: Mapped[Uint]
    priority_fee: Mapped[Uint]


class WriteNonce(Base):
    """A signed write that was taken: the same signature is never taken twice."""

    __tablename__ = "write_nonces"

    signer: Mapped[Address] = mapped_column(primary_key=True)
    nonce: Mapped[Hash] = mapped_column(primary_key=True)
    expires_at: Mapped[int] = mapped_column(index=True)


OUTBOX = (Job, Transaction, SignedAttempt, WriteNonce)
"""What a rebuild leaves alone."""
