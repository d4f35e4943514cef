"""Every change of the tables, as Alembic revisions that go up and down.

A revision is named by its number (`0001`, `0002`, …), so that a database of a later version of
Assay is told from a damaged one. `env.py` is what Alembic runs; `backend.store.schema` drives it.
"""
