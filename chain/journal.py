"""What a sender remembers: for each job its nonce and every signed form of its transaction.

An attempt is in the journal before it is broadcast, so that after a crash the same bytes are sent
again and never a second transaction. `FileJournal` survives the process; `MemoryJournal` does not.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from chain.blocks import Call
from chain.errors import ConfigError
from chain.fees import Fees
from chain.types import Address, TxHash, Wei

_VERSION: Final = 1


class JobState(StrEnum):
    """OPEN: may still be mined. MINED: it took effect. DROPPED: it has none and never will."""

    OPEN = "open"
    MINED = "mined"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction: exactly the bytes to broadcast."""

    transaction_hash: TxHash
    raw: bytes
    fees: Fees


@dataclass(frozen=True, slots=True)
class Entry:
    """One job: one call, one nonce, any number of attempts at different fees.

    Attributes:
        job: unique name within a journal.
        chain: chain id and block 0's hash, as text: a restarted local chain is another chain.
        mined_hash: the attempt that was mined, once one was.
    """

    job: str
    chain: str
    signer: Address
    nonce: int
    call: Call
    gas: int
    attempts: tuple[Attempt, ...]
    state: JobState = JobState.OPEN
    mined_hash: TxHash | None = None


class Journal(Protocol):
    """Where a sender keeps its entries. Implementations are safe to use from many threads."""

    def get(self, chain: str, job: str) -> Entry | None:
        """The entry of a job, whatever its state."""

    def open_entries(self, chain: str, signer: Address) -> list[Entry]:
        """Entries that may still be mined, by nonce."""

    def add(self, entry: Entry) -> None:
        """Records a job with its first attempt; replaces a dropped entry of the same job."""

    def add_attempt(self, entry: Entry, attempt: Attempt) -> Entry:
        """Records one more attempt; returns the entry with it."""

    def close(self, entry: Entry, state: JobState, mined_hash: TxHash | None = None) -> None:
        """Records what became of a job."""


