"""Opened sheets that candidates leave to be graded together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "exam_sheets",
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(42), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("exam_id", "owner", name=op.f("pk_exam_sheets")),
    )


def downgrade() -> None:
    op.drop_table("exam_sheets")
