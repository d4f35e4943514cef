"""What Alembic runs for every step: on the connection it was handed, in that transaction."""

from __future__ import annotations

from alembic import context

from backend.store.base import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transaction_per_migration=False,
    # SQLite cannot alter a column: such a step copies the table.
    render_as_batch=True,
)
context.run_migrations()
