"""The node's memory: SQLite, every change on disk before anything follows from it.

A store belongs to one agent at one court on one chain, and refuses to serve another.
"""

# ruff: noqa: S608 - statements are put together from this module's constants only

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from chain.messages import Court
from verifier.node.database import Database
from verifier.node.errors import StateError
from verifier.node.records import Delivery, KnownRound, SeatId, SeatRecord, Step

__all__ = ["SCHEMA", "Store"]

SCHEMA: Final = "assay/node-state/1"

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS cursor (
    one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, hash BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS recipes (profile_id BLOB PRIMARY KEY, recipe BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS rounds (
    request_hash BLOB PRIMARY KEY, agent_id TEXT NOT NULL, profile_id BLOB NOT NULL,
    client TEXT NOT NULL, task_hash BLOB NOT NULL, output_hash BLOB NOT NULL,
    task_uri TEXT NOT NULL, block INTEGER NOT NULL,
    drawn_us INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS live_rounds ON rounds (done);
CREATE TABLE IF NOT EXISTS seats (
    request_hash BLOB NOT NULL, level INTEGER NOT NULL, seat INTEGER NOT NULL, key BLOB NOT NULL,
    step TEXT NOT NULL, profile_id BLOB NOT NULL, content_hash BLOB, digest BLOB, evidence BLOB,
    evidence_hash BLOB, commitment BLOB, failures INTEGER NOT NULL DEFAULT 0, outcome TEXT,
    changed_at REAL NOT NULL,
    PRIMARY KEY (request_hash, level, seat, key)
);
CREATE TABLE IF NOT EXISTS deliveries (
    output_hash BLOB PRIMARY KEY, task_hash BLOB NOT NULL, profile_id BLOB NOT NULL,
    content_hash BLOB NOT NULL, salt BLOB NOT NULL, client TEXT NOT NULL,
    deadline INTEGER NOT NULL, receipt BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS appeals (
    request_hash BLOB NOT NULL, level INTEGER NOT NULL, wei TEXT NOT NULL,
    PRIMARY KEY (request_hash, level)
);
"""

_SEAT: Final = "request_hash = ? AND level = ? AND seat = ? AND key = ?"
_SEAT_COLUMNS: Final = (
    "request_hash, level, seat, key, step, profile_id, content_hash, digest, evidence, "
    "evidence_hash, commitment, failures, outcome"
)
_ROUND_COLUMNS: Final = (
    "request_hash, agent_id, profile_id, client, task_hash, output_hash, task_uri, block, "
    "drawn_us, done"
)


class Store(Database):
    """One node's seats, rounds and deliveries."""

    def __init__(
        self, path: Path, court: Court, agent_id: int, genesis: bytes | None = None
    ) -> None:
        """Opens or makes the store. `genesis` is the hash of the chain's block 0, if known.

        Raises:
            StateError: it cannot be opened, is damaged, of another schema, or another node's.
        """
        self._belongs = (court, agent_id, genesis)
        super().__init__(path, _TABLES)

    def _claim(self) -> None:
        court, agent_id, genesis = self._belongs
        wanted = {
            "schema": SCHEMA,
            "chain": str(court.chain_id),
            "court": court.rounds,
            "agent": str(agent_id),
        }
        with self._lock, self._db:
            found = dict(self._db.execute("SELECT name, value FROM meta").fetchall())
            if genesis is not None:
                # A local chain that was started anew has the same id, and another history.
                wanted["genesis"] = genesis.hex()
            self._db.executemany("INSERT OR IGNORE INTO meta VALUES (?, ?)", wanted.items())
        for name, value in wanted.items():
            if found.get(name, value) != value:
                raise StateError(
                    f"The state {self._path} was made for {name} {found.get(name)}, but this node "
                    f"is for {name} {value}: use another --state-dir."
                )

    # ------------------------------------------------------------------ following the chain

    def cursor(self) -> tuple[int, bytes] | None:
        """(number, hash) of the last block whose events are in the store."""
        row = self._one("SELECT number, hash FROM cursor")
        return (int(row[0]), bytes(row[1])) if row else None

    def set_cursor(self, number: int, block_hash: bytes) -> None:
        self._write("INSERT OR REPLACE INTO cursor VALUES (1, ?, ?)", number, block_hash)

    def add_recipe(self, profile_id: bytes, recipe: bytes) -> None:
        self._write("INSERT OR REPLACE INTO recipes VALUES (?, ?)", profile_id, recipe)

    def recipe(self, profile_id: bytes) -> bytes | None:
        """The recipe that the chain's registry holds for a profile, if it was seen."""
        row = self._one("SELECT recipe FROM recipes WHERE profile_id = ?", profile_id)
        return bytes(row[0]) if row else None

    def add_round(self, known: KnownRound) -> None:
        """Remembers a round; one that is known already stays as it is."""
        self._write(
            f"INSERT OR IGNORE INTO rounds ({_ROUND_COLUMNS}) VALUES ({_marks(10)})",
            known.request_hash,
            str(known.agent_id),
            known.profile_id,
            known.client,
            known.task_hash,
            known.output_hash,
            known.task_uri,
            known.block,
            known.drawn_us,
            known.done,
        )

    def round_drew_us(self, request_hash: bytes) -> None:
        self._write("UPDATE rounds SET drawn_us = 1 WHERE request_hash = ?", request_hash)

    def round_done(self, request_hash: bytes) -> None:
        self._write("UPDATE rounds SET done = 1 WHERE request_hash = ?", request_hash)

    def forget_rounds_after(self, block: int) -> None:
        """After a reorganisation: what was read above `block` is read again."""
        self._write("DELETE FROM rounds WHERE block > ?", block)
        self._write("UPDATE rounds SET done = 0 WHERE block <= ? AND block > ?", block, block - 256)

    def round(self, request_hash: bytes) -> KnownRound | None:
        row = self._one(
            f"SELECT {_ROUND_COLUMNS} FROM rounds WHERE request_hash = ?",
            request_hash,
        )
        return _round(row) if row else None

    def live_rounds(self, agent_id: int, profiles: Collection[bytes]) -> list[KnownRound]:
        """Rounds that are not done and concern us, oldest first: as their provider, in their
        committee, or because of a profile we may be drawn for."""
        rows = self._all(
            f"SELECT {_ROUND_COLUMNS} FROM rounds WHERE done = 0 AND (agent_id = ? OR drawn_us = 1 "
            f"OR profile_id IN ({_marks(len(profiles))})) ORDER BY block, rowid",
            str(agent_id),
            *profiles,
        )
        return [_round(row) for row in rows]

    def round_count(self) -> int:
        """Rounds ever seen at this court."""
        row = self._one("SELECT COUNT(*) FROM rounds")
        return int(row[0]) if row else 0

    def rounds_of(self, profile_id: bytes) -> list[KnownRound]:
        """Rounds of a profile that were ever seen, the newest first."""
        rows = self._all(
            f"SELECT {_ROUND_COLUMNS} FROM rounds WHERE profile_id = ? ORDER BY block DESC",
            profile_id,
        )
        return [_round(row) for row in rows]

    def has_task(self, task_hash: bytes) -> bool:
        """Whether any round at this court was about a task, so that its output may be public."""
        return self._one("SELECT 1 FROM rounds WHERE task_hash = ?", task_hash) is not None

    # ------------------------------------------------------------------ seats

    def add_seat(self, seat: SeatId, profile_id: bytes) -> SeatRecord:
        """The seat's record; SEEN if it is new."""
        self._write(
            "INSERT OR IGNORE INTO seats (request_hash, level, seat, key, step, profile_id, "
            "changed_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            *_id(seat),
            Step.SEEN,
            profile_id,
            time.time(),
        )
        record = self.seat(seat)
        if record is None:
            raise StateError(f"The state {self._path} lost a seat: restore it.")
        return record

    def seat(self, seat: SeatId) -> SeatRecord | None:
        row = self._one(f"SELECT {_SEAT_COLUMNS} FROM seats WHERE {_SEAT}", *_id(seat))
        return _seat(row) if row else None

    def seats(self, request_hash: bytes | None = None) -> list[SeatRecord]:
        """All seats, or those of one round, in the order in which they last changed."""
        where = "" if request_hash is None else "WHERE request_hash = ?"
        rows = self._all(
            f"SELECT {_SEAT_COLUMNS} FROM seats {where} ORDER BY changed_at",
            *(() if request_hash is None else (request_hash,)),
        )
        return [_seat(row) for row in rows]

    def save_output(self, seat: SeatId, content_hash: bytes) -> None:
        """SEEN → GENERATED; a seat that has a digest keeps the output behind it."""
        self._write(
            "UPDATE seats SET step = CASE step WHEN ? THEN ? ELSE step END, content_hash = ?, "
            f"changed_at = ? WHERE {_SEAT} AND digest IS NULL",
            Step.SEEN,
            Step.GENERATED,
            content_hash,
            time.time(),
            *_id(seat),
        )

    def save_digest(
        self, seat: SeatId, digest: bytes, evidence: bytes, evidence_hash: bytes, commitment: bytes
    ) -> None:
        """GENERATED → DIGESTED. Once stored, a seat's digest never changes."""
        self._write(
            "UPDATE seats SET step = CASE WHEN step IN (?, ?) THEN ? ELSE step END, digest = ?, "
            "evidence = ?, evidence_hash = ?, commitment = ?, changed_at = ? "
            f"WHERE {_SEAT} AND digest IS NULL",
            Step.SEEN,
            Step.GENERATED,
            Step.DIGESTED,
            digest,
            evidence,
            evidence_hash,
            commitment,
            time.time(),
            *_id(seat),
        )

    def reach(self, seat: SeatId, step: Step) -> None:
        """Records a step the chain confirms; a step is never taken back."""
        record = self.seat(seat)
        if record is not None and record.step.rank < step.rank:
            self._write(
                f"UPDATE seats SET step = ?, changed_at = ? WHERE {_SEAT}",
                step,
                time.time(),
                *_id(seat),
            )

    def finish(self, seat: SeatId, outcome: str) -> None:
        """→ DONE, with how it ended in plain words."""
        self._write(
            f"UPDATE seats SET step = ?, outcome = ?, changed_at = ? WHERE {_SEAT} AND step != ?",
            Step.DONE,
            outcome,
            time.time(),
            *_id(seat),
            Step.DONE,
        )

    def count_failure(self, seat: SeatId) -> None:
        """A transaction of the seat was mined and reverted: the next one has another name."""
        self._write(f"UPDATE seats SET failures = failures + 1 WHERE {_SEAT}", *_id(seat))

    # ------------------------------------------------------------------ deliveries

    def add_delivery(self, delivery: Delivery) -> None:
        """Remembers a delivery; the same work delivered again replaces its receipt."""
        self._write(
            f"INSERT OR REPLACE INTO deliveries VALUES ({_marks(8)})",
            delivery.output_hash,
            delivery.task_hash,
            delivery.profile_id,
            delivery.content_hash,
            delivery.salt,
            delivery.client,
            delivery.deadline,
            delivery.receipt,
        )

    def delivery(self, output_hash: bytes) -> Delivery | None:
        row = self._one("SELECT * FROM deliveries WHERE output_hash = ?", output_hash)
        return Delivery(*row) if row else None

    def deliveries(self) -> list[Delivery]:
        """All deliveries, oldest first."""
        return [Delivery(*row) for row in self._all("SELECT * FROM deliveries ORDER BY rowid")]

    # ------------------------------------------------------------------ appeals

    def spent_on_appeals(self) -> int:
        """Wei paid for appeals by this node, whatever came back of it."""
        return sum(int(wei) for (wei,) in self._all("SELECT wei FROM appeals"))

    def spend_on_appeal(self, request_hash: bytes, level: int, wei: int, budget: int) -> bool:
        """Notes, before it is sent, what an appeal against a level costs, unless with it more than
        `budget` would be spent; whether it may be sent. Noted once, however often it is asked."""
        with self._lock:
            before = self._one(
                "SELECT wei FROM appeals WHERE request_hash = ? AND level = ?", request_hash, level
            )
            if before is None and self.spent_on_appeals() + wei > budget:
                return False
            self._write("INSERT OR IGNORE INTO appeals VALUES (?, ?, ?)",
                        request_hash, level, str(wei))  # fmt: skip
            return True

    def unspend_on_appeal(self, request_hash: bytes, level: int) -> None:
        """Nothing was paid after all."""
        self._write("DELETE FROM appeals WHERE request_hash = ? AND level = ?", request_hash, level)


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _id(seat: SeatId) -> tuple[bytes, int, int, bytes]:
    return seat.request_hash, seat.level, seat.seat, seat.key


def _seat(row: tuple[Any, ...]) -> SeatRecord:
    request_hash, level, seat, key, step, *rest = row
    return SeatRecord(SeatId(request_hash, level, seat, key), Step(step), *rest)


def _round(row: tuple[Any, ...]) -> KnownRound:
    request_hash, agent_id, *rest, drawn_us, done = row
    known = KnownRound(request_hash, int(agent_id), *rest)
    return replace(known, drawn_us=bool(drawn_us), done=bool(done))
