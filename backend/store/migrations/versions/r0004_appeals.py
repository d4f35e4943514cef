"""Profiles' parameters of appeals, audits and flags. Profiles known before had none of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NUMBERS = ("slash_overturned_bps", "appeal_window", "flag_window", "audit_bps")


def upgrade() -> None:
    with op.batch_alter_table("profiles") as table:
        for name in NUMBERS:
            table.add_column(sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(
            sa.Column("appeal_bond", sa.LargeBinary(32), nullable=False, server_default=_nothing())
        )
        table.add_column(
            sa.Column("void_digests", sa.Boolean(), nullable=False, server_default=sa.false())
        )


def _nothing() -> sa.TextClause:
    """32 zero bytes, as each database writes them."""
    zero = "00" * 32
    if op.get_bind().dialect.name == "postgresql":
        return sa.text(f"'\\x{zero}'::bytea")
    return sa.text(f"X'{zero}'")


def downgrade() -> None:
    with op.batch_alter_table("profiles") as table:
        for name in (*NUMBERS, "appeal_bond", "void_digests"):
            table.drop_column(name)
