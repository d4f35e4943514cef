"""What was published can be flagged: where it is, until when, and what the committee says."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    with op.batch_alter_table("rounds") as table:
        table.add_column(sa.Column("output_uri", sa.Text(), nullable=True))
        table.add_column(sa.Column("flags_close_at", sa.BigInteger(), nullable=True))
    # Final was 8 before the phase Voting came in front of it.
    op.execute("UPDATE rounds SET phase = 9 WHERE phase = 8")
    op.create_table(
        "flags",
        sa.Column("request_hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("flagger", sa.String(42), nullable=False),
        sa.Column("kind", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("bond", sa.LargeBinary(32), nullable=False),
        sa.Column("closes_at", sa.BigInteger(), nullable=False),
        sa.Column("faulty_mask", sa.LargeBinary(32), nullable=False),
        sa.Column("sound_mask", sa.LargeBinary(32), nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("returned", sa.LargeBinary(32), nullable=True),
        sa.Column("flagged_at", sa.BigInteger(), nullable=False),
        sa.Column("flagged_tx", sa.LargeBinary(32), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("flags")
    op.execute("UPDATE rounds SET phase = 8 WHERE phase = 9")
    with op.batch_alter_table("rounds") as table:
        table.drop_column("flags_close_at")
        table.drop_column("output_uri")
