"""The index: blocks, events, and what is derived from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "agent_events",
        sa.Column("agent_id", sa.LargeBinary(32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "agent_id", "block_number", "log_index", name=op.f("pk_agent_events")
        ),
    )
    op.create_index(
        "ix_agent_events_agent",
        "agent_events",
        ["agent_id", "block_number", "log_index"],
        unique=False,
    )
    op.create_table(
        "agent_metadata",
        sa.Column("agent_id", sa.LargeBinary(32), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "key_hash", name=op.f("pk_agent_metadata")),
    )
    op.create_table(
        "agents",
        sa.Column("agent_id", sa.LargeBinary(32), nullable=False),
        sa.Column("owner", sa.String(length=42), nullable=True),
        sa.Column("uri", sa.String(), nullable=True),
        sa.Column("wallet", sa.String(length=42), nullable=True),
        sa.Column("registered_block", sa.BigInteger(), nullable=True),
        sa.Column("registered_at", sa.BigInteger(), nullable=True),
        sa.Column("bonded", sa.LargeBinary(32), nullable=False),
        sa.Column("unbonding", sa.LargeBinary(32), nullable=False),
        sa.Column("locked", sa.LargeBinary(32), nullable=False),
        sa.Column("unbonds_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("agent_id", name=op.f("pk_agents")),
    )
    op.create_index(op.f("ix_agents_owner"), "agents", ["owner"], unique=False)
    op.create_table(
        "alpha_owners",
        sa.Column("agent_id", sa.LargeBinary(32), nullable=False),
        sa.Column("domain", sa.LargeBinary(length=32), nullable=False),
        sa.Column("owner", sa.String(length=42), nullable=True),
        sa.PrimaryKeyConstraint("agent_id", "domain", name=op.f("pk_alpha_owners")),
    )
    op.create_table(
        "blocks",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("parent_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_blocks")),
        sa.UniqueConstraint("hash", name=op.f("uq_blocks_hash")),
    )
    op.create_table(
        "credits",
        sa.Column("account", sa.String(length=42), nullable=False),
        sa.Column("credited", sa.LargeBinary(32), nullable=False),
        sa.Column("withdrawn", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_credits")),
    )
    op.create_table(
        "cursor",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("finalized_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cursor")),
    )
    op.create_table(
        "domains",
        sa.Column("domain", sa.LargeBinary(length=32), nullable=False),
        sa.Column("profile_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_domains")),
    )
    op.create_index(op.f("ix_domains_profile_id"), "domains", ["profile_id"], unique=False)
    op.create_table(
        "enrolments",
        sa.Column("agent_id", sa.LargeBinary(32), nullable=False),
        sa.Column("profile_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("operator", sa.String(length=42), nullable=False),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("agent_id", "profile_id", name=op.f("pk_enrolments")),
    )
    op.create_index(op.f("ix_enrolments_profile_id"), "enrolments", ["profile_id"], unique=False)
    op.create_table(
        "events",
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("contract", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("block_number", "log_index", name=op.f("pk_events")),
        sa.UniqueConstraint("block_hash", "log_index", name=op.f("uq_events_block_hash_log_index")),
    )
    op.create_index(
        "ix_events_request", "events", ["request_hash", "block_number", "log_index"], unique=False
    )
    op.create_table(
        "evidence",
        sa.Column("agent_id", sa.LargeBinary(32), nullable=False),
        sa.Column("domain", sa.LargeBinary(length=32), nullable=False),
        sa.Column("owner", sa.String(length=42), nullable=False),
        sa.Column("alpha_owner", sa.String(length=42), nullable=True),
        sa.Column("alpha_added", sa.LargeBinary(32), nullable=False),
        sa.Column("beta_added", sa.LargeBinary(32), nullable=False),
        sa.Column("alpha", sa.LargeBinary(32), nullable=False),
        sa.Column("beta", sa.LargeBinary(32), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("block_number", "log_index", name=op.f("pk_evidence")),
    )
    op.create_index(
        "ix_evidence_latest",
        "evidence",
        ["agent_id", "domain", "block_number", "log_index"],
        unique=False,
    )
    op.create_table(
        "feedback",
        sa.Column("agent_id", sa.LargeBinary(32), nullable=False),
        sa.Column("client", sa.String(length=42), nullable=False),
        sa.Column("feedback_index", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.String(length=48), nullable=False),
        sa.Column("value_decimals", sa.BigInteger(), nullable=False),
        sa.Column("tag1", sa.String(), nullable=False),
        sa.Column("tag2", sa.String(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("uri", sa.String(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("given_block", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("agent_id", "client", "feedback_index", name=op.f("pk_feedback")),
    )
    op.create_index(
        "ix_feedback_agent", "feedback", ["agent_id", "given_block", "log_index"], unique=False
    )
    op.create_table(
        "levels",
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("committee_size", sa.BigInteger(), nullable=False),
        sa.Column("majority", sa.BigInteger(), nullable=False),
        sa.Column("committed", sa.BigInteger(), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("claim_due", sa.Boolean(), nullable=False),
        sa.Column("drawn_at", sa.BigInteger(), nullable=False),
        sa.Column("drawn_tx", sa.LargeBinary(length=32), nullable=False),
        sa.Column("commit_closes_at", sa.BigInteger(), nullable=False),
        sa.Column("open_closes_at", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.BigInteger(), nullable=True),
        sa.Column("opened_mask", sa.LargeBinary(32), nullable=True),
        sa.Column("agreeing_mask", sa.LargeBinary(32), nullable=True),
        sa.Column("cluster_mask", sa.LargeBinary(32), nullable=True),
        sa.Column("publish_closes_at", sa.BigInteger(), nullable=True),
        sa.Column("tallied_at", sa.BigInteger(), nullable=True),
        sa.Column("tallied_tx", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("request_hash", "level", name=op.f("pk_levels")),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )
    op.create_table(
        "ownerships",
        sa.Column("agent_id", sa.LargeBinary(32), nullable=False),
        sa.Column("owner", sa.String(length=42), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("block_number", "log_index", name=op.f("pk_ownerships")),
    )
    op.create_index(
        "ix_ownerships_agent", "ownerships", ["agent_id", "block_number", "log_index"], unique=False
    )
    op.create_table(
        "profiles",
        sa.Column("profile_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("recipe", sa.LargeBinary(), nullable=False),
        sa.Column("registered_block", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.Column("family", sa.BigInteger(), nullable=False),
        sa.Column("tolerance", sa.BigInteger(), nullable=False),
        sa.Column("committee_size", sa.BigInteger(), nullable=False),
        sa.Column("min_operators", sa.BigInteger(), nullable=False),
        sa.Column("commit_window", sa.BigInteger(), nullable=False),
        sa.Column("open_window", sa.BigInteger(), nullable=False),
        sa.Column("publish_window", sa.BigInteger(), nullable=False),
        sa.Column("max_output_bytes", sa.BigInteger(), nullable=False),
        sa.Column("seat_fee", sa.LargeBinary(32), nullable=False),
        sa.Column("tip", sa.LargeBinary(32), nullable=False),
        sa.Column("min_stake", sa.LargeBinary(32), nullable=False),
        sa.Column("seat_lock", sa.LargeBinary(32), nullable=False),
        sa.Column("provider_bond", sa.LargeBinary(32), nullable=False),
        sa.Column("slash_no_commit_bps", sa.BigInteger(), nullable=False),
        sa.Column("slash_no_open_bps", sa.BigInteger(), nullable=False),
        sa.Column("slash_rejected_bps", sa.BigInteger(), nullable=False),
        sa.Column("evidence_weight", sa.LargeBinary(32), nullable=False),
        sa.Column("calibration_root", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("profile_id", name=op.f("pk_profiles")),
    )
    op.create_table(
        "rounds",
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("agent_id", sa.LargeBinary(32), nullable=False),
        sa.Column("profile_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("client", sa.String(length=42), nullable=False),
        sa.Column("payer", sa.String(length=42), nullable=False),
        sa.Column("task_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("output_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("task_uri", sa.String(), nullable=False),
        sa.Column("entropy_block", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.LargeBinary(32), nullable=False),
        sa.Column("bond", sa.LargeBinary(32), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("phase", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.BigInteger(), nullable=False),
        sa.Column("postponements", sa.BigInteger(), nullable=False),
        sa.Column("submitted_block", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("submitted_tx", sa.LargeBinary(length=32), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("published_tx", sa.LargeBinary(length=32), nullable=True),
        sa.Column("provider_slashed", sa.LargeBinary(32), nullable=True),
        sa.Column("tag", sa.String(length=64), nullable=True),
        sa.Column("finalizer", sa.String(length=42), nullable=True),
        sa.Column("final_block", sa.BigInteger(), nullable=True),
        sa.Column("final_at", sa.BigInteger(), nullable=True),
        sa.Column("final_tx", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("request_hash", name=op.f("pk_rounds")),
    )
    op.create_index(
        "ix_rounds_agent", "rounds", ["agent_id", "submitted_block", "log_index"], unique=False
    )
    op.create_index(op.f("ix_rounds_content_hash"), "rounds", ["content_hash"], unique=False)
    op.create_index("ix_rounds_order", "rounds", ["submitted_block", "log_index"], unique=False)
    op.create_index(op.f("ix_rounds_output_hash"), "rounds", ["output_hash"], unique=False)
    op.create_index(op.f("ix_rounds_phase"), "rounds", ["phase"], unique=False)
    op.create_index(
        "ix_rounds_profile", "rounds", ["profile_id", "submitted_block", "log_index"], unique=False
    )
    op.create_index(op.f("ix_rounds_task_hash"), "rounds", ["task_hash"], unique=False)
    op.create_index(
        "ix_rounds_verdict", "rounds", ["verdict", "submitted_block", "log_index"], unique=False
    )
    op.create_table(
        "seats",
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("seat", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.LargeBinary(32), nullable=False),
        sa.Column("operator", sa.String(length=42), nullable=True),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=True),
        sa.Column("committed_at", sa.BigInteger(), nullable=True),
        sa.Column("committed_tx", sa.LargeBinary(length=32), nullable=True),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("evidence_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("opened_tx", sa.LargeBinary(length=32), nullable=True),
        sa.Column("paid", sa.LargeBinary(32), nullable=True),
        sa.Column("slashed", sa.LargeBinary(32), nullable=True),
        sa.Column("settled_tx", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("request_hash", "level", "seat", name=op.f("pk_seats")),
    )
    op.create_index(op.f("ix_seats_agent_id"), "seats", ["agent_id"], unique=False)
    op.create_table(
        "undo",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("table_name", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("block_number", "position", name=op.f("pk_undo")),
    )
    op.create_table(
        "validations",
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("agent_id", sa.LargeBinary(32), nullable=False),
        sa.Column("validator", sa.String(length=42), nullable=False),
        sa.Column("request_uri", sa.String(), nullable=True),
        sa.Column("requested_block", sa.BigInteger(), nullable=True),
        sa.Column("requested_at", sa.BigInteger(), nullable=True),
        sa.Column("response", sa.BigInteger(), nullable=True),
        sa.Column("response_uri", sa.String(), nullable=True),
        sa.Column("response_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("tag", sa.String(), nullable=True),
        sa.Column("responded_at", sa.BigInteger(), nullable=True),
        sa.Column("responses", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("request_hash", name=op.f("pk_validations")),
    )
    op.create_index(
        "ix_validations_agent", "validations", ["agent_id", "requested_block"], unique=False
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)


TABLES = (
    "agent_events",
    "agent_metadata",
    "agents",
    "alpha_owners",
    "blocks",
    "credits",
    "cursor",
    "domains",
    "enrolments",
    "events",
    "evidence",
    "feedback",
    "levels",
    "meta",
    "ownerships",
    "profiles",
    "rounds",
    "seats",
    "undo",
    "validations",
)