class MemoryJournal:
    """A journal that ends with the process: for tests and one-shot commands."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}
        self._lock = threading.Lock()

    def get(self, chain: str, job: str) -> Entry | None:
        with self._lock:
            return self._entries.get((chain, job))

    def open_entries(self, chain: str, signer: Address) -> list[Entry]:
        with self._lock:
            found = [
                entry
                for entry in self._entries.values()
                if (entry.chain, entry.signer, entry.state) == (chain, signer, JobState.OPEN)
            ]
        return sorted(found, key=lambda entry: entry.nonce)

    def add(self, entry: Entry) -> None:
        with self._lock:
            self._entries[entry.chain, entry.job] = entry

    def add_attempt(self, entry: Entry, attempt: Attempt) -> Entry:
        longer = replace(entry, attempts=(*entry.attempts, attempt))
        with self._lock:
            self._entries[entry.chain, entry.job] = longer
        return longer

    def close(self, entry: Entry, state: JobState, mined_hash: TxHash | None = None) -> None:
        with self._lock:
            self._entries[entry.chain, entry.job] = replace(
                entry, state=state, mined_hash=mined_hash
            )


class FileJournal:
    """A journal in a SQLite file, owned by one process at a time."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            ConfigError: the file cannot be opened, is no journal, or another process has it.
        """
        self._path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=0, check_same_thread=False)
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA synchronous = FULL")
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            if "locked" in str(error):
                raise ConfigError(
                    f"The journal {path} is in use by another process: stop it first."
                ) from None
            raise ConfigError(f"The journal {path} cannot be used: {error}.") from None

    def close_file(self) -> None:
        """Lets go of the file."""
        with self._lock:
            self._db.close()

    def get(self, chain: str, job: str) -> Entry | None:
        with self._lock:
            row = self._db.execute(
                "SELECT * FROM jobs WHERE chain = ? AND job = ?", (chain, job)
            ).fetchone()
            return self._entry(row) if row else None

    def open_entries(self, chain: str, signer: Address) -> list[Entry]:
        with self._lock:
            rows = self._db.execute(
                "SELECT * FROM jobs WHERE chain = ? AND signer = ? AND state = 'open' "
                "ORDER BY nonce",
                (chain, signer),
            ).fetchall()
            return [self._entry(row) for row in rows]

    def add(self, entry: Entry) -> None:
        with self._lock, self._db:
            self._db.execute(
                "DELETE FROM attempts WHERE chain = ? AND job = ?", (entry.chain, entry.job)
            )
            self._db.execute(
                "DELETE FROM jobs WHERE chain = ? AND job = ?", (entry.chain, entry.job)
            )
            self._db.execute(
                "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    entry.job,
                    entry.chain,
                    entry.signer,
                    entry.nonce,
                    entry.call.to,
                    entry.call.data,
                    str(entry.call.value),
                    entry.call.label,
                    entry.gas,
                    entry.state,
                    entry.mined_hash,
                ),
            )
            for attempt in entry.attempts:
                self._insert_attempt(entry, attempt)

    def add_attempt(self, entry: Entry, attempt: Attempt) -> Entry:
        with self._lock, self._db:
            self._insert_attempt(entry, attempt)
        return replace(entry, attempts=(*entry.attempts, attempt))

    def close(self, entry: Entry, state: JobState, mined_hash: TxHash | None = None) -> None:
        with self._lock, self._db:
            self._db.execute(
                "UPDATE jobs SET state = ?, mined_hash = ? WHERE chain = ? AND job = ?",
                (state, mined_hash, entry.chain, entry.job),
            )

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version not in {0, _VERSION}:
            raise ConfigError(
                f"The journal {self._path} was written by another version of Assay ({version})."
            )
        with self._db:
            self._db.executescript(_SCHEMA)
            self._db.execute(f"PRAGMA user_version = {_VERSION}")

    def _insert_attempt(self, entry: Entry, attempt: Attempt) -> None:
        self._db.execute(
            "INSERT INTO attempts (chain, job, hash, raw, max_fee, priority_fee) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (
                entry.chain,
                entry.job,
                attempt.transaction_hash,
                attempt.raw,
                str(attempt.fees.max_fee),
                str(attempt.fees.priority_fee),
            ),
        )

    def _entry(self, row: tuple[object, ...]) -> Entry:
        job, chain, signer, nonce, to, data, value, label, gas, state, mined = row
        attempts = self._db.execute(
            "SELECT hash, raw, max_fee, priority_fee FROM attempts "
            "WHERE chain = ? AND job = ? ORDER BY rowid",
            (chain, job),
        ).fetchall()
        return Entry(
            job=str(job),
            chain=str(chain),
            signer=Address(str(signer)),
            nonce=int(str(nonce)),
            call=Call(
                to=Address(str(to)) if to is not None else None,
                data=_blob(data),
                value=Wei(int(str(value))),
                label=str(label),
            ),
            gas=int(str(gas)),
            attempts=tuple(
                Attempt(TxHash(hash_), raw, Fees(Wei(int(fee)), Wei(int(tip))))
                for hash_, raw, fee, tip in attempts
            ),
            state=JobState(str(state)),
            mined_hash=TxHash(_blob(mined)) if mined is not None else None,
        )


def _blob(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise ConfigError("The journal is damaged: a value is not binary.")
    return value


# The columns' order is the one `_entry` reads. Amounts are text: SQLite's integers have 64 bits.
# A hash may come twice: a job dropped unsent and its successor can sign the very same bytes.
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS jobs (
    job TEXT NOT NULL,
    chain TEXT NOT NULL,
    signer TEXT NOT NULL,
    nonce INTEGER NOT NULL,
    call_to TEXT,
    call_data BLOB NOT NULL,
    call_value TEXT NOT NULL,
    label TEXT NOT NULL,
    gas INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'mined', 'dropped')),
    mined_hash BLOB,
    PRIMARY KEY (chain, job)
);
CREATE UNIQUE INDEX IF NOT EXISTS one_job_per_nonce
    ON jobs (chain, signer, nonce) WHERE state = 'open';
CREATE TABLE IF NOT EXISTS attempts (
    chain TEXT NOT NULL,
    job TEXT NOT NULL,
    hash BLOB NOT NULL,
    raw BLOB NOT NULL,
    max_fee TEXT NOT NULL,
    priority_fee TEXT NOT NULL,
    PRIMARY KEY (chain, job, hash),
    FOREIGN KEY (chain, job) REFERENCES jobs (chain, job)
);
"""
