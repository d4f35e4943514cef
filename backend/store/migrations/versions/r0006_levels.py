"""Levels above the first: who appealed, what stands, and until when one may."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("rounds") as table:
        table.add_column(sa.Column("standing", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(
            sa.Column("audit_due", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("levels") as table:
        table.add_column(sa.Column("appeal_closes_at", sa.BigInteger(), nullable=True))
    # Rounds counted before: none could be appealed, so the count stands.
    op.execute(
        "UPDATE rounds SET standing = COALESCE((SELECT verdict FROM levels"
        " WHERE levels.request_hash = rounds.request_hash AND levels.level = rounds.level), 0)"
    )
    op.create_table(
        "appeals",
        sa.Column("request_hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("level", sa.BigInteger(), primary_key=True),
        sa.Column("appellant", sa.String(42), nullable=True),
        sa.Column("fees", sa.LargeBinary(32), nullable=False),
        sa.Column("bond", sa.LargeBinary(32), nullable=False),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("appealed_at", sa.BigInteger(), nullable=False),
        sa.Column("appealed_tx", sa.LargeBinary(32), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("appeals")
    with op.batch_alter_table("levels") as table:
        table.drop_column("appeal_closes_at")
    with op.batch_alter_table("rounds") as table:
        table.drop_column("audit_due")
        table.drop_column("standing")
