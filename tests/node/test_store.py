"""What a node remembers, whose it is, and that it never changes its mind."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from chain.messages import Court
from chain.types import Address
from tests.node.fake_chain import COURT
from verifier.node.errors import StateError, StateInUse
from verifier.node.records import KnownRound, SeatId, Step
from verifier.node.statedir import StateDir
from verifier.node.store import Store

pytestmark = pytest.mark.unit

SEAT = SeatId(b"\x01" * 32, 0, 2, b"\x02" * 32)
PROFILE_ID = b"\x03" * 32
ROUND = KnownRound(
    b"\x01" * 32, 1 << 200, PROFILE_ID, "0xclient", b"\x04" * 32, b"\x05" * 32, "data:", 7
)


@pytest.fixture
def files(tmp_path: Path) -> StateDir:
    found = StateDir(tmp_path / "state")
    found.create()
    return found


@pytest.fixture
def store(files: StateDir) -> Store:
    return Store(files.store, COURT, 0)


def test_store__when_opened_again__then_has_what_was_written(files: StateDir, store: Store) -> None:
    store.add_round(ROUND)
    store.add_seat(SEAT, PROFILE_ID)
    store.save_output(SEAT, b"\x06" * 32)
    store.set_cursor(9, b"\x07" * 32)
    store.close()
    again = Store(files.store, COURT, 0)
    record = again.seat(SEAT)
    assert record is not None
    assert (record.step, record.content_hash) == (Step.GENERATED, b"\x06" * 32)
    assert again.round(ROUND.request_hash) == ROUND
    assert again.cursor() == (9, b"\x07" * 32)


def test_store__when_a_digest_is_stored__then_another_one_does_not_replace_it(
    store: Store,
) -> None:
    store.add_seat(SEAT, PROFILE_ID)
    store.save_output(SEAT, b"\x06" * 32)
    store.save_digest(SEAT, b"\x08" * 32, b"{}", b"\x09" * 32, b"\x0a" * 32)
    store.save_digest(SEAT, b"\xff" * 32, b"[]", b"\xff" * 32, b"\xff" * 32)
    store.save_output(SEAT, b"\xff" * 32)
    record = store.seat(SEAT)
    assert record is not None
    assert (record.digest, record.commitment, record.content_hash) == (
        b"\x08" * 32,
        b"\x0a" * 32,
        b"\x06" * 32,
    )


def test_store__when_a_seat_has_come_far__then_no_step_is_taken_back(store: Store) -> None:
    store.add_seat(SEAT, PROFILE_ID)
    store.reach(SEAT, Step.OPENED)
    store.reach(SEAT, Step.COMMITTED)
    store.save_output(SEAT, b"\x06" * 32)
    store.save_digest(SEAT, b"\x08" * 32, b"{}", b"\x09" * 32, b"\x0a" * 32)
    record = store.seat(SEAT)
    assert record is not None
    assert record.step is Step.OPENED
    assert record.digest == b"\x08" * 32
    store.finish(SEAT, "Accepted")
    store.finish(SEAT, "another ending")
    assert [found.outcome for found in store.seats()] == ["Accepted"]


def test_store__when_asked_for_live_rounds__then_has_those_that_concern_it(store: Store) -> None:
    mine = replace(ROUND, request_hash=b"\x11" * 32, agent_id=0)
    drawn = replace(ROUND, request_hash=b"\x12" * 32, drawn_us=True)
    other = replace(ROUND, request_hash=b"\x13" * 32, profile_id=b"\x14" * 32)
    for known in (ROUND, mine, drawn, other):
        store.add_round(known)
    assert store.live_rounds(0, [PROFILE_ID]) == [ROUND, mine, drawn]
    assert store.live_rounds(0, []) == [mine, drawn]
    store.round_done(mine.request_hash)
    assert store.live_rounds(0, []) == [drawn]
    assert store.round_count() == 4


@pytest.mark.parametrize(
    ("court", "agent", "words"),
    [
        (Court(5, COURT.rounds), 0, "made for chain 31337, but this node is for chain 5"),
        (Court(31337, Address("0x" + "99" * 20)), 0, "made for court 0x1111"),
        (COURT, 3, "made for agent 0, but this node is for agent 3"),
    ],
)
def test_store__when_it_is_another_nodes__then_refuses_with_a_sentence(
    files: StateDir, store: Store, court: Court, agent: int, words: str
) -> None:
    store.close()
    with pytest.raises(StateError, match=words):
        Store(files.store, court, agent)


def test_store__when_the_local_chain_was_started_anew__then_refuses(files: StateDir) -> None:
    Store(files.store, COURT, 0).close()
    Store(files.store, COURT, 0, b"\x01" * 32).close()
    Store(files.store, COURT, 0, b"\x01" * 32).close()
    with pytest.raises(StateError, match="made for genesis 0101"):
        Store(files.store, COURT, 0, b"\x02" * 32)


def test_store__when_written_by_another_version__then_refuses(
    files: StateDir, store: Store
) -> None:
    store.close()
    with sqlite3.connect(files.store) as database:
        database.execute("UPDATE meta SET value = 'assay/node-state/9' WHERE name = 'schema'")
    database.close()
    with pytest.raises(StateError, match="schema assay/node-state/9"):
        Store(files.store, COURT, 0)


def test_store__when_the_file_is_damaged__then_says_what_to_do(files: StateDir) -> None:
    files.store.write_bytes(b"not a database at all, and longer than a header is" * 100)
    with pytest.raises(StateError, match="restore the file, or start over"):
        Store(files.store, COURT, 0)


def test_lock__when_a_daemon_has_it__then_a_second_one_is_refused(files: StateDir) -> None:
    files.acquire()
    assert StateDir(files.root).is_locked()
    with pytest.raises(StateInUse, match="Another node runs on the state folder"):
        StateDir(files.root).acquire()
    files.release()
    assert not StateDir(files.root).is_locked()


def test_outputs__when_a_file_was_altered__then_it_counts_as_missing(files: StateDir) -> None:
    content_hash = files.save_output(b"the work")
    assert files.read_output(content_hash) == b"the work"
    (files.root / "outputs" / content_hash.hex()).write_bytes(b"the wok")
    assert files.read_output(content_hash) is None
    assert files.read_output(bytes(32)) is None
    assert not list((files.root / "outputs").glob(".*"))


def test_store__when_the_disk_is_full__then_one_sentence(store: Store) -> None:
    store._write("PRAGMA max_page_count = 1")
    with pytest.raises(StateError, match=r"is full.*: free the disk"):
        store.add_recipe(PROFILE_ID, bytes(1 << 20))


def test_output__when_the_disk_damaged_it__then_it_is_written_again(files: StateDir) -> None:
    content_hash = files.save_output(b"whole")
    (files.root / "outputs" / content_hash.hex()).write_bytes(b"who")
    assert files.save_output(b"whole") == content_hash
    assert files.read_output(content_hash) == b"whole"


def test_output__when_it_cannot_be_written__then_nothing_is_left_behind(
    files: StateDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StateError, match="No space left"):
        files.save_output(b"too much")
    assert list((files.root / "outputs").iterdir()) == []
