"""Tables of source reliability: epochs and their challenges, and what follows from the bundles.

The last two hold what artifacts say of what was published, so they are true on every branch of the
chain: no rollback concerns them, and a rebuild makes them again.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from backend.store.base import Base, Folded
from backend.store.types import Address, Hash, Uint

THE_CLOCK: Final = 1
"""Key of the one row of `AnchorClock`."""


class AnchorClock(Folded):
    """Where the anchor is: the contract's `Clock`, whom its dispute is about, and its `Held`."""

    __tablename__ = "anchor_clock"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    latest: Mapped[int]
    latest_at: Mapped[int]
    applied: Mapped[int]
    words: Mapped[int]
    bonded: Mapped[bool]
    disputed: Mapped[int | None]
    listed: Mapped[int]
    upheld: Mapped[int]
    up_to: Mapped[int]
    held_since: Mapped[int]


class EpochRecord(Folded):
    """An epoch as anchored, and where. `proven` is null unless it was rolled back.

    `claim`: keccak256 of what was published and of the root that it continues.
    """

    __tablename__ = "epochs"

    epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    published_at: Mapped[int]
    root: Mapped[Hash]
    bundle_hash: Mapped[Hash] = mapped_column(index=True)
    words_hash: Mapped[Hash]
    previous_root: Mapped[Hash]
    claim: Mapped[Hash] = mapped_column(index=True)
    block_number: Mapped[int]
    tx_hash: Mapped[Hash]
    challenges: Mapped[int]
    applied_at: Mapped[int | None]
    rolled_back_at: Mapped[int | None]
    proven: Mapped[bool | None]


class EpochChallenge(Folded):
    """A doubt about an epoch. `outcome`: "upheld", "proven" or "undecided"; null while open."""

    __tablename__ = "epoch_challenges"

    epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    challenger: Mapped[Address]
    challenged_at: Mapped[int]
    answer_by: Mapped[int]
    request_hash: Mapped[Hash | None]
    decide_by: Mapped[int | None]
    outcome: Mapped[str | None]
    settled_at: Mapped[int | None]


class ListedSource(Folded):
    """A place in the packed words."""

    __tablename__ = "listed_sources"

    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[Uint]
    domain: Mapped[Hash]


class AnchorCredit(Folded):
    """What the anchor owes an account."""

    __tablename__ = "anchor_credits"

    account: Mapped[Address] = mapped_column(primary_key=True)
    credited: Mapped[Uint]
    withdrawn: Mapped[Uint]


class CheckedBundle(Base):
    """The stored bundle of an epoch, recomputed. `problem`: why the root does not follow from it.

    `claim` is the epoch's: what was published, and what it continues.
    """

    __tablename__ = "checked_bundles"

    claim: Mapped[Hash] = mapped_column(primary_key=True)
    size: Mapped[int]
    items: Mapped[int | None]
    entries: Mapped[int | None]
    ended_at: Mapped[int | None]
    half_life: Mapped[int | None]
    prior: Mapped[Uint | None]
    minimum: Mapped[Uint | None]
    asker_cap: Mapped[Uint | None]
    problem: Mapped[str | None]


class SourceEntry(Base):
    """A leaf under a root: what one source has in one domain. Evidence in nano.

    `proof`: siblings from the leaf up to the root, 32 bytes each.
    """

    __tablename__ = "source_entries"
    __table_args__ = (Index("ix_source_entries_source", "source", "domain"),)

    root: Mapped[Hash] = mapped_column(primary_key=True)
    source: Mapped[Uint] = mapped_column(primary_key=True)
    domain: Mapped[Hash] = mapped_column(primary_key=True)
    alpha: Mapped[Uint]
    beta: Mapped[Uint]
    updated_at: Mapped[int]
    known: Mapped[bool]
    mean_bps: Mapped[int]
    lower_bps: Mapped[int]
    proof: Mapped[bytes]
