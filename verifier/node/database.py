"""A node's SQLite files: every write is on disk at once, every failure a sentence.

Several threads and, for deliveries, several processes may use a file at a time.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from verifier.node.errors import StateError

__all__ = ["Database"]


class Database:
    """One file."""

    def __init__(self, path: Path, tables: str) -> None:
        """Opens or makes it.

        Raises:
            StateError: it cannot be opened, or is damaged.
        """
        self._path = path
        self._lock = threading.RLock()
        try:
            with ExitStack() as undo:
                self._db = sqlite3.connect(path, timeout=10, check_same_thread=False)
                undo.callback(self._db.close)
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = FULL")
                with self._db:
                    self._db.executescript(tables)
                self._claim()
                undo.pop_all()
        except sqlite3.Error as error:
            raise StateError(
                f"The node's state {path} cannot be used ({error}): free the disk, restore the "
                "file, or start over with another --state-dir."
            ) from None

    def close(self) -> None:
        """Lets go of the file."""
        with self._lock:
            self._db.close()

    def _claim(self) -> None:
        """For who has to see whose file it is before it is used."""

    def _write(self, statement: str, *values: Any) -> None:
        with self._lock, self._sentences(), self._db:
            self._db.execute(statement, values)

    def _write_many(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """All rows, or none."""
        with self._lock, self._sentences(), self._db:
            self._db.executemany(statement, rows)

    def _one(self, query: str, *values: Any) -> tuple[Any, ...] | None:
        with self._lock, self._sentences():
            row: tuple[Any, ...] | None = self._db.execute(query, values).fetchone()
            return row

    def _all(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock, self._sentences():
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StateError(
                f"The node's state {self._path} cannot be used ({error}): free the disk, or "
                "restore the file."
            ) from None
