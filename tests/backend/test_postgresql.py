"""What has to hold on a real PostgreSQL too: the whole index, snapshots, one writer, leases.

`TEST_DATABASE=postgresql` runs every test of the backend on it; these are the few for every change.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select

from backend.errors import StoreUnavailable
from backend.store import Duty, Lease, Meta, Store, database, dump, roll_back
from tests.backend.conftest import World
from tests.backend.stories import accepted_round, begin, rejected_round
from tests.backend.test_migrations import assert_as_declared
from tests.support.databases import NewDatabase
from tests.support.fakechain import FakeChain, word
from tests.support.polling import eventually

pytestmark = pytest.mark.integration

HOLDER = """
    import sys, time
    from backend.store import Duty, Lease, Store
    lease = Lease(Store(sys.argv[1]), Duty.SEND)
    assert lease.held()
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def store(postgresql: NewDatabase) -> Store:
    made = Store(postgresql())
    made.open(31337, "test")
    return made


def test_glance__when_the_server_ended_its_connection__then_told_by_another(store: Store) -> None:
    def backend(connection: Connection) -> int:
        return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())

    first = store.glance(backend)
    assert store.glance(backend) == first
    with store.write() as connection:
        connection.exec_driver_sql("SELECT pg_terminate_backend(%s)", (first,))
    assert store.glance(backend) != first
    store.close()


def test_index__when_rounds_are_judged_and_reorganised__then_the_tables_are_those_of_sqlite(
    new_world: Callable[[FakeChain], World], postgresql: NewDatabase
) -> None:
    chain = FakeChain()
    begin(chain)
    accepted_round(chain, word("one"))
    reference = new_world(chain)
    reference.catch_up()
    world = new_world(chain)
    world.store = Store(postgresql())
    world.store.open(31337, "test")
    world.catch_up()
    assert dump(world.store) == dump(reference.store)
    chain.reorganise(2)
    rejected_round(chain, word("two"))
    for either in (world, reference):
        either.catch_up()
    assert dump(world.store) == dump(reference.store)
    with world.store.write() as connection:
        roll_back(connection, chain.head().number - 3)
        assert_as_declared(connection)
    world.store.close()


def test_read__when_a_writer_commits_meanwhile__then_one_snapshot(store: Store) -> None:
    with store.read() as session:
        before = session.scalars(select(Meta.name)).all()
        with store.write() as connection:
            connection.execute(insert(Meta).values(name="note", value="x"))
        assert session.scalars(select(Meta.name)).all() == before
    store.close()


def test_write__when_two_write__then_one_after_the_other_and_each_sees_the_other(
    store: Store,
) -> None:
    def count_up() -> None:
        for _ in range(10):
            with store.write() as connection:
                names = connection.scalars(select(Meta.name)).all()
                connection.execute(insert(Meta).values(name=f"n{len(names)}", value="x"))

    writers = [threading.Thread(target=count_up) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with store.read() as session:
        assert len(session.scalars(select(Meta.name)).all()) == 2 + 30
    store.close()


def test_write__when_somebody_does_not_let_go__then_says_that_it_is_locked(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 0.05)
    with store.write(), pytest.raises(StoreUnavailable, match="is locked"), store.write():
        pass
    store.close()


def test_lease__when_its_holder_is_killed__then_another_replica_takes_over(
    postgresql: NewDatabase,
) -> None:
    url = postgresql()
    code = "\n".join(line[4:] for line in HOLDER.splitlines())
    holder = subprocess.Popen(
        [sys.executable, "-c", code, url], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    store = Store(url)
    mine = Lease(store, Duty.SEND)
    assert not mine.held()
    other = Lease(store, Duty.INDEX)
    assert other.held(), "another duty is another lock"
    other.release()
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    eventually(mine.held, "the duty was taken over", 10)
    other = Lease(store, Duty.SEND)
    assert not other.held()
    mine.release()
    assert other.held()
    other.release()
    store.close()
