"""Journals: memory and file behave alike, and the file survives."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chain.blocks import Call
from chain.errors import ConfigError
from chain.fees import Fees
from chain.journal import Attempt, Entry, FileJournal, JobState, Journal, MemoryJournal
from chain.types import Address, TxHash, Wei

pytestmark = pytest.mark.unit

SIGNER = Address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
CHAIN = "31337:ab"


def attempt(number: int) -> Attempt:
    return Attempt(TxHash(bytes([number]) * 32), bytes([number]), Fees(Wei(1 << 90), Wei(number)))


def entry(job: str = "pay", nonce: int = 0, chain: str = CHAIN) -> Entry:
    call = Call(SIGNER, b"\x00\xff", Wei(1 << 80), "a payment")
    number = nonce + 1 + (100 if chain != CHAIN else 0)
    return Entry(job, chain, SIGNER, nonce, call, 21_000, (attempt(number),))


@pytest.fixture(params=["memory", "file"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    if request.param == "memory":
        yield MemoryJournal()
        return
    file = FileJournal(tmp_path / "journal.sqlite")
    yield file
    file.close_file()


def test_journal__when_an_entry_is_added__then_it_is_found_whole(journal: Journal) -> None:
    journal.add(entry())

    assert journal.get(CHAIN, "pay") == entry()
    assert journal.get(CHAIN, "other") is None


def test_journal__when_a_creation_is_added__then_it_has_no_address(journal: Journal) -> None:
    creation = Entry("new", CHAIN, SIGNER, 0, Call(None, b"", Wei(0), "x"), 1, (attempt(1),))
    journal.add(creation)

    assert journal.get(CHAIN, "new") == creation


def test_journal__when_attempts_are_added__then_they_keep_their_order(journal: Journal) -> None:
    journal.add(entry())

    longer = journal.add_attempt(entry(), attempt(9))
    longest = journal.add_attempt(longer, attempt(5))

    assert [a.raw for a in longest.attempts] == [b"\x01", b"\x09", b"\x05"]
    assert journal.get(CHAIN, "pay") == longest


def test_journal__when_asked_for_open_entries__then_by_nonce_and_of_this_chain_only(
    journal: Journal,
) -> None:
    journal.add(entry("b", 7))
    journal.add(entry("a", 3))
    journal.add(entry("elsewhere", 1, chain="1:cd"))
    journal.add(entry("done", 2))
    journal.close(entry("done", 2), JobState.MINED, TxHash(bytes(32)))

    assert [e.job for e in journal.open_entries(CHAIN, SIGNER)] == ["a", "b"]
    assert journal.open_entries(CHAIN, Address("0x" + "11" * 20)) == []


def test_journal__when_a_job_is_closed__then_it_says_how(journal: Journal) -> None:
    journal.add(entry())
    journal.close(entry(), JobState.MINED, TxHash(b"\x05" * 32))

    found = journal.get(CHAIN, "pay")

    assert found is not None
    assert (found.state, found.mined_hash) == (JobState.MINED, b"\x05" * 32)


def test_journal__when_a_dropped_job_is_begun_again__then_the_old_attempts_are_gone(
    journal: Journal,
) -> None:
    journal.add(entry("pay", 0))
    journal.close(entry("pay", 0), JobState.DROPPED)
    journal.add(entry("pay", 4))

    found = journal.get(CHAIN, "pay")

    assert found == entry("pay", 4)


def test_journal__when_a_dropped_jobs_successor_signs_the_same_bytes__then_it_is_taken(
    journal: Journal,
) -> None:
    journal.add(entry("try 0"))
    journal.close(entry("try 0"), JobState.DROPPED)

    journal.add(entry("try 1"))

    assert journal.get(CHAIN, "try 1") == entry("try 1")


def test_file_journal__when_opened_again__then_everything_is_there(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "journal.sqlite"
    first = FileJournal(file)
    first.add(entry())
    first.close_file()

    second = FileJournal(file)

    assert second.open_entries(CHAIN, SIGNER) == [entry()]
    second.close_file()


def test_file_journal__when_two_jobs_want_one_nonce__then_the_second_is_refused(
    tmp_path: Path,
) -> None:
    journal = FileJournal(tmp_path / "journal.sqlite")
    journal.add(entry("a", 1))
    other = Entry("b", CHAIN, SIGNER, 1, entry().call, 1, (attempt(77),))

    with pytest.raises(sqlite3.IntegrityError):
        journal.add(other)
    assert journal.get(CHAIN, "b") is None
    journal.close_file()


def damaged(file: Path) -> None:
    file.write_bytes(b"not a database" * 100)


def of_the_future(file: Path) -> None:
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA user_version = 9")
    db.close()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [(damaged, "cannot be used"), (of_the_future, "another version of Assay")],
)
def test_file_journal__when_the_file_is_none__then_it_says_so(
    spoil: Callable[[Path], None], sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / "journal.sqlite"
    spoil(file)

    with pytest.raises(ConfigError, match=sentence):
        FileJournal(file)


def test_file_journal__when_another_has_it_open__then_it_says_so(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    first = FileJournal(file)

    with pytest.raises(ConfigError, match="in use by another process"):
        FileJournal(file)
    first.close_file()
