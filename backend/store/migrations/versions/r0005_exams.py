"""Exams: terms, gates, sections, sheets, doubts, and the passes they gave."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = (
    "exam_terms",
    "exam_gates",
    "exams",
    "exam_sections",
    "exam_sittings",
    "exam_doubts",
    "capabilities",
)


def upgrade() -> None:
    op.create_table(
        "exam_terms",
        sa.Column("terms_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("profile_id", sa.LargeBinary(32), nullable=False),
        sa.Column("fee", sa.LargeBinary(32), nullable=False),
        sa.Column("bond", sa.LargeBinary(32), nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.Column("section_mark", sa.BigInteger(), nullable=False),
        sa.Column("key_window", sa.BigInteger(), nullable=False),
        sa.Column("challenge_window", sa.BigInteger(), nullable=False),
        sa.Column("grade_window", sa.BigInteger(), nullable=False),
        sa.Column("validity", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("terms_id", name=op.f("pk_exam_terms")),
    )
    op.create_table(
        "exam_gates",
        sa.Column("profile_id", sa.LargeBinary(32), nullable=False),
        sa.Column("gated_from", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("profile_id", name=op.f("pk_exam_gates")),
    )
    op.create_table(
        "exams",
        sa.Column("exam_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("profile_id", sa.LargeBinary(32), nullable=False),
        sa.Column("terms_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("announced_at", sa.BigInteger(), nullable=False),
        sa.Column("prepare_closes_at", sa.BigInteger(), nullable=False),
        sa.Column("sit_closes_at", sa.BigInteger(), nullable=True),
        sa.Column("challenges_close_at", sa.BigInteger(), nullable=True),
        sa.Column("grades_from", sa.BigInteger(), nullable=True),
        sa.Column("doubts", sa.BigInteger(), nullable=False),
        sa.Column("candidates", sa.BigInteger(), nullable=False),
        sa.Column("graded", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("slashed", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("exam_id", name=op.f("pk_exams")),
    )
    op.create_index("ix_exams_profile_id", "exams", ["profile_id"])
    op.create_table(
        "exam_sections",
        sa.Column("exam_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("section", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("agent_id", sa.LargeBinary(32), nullable=False),
        sa.Column("items_root", sa.LargeBinary(32), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(32), nullable=False),
        sa.Column("items_uri", sa.String(), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("digests", sa.LargeBinary(), nullable=True),
        sa.Column("contents_root", sa.LargeBinary(32), nullable=True),
        sa.PrimaryKeyConstraint("exam_id", "section", name=op.f("pk_exam_sections")),
    )
    op.create_table(
        "exam_sittings",
        sa.Column("exam_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("owner", sa.String(42), nullable=False),
        sa.Column("agent_id", sa.LargeBinary(32), nullable=False),
        sa.Column("payer", sa.String(42), nullable=False),
        sa.Column("commitment", sa.LargeBinary(32), nullable=False),
        sa.Column("sat_at", sa.BigInteger(), nullable=False),
        sa.Column("marks", sa.LargeBinary(32), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("graded_at", sa.BigInteger(), nullable=True),
        sa.Column("refunded_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("exam_id", "owner", name=op.f("pk_exam_sittings")),
    )
    op.create_index("ix_exam_sittings_agent", "exam_sittings", ["agent_id", "exam_id"])
    op.create_table(
        "exam_doubts",
        sa.Column("doubt_id", sa.LargeBinary(32), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("section", sa.BigInteger(), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.BigInteger(), nullable=False),
        sa.Column("challenger", sa.String(42), nullable=False),
        sa.Column("task_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(32), nullable=True),
        sa.Column("answer_by", sa.BigInteger(), nullable=False),
        sa.Column("upheld_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("doubt_id", name=op.f("pk_exam_doubts")),
    )
    op.create_index("ix_exam_doubts_exam_id", "exam_doubts", ["exam_id"])
    op.create_table(
        "capabilities",
        sa.Column("agent_id", sa.LargeBinary(32), nullable=False),
        sa.Column("profile_id", sa.LargeBinary(32), nullable=False),
        sa.Column("owner", sa.String(42), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "profile_id", name=op.f("pk_capabilities")),
    )


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
