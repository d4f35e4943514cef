"""The database: whose it is, which schema, what snapshots see."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, inspect, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import ProgrammingError

from backend.errors import (
    StoreOtherDeployment,
    StoreSchemaMismatch,
    StoreUnavailable,
)
from backend.store import ExamSheet, Meta, Store, WriteNonce
from backend.store import database as database_module
from backend.store.types import Uint256
from tests.support.fakechain import address, word

pytestmark = pytest.mark.unit


def opened(path: Path, chain_id: int = 1, deployment: str = "a") -> Store:
    store = Store(f"sqlite:///{path}")
    store.open(chain_id, deployment)
    return store


def set_version(store: Store, revision: str) -> None:
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})


def test_open__when_opened_again__then_the_same_database(tmp_path: Path) -> None:
    opened(tmp_path / "db").close()
    store = opened(tmp_path / "db")
    with store.read() as session:
        assert session.scalar(select(Meta.value).where(Meta.name == "chain_id")) == "1"
    store.close()


@pytest.mark.parametrize(("chain_id", "deployment"), [(2, "a"), (1, "b")])
def test_open__when_it_holds_another_deployment__then_refused(
    tmp_path: Path, chain_id: int, deployment: str
) -> None:
    opened(tmp_path / "db").close()
    with pytest.raises(StoreOtherDeployment, match="another deployment"):
        opened(tmp_path / "db", chain_id, deployment)


def test_open__when_the_schema_is_newer__then_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    store = opened(tmp_path / "db")
    set_version(store, "9999")
    for attempt in (lambda: store.open(1, "a"), lambda: store.forget_index(1, "a")):
        with pytest.raises(StoreSchemaMismatch, match="a newer version"):
            attempt()
    with store.read() as session:
        assert inspect(session.connection()).has_table("events")
    store.close()


def test_forget_index__when_done__then_another_deployment_can_be_opened_and_jobs_stay(
    tmp_path: Path,
) -> None:
    store = opened(tmp_path / "db")
    with store.write() as connection:
        connection.execute(
            insert(WriteNonce).values(signer=address("a"), nonce=word("n"), expires_at=1)
        )
    store.forget_index(2, "b")
    store.open(2, "b")
    with store.read() as session:
        assert session.scalars(select(WriteNonce.nonce)).all() == [word("n")]
    store.close()


@pytest.mark.parametrize(("deployment", "sheets"), [("a", [b"{}"]), ("b", [])])
def test_forget_index__when_done__then_sheets_stay_that_are_of_this_deployment(
    tmp_path: Path, deployment: str, sheets: list[bytes]
) -> None:
    store = opened(tmp_path / "db")
    with store.write() as connection:
        connection.execute(insert(ExamSheet).values(exam_id=1, owner=address("o"), content=b"{}"))
    store.forget_index(1, deployment)
    store.open(1, deployment)
    with store.read() as session:
        assert session.scalars(select(ExamSheet.content)).all() == sheets
    store.close()


@pytest.mark.parametrize("url", ["", "nonsense", "oracle+nope://x"])
def test_store__when_the_url_is_no_use__then_one_sentence(url: str) -> None:
    with pytest.raises(StoreUnavailable, match="database"):
        opened_url(url)


def opened_url(url: str) -> None:
    Store(url).open(1, "a")


def test_open__when_the_folder_is_missing__then_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="check its path"):
        opened(tmp_path / "missing" / "db")


def test_open__when_the_file_is_no_database__then_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "db").write_bytes(b"\x89PNG not a database at all" * 100)
    with pytest.raises(StoreUnavailable, match="not a database"):
        opened(tmp_path / "db")


def test_open__when_somebody_holds_the_lock__then_says_it_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "LOCK_WAIT_SECONDS", 0.05)
    opened(tmp_path / "db").close()
    holder = sqlite3.connect(tmp_path / "db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="is locked by another process"):
        opened(tmp_path / "db")
    holder.close()


def test_glance__when_others_write_between__then_each_sees_what_is_there_and_hinders_nobody(
    tmp_path: Path,
) -> None:
    store = opened(tmp_path / "db")

    def names(connection: Connection) -> set[str]:
        return set(connection.scalars(select(Meta.name)))

    assert "note" not in store.glance(names)
    write_note(store)
    assert "note" in store.glance(names)
    with pytest.raises(ProgrammingError):
        store.glance(lambda connection: connection.exec_driver_sql("SELECT ?", ()).all())
    assert "note" in store.glance(names)
    # A transaction left open would hold back the log, and with it its own end.
    with store.write() as connection:
        connection.execute(delete(Meta).where(Meta.name == "note"))
    assert "note" not in store.glance(names)
    store.close()


def test_read__when_a_writer_commits_meanwhile__then_sees_the_state_at_its_beginning(
    tmp_path: Path,
) -> None:
    store = opened(tmp_path / "db")
    with store.read() as session:
        before = session.scalars(select(Meta.name)).all()
        writer = threading.Thread(target=write_note, args=(store,))
        writer.start()
        writer.join()
        assert session.scalars(select(Meta.name).order_by(Meta.name)).all() == sorted(before)
    with store.read() as session:
        assert "note" in session.scalars(select(Meta.name)).all()
    store.close()


def write_note(store: Store) -> None:
    with store.write() as connection:
        connection.execute(insert(Meta).values(name="note", value="x"))


def write_note_and_fail(store: Store) -> None:
    with store.write() as connection:
        connection.execute(insert(Meta).values(name="note", value="x"))
        raise ZeroDivisionError


def test_write__when_its_block_fails__then_nothing_stays(tmp_path: Path) -> None:
    store = opened(tmp_path / "db")
    with pytest.raises(ZeroDivisionError):
        write_note_and_fail(store)
    with store.read() as session:
        assert "note" not in session.scalars(select(Meta.name)).all()
    store.close()


def test_name__when_the_url_has_a_password__then_it_is_hidden() -> None:
    with pytest.raises(StoreUnavailable) as refused:
        Store("mysql+nothere://user:hunter2@host/db")
    assert "hunter2" not in str(refused.value)


def test_uint256__when_sorted_as_bytes__then_as_numbers() -> None:
    dialect, column = sqlite.dialect(), Uint256()  # type: ignore[no-untyped-call]
    to_bytes, from_bytes = column.bind_processor(dialect), column.result_processor(dialect, None)
    numbers = [0, 1, 255, 256, 2**64, 2**255, 2**256 - 1]
    stored = [to_bytes(number) for number in numbers]
    assert stored == sorted(stored)  # type: ignore[type-var]
    assert [from_bytes(value) for value in stored] == numbers
