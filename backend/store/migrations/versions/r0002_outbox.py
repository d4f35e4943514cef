"""The outbox: jobs, their transactions and every signed form of them; nonces of signed writes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("job", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("call_to", sa.String(length=42), nullable=False),
        sa.Column("call_data", sa.LargeBinary(), nullable=False),
        sa.Column("call_value", sa.LargeBinary(length=32), nullable=False),
        sa.Column("label", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("chain", "job", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_state", "jobs", ["chain", "state", "created_at"])
    op.create_table(
        "transactions",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("job", sa.String(length=200), nullable=False),
        sa.Column("signer", sa.String(length=42), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("call_to", sa.String(length=42), nullable=True),
        sa.Column("call_data", sa.LargeBinary(), nullable=False),
        sa.Column("call_value", sa.LargeBinary(length=32), nullable=False),
        sa.Column("label", sa.String(length=128), nullable=False),
        sa.Column("gas", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("mined_hash", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("chain", "job", name=op.f("pk_transactions")),
    )
    live = sa.text("state <> 'dropped'")
    op.create_index(
        "uq_transactions_nonce",
        "transactions",
        ["chain", "signer", "nonce"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )
    op.create_table(
        "attempts",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("job", sa.String(length=200), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("max_fee", sa.LargeBinary(length=32), nullable=False),
        sa.Column("priority_fee", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["chain", "job"], ["transactions.chain", "transactions.job"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("chain", "job", "position", name=op.f("pk_attempts")),
    )
    op.create_table(
        "write_nonces",
        sa.Column("signer", sa.String(length=42), nullable=False),
        sa.Column("nonce", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("signer", "nonce", name=op.f("pk_write_nonces")),
    )
    op.create_index(op.f("ix_write_nonces_expires_at"), "write_nonces", ["expires_at"])


def downgrade() -> None:
    for table in ("write_nonces", "attempts", "transactions", "jobs"):
        op.drop_table(table)
