"""Source reliability: epochs, challenges, places in the packed words, and what bundles say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = (
    "anchor_clock",
    "epochs",
    "epoch_challenges",
    "listed_sources",
    "anchor_credits",
    "checked_bundles",
    "source_entries",
)


def upgrade() -> None:
    op.create_table(
        "anchor_clock",
        sa.Column("id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("latest", sa.BigInteger(), nullable=False),
        sa.Column("latest_at", sa.BigInteger(), nullable=False),
        sa.Column("applied", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.BigInteger(), nullable=False),
        sa.Column("bonded", sa.Boolean(), nullable=False),
        sa.Column("disputed", sa.BigInteger(), nullable=True),
        sa.Column("listed", sa.BigInteger(), nullable=False),
        sa.Column("upheld", sa.BigInteger(), nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.Column("held_since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anchor_clock")),
    )
    op.create_table(
        "epochs",
        sa.Column("epoch", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("bundle_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("words_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("previous_root", sa.LargeBinary(32), nullable=False),
        sa.Column("claim", sa.LargeBinary(32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("challenges", sa.BigInteger(), nullable=False),
        sa.Column("applied_at", sa.BigInteger(), nullable=True),
        sa.Column("rolled_back_at", sa.BigInteger(), nullable=True),
        sa.Column("proven", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_epochs")),
    )
    op.create_index("ix_epochs_bundle_hash", "epochs", ["bundle_hash"])
    op.create_index("ix_epochs_claim", "epochs", ["claim"])
    op.create_table(
        "epoch_challenges",
        sa.Column("epoch", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("challenger", sa.String(42), nullable=False),
        sa.Column("challenged_at", sa.BigInteger(), nullable=False),
        sa.Column("answer_by", sa.BigInteger(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(32), nullable=True),
        sa.Column("decide_by", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("epoch", "number", name=op.f("pk_epoch_challenges")),
    )
    op.create_table(
        "listed_sources",
        sa.Column("index", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("source", sa.LargeBinary(32), nullable=False),
        sa.Column("domain", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_listed_sources")),
    )
    op.create_table(
        "anchor_credits",
        sa.Column("account", sa.String(42), nullable=False),
        sa.Column("credited", sa.LargeBinary(32), nullable=False),
        sa.Column("withdrawn", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_anchor_credits")),
    )
    op.create_table(
        "checked_bundles",
        sa.Column("claim", sa.LargeBinary(32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=True),
        sa.Column("entries", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("half_life", sa.BigInteger(), nullable=True),
        sa.Column("prior", sa.LargeBinary(32), nullable=True),
        sa.Column("minimum", sa.LargeBinary(32), nullable=True),
        sa.Column("asker_cap", sa.LargeBinary(32), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("claim", name=op.f("pk_checked_bundles")),
    )
    op.create_table(
        "source_entries",
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("source", sa.LargeBinary(32), nullable=False),
        sa.Column("domain", sa.LargeBinary(32), nullable=False),
        sa.Column("alpha", sa.LargeBinary(32), nullable=False),
        sa.Column("beta", sa.LargeBinary(32), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("mean_bps", sa.BigInteger(), nullable=False),
        sa.Column("lower_bps", sa.BigInteger(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("root", "source", "domain", name=op.f("pk_source_entries")),
    )
    op.create_index("ix_source_entries_source", "source_entries", ["source", "domain"])


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
