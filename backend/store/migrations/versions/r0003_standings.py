"""Leaderboards: the latest evidence of every agent in one domain, found without a scan."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index(
        "ix_evidence_domain", "evidence", ["domain", "agent_id", "block_number", "log_index"]
    )


def downgrade() -> None:
    op.drop_index("ix_evidence_domain", table_name="evidence")
