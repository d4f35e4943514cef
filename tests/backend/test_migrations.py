"""The tables' versions: up, down, from before there were any, and equal to what the code reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, inspect, select, text

from backend.store import Base, Job, Meta, Store, schema
from tests.support.databases import NewDatabase
from tests.support.fakechain import address

pytestmark = pytest.mark.unit

JOB: dict[str, Any] = {
    "chain": "31337:00",
    "job": "a",
    "kind": "poke",
    "call_to": address("court"),
    "call_data": b"\x01",
    "call_value": 2**200,
    "label": "VerificationRounds.draw",
    "state": "queued",
    "created_at": 1,
    "updated_at": 1,
    "tries": 0,
    "error": None,
}


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


def assert_as_declared(connection: Connection) -> None:
    """The tables are those that the models declare: otherwise a revision is missing."""
    context = MigrationContext.configure(connection, opts={"compare_type": False})
    assert compare_metadata(context, Base.metadata) == []


def test_migrate__when_made_anew__then_the_tables_are_the_models(new_database: NewDatabase) -> None:
    store = Store(new_database())
    store.open(1, "a")
    with store.write() as connection:
        assert_as_declared(connection)
        assert schema.current(connection) == schema.newest()
    store.close()


def test_migrate__when_up_down_and_up_again__then_the_same_tables_and_old_rows_stay(
    new_database: NewDatabase,
) -> None:
    store = Store(new_database())
    store.open(1, "a")
    with store.write() as connection:
        schema.migrate(connection, "0001")
        assert "jobs" not in tables(connection)
        assert connection.scalar(select(Meta.value).where(Meta.name == "chain_id")) == "1"
    store.open(1, "a")
    with store.write() as connection:
        assert_as_declared(connection)
        connection.execute(insert(Job).values(JOB))
        assert connection.scalar(select(Job.call_value)) == 2**200
        schema.migrate(connection, "base")
        assert tables(connection) == set()
    store.open(2, "b")
    store.close()


def test_open__when_written_before_versions_were_kept__then_brought_up_to_date(
    tmp_path: Path,
) -> None:
    store = Store(f"sqlite:///{tmp_path / 'db'}")
    store.open(1, "a")
    with store.write() as connection:
        schema.migrate(connection, "0001")
        connection.execute(text("DROP TABLE alembic_version"))
        connection.execute(insert(Meta).values(name="schema_version", value="1"))
    store.open(1, "a")
    with store.write() as connection:
        assert_as_declared(connection)
    store.close()


def test_migrate__when_a_step_fails__then_the_database_is_as_it_was(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(new_database())

    class Dies(RuntimeError):
        pass

    def dies(*_: Any) -> None:
        raise Dies

    with monkeypatch.context() as patch:
        patch.setattr("backend.store.database.insert", dies)
        with pytest.raises(Dies):
            store.open(1, "a")
    with store.write() as connection:
        assert tables(connection) == set()
    store.open(1, "a")
    store.close()
