"""What nodes hand in to be posted for a whole committee, and which seats are not settled yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

UNSETTLED = sa.text("settled_tx IS NULL AND seat <> 255")


def upgrade() -> None:
    op.create_table(
        "relay_entries",
        sa.Column("request_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("seat", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("word", sa.LargeBinary(32), nullable=False),
        sa.Column("first", sa.LargeBinary(32), nullable=False),
        sa.Column("second", sa.LargeBinary(32), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "request_hash", "level", "seat", "key", "kind", name=op.f("pk_relay_entries")
        ),
    )
    op.create_index("ix_relay_entries_taken_at", "relay_entries", ["taken_at"])
    op.create_index(
        "ix_seats_unsettled",
        "seats",
        ["request_hash"],
        sqlite_where=UNSETTLED,
        postgresql_where=UNSETTLED,
    )


def downgrade() -> None:
    op.drop_index("ix_seats_unsettled", "seats")
    op.drop_table("relay_entries")
