"""Opened keys carry the hashes of their outputs, and no longer only a root over them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    with op.batch_alter_table("exam_sections") as table:
        table.add_column(sa.Column("contents", sa.LargeBinary(), nullable=True))
        table.drop_column("contents_root")


def downgrade() -> None:
    with op.batch_alter_table("exam_sections") as table:
        table.add_column(sa.Column("contents_root", sa.LargeBinary(32), nullable=True))
        table.drop_column("contents")
