"""What a node remembers of exams: answers, drafts of items, and every item that was ever asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from verifier.node.database import Database

__all__ = ["Draft", "Shelf"]

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS answers (
    exam_id INTEGER NOT NULL, place INTEGER NOT NULL, content_hash BLOB,
    PRIMARY KEY (exam_id, place)
);
CREATE TABLE IF NOT EXISTS drafts (
    exam_id INTEGER NOT NULL, section INTEGER NOT NULL, task_hash BLOB NOT NULL,
    task BLOB NOT NULL, source TEXT NOT NULL, content_hash BLOB NOT NULL,
    PRIMARY KEY (exam_id, section, task_hash)
);
CREATE TABLE IF NOT EXISTS asked (
    hash BLOB NOT NULL, exam_id INTEGER NOT NULL, section INTEGER NOT NULL,
    PRIMARY KEY (hash, exam_id, section)
);
CREATE TABLE IF NOT EXISTS studied (exam_id INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS closed (
    role TEXT NOT NULL, exam_id INTEGER NOT NULL, profile_id BLOB NOT NULL, outcome TEXT NOT NULL,
    PRIMARY KEY (role, exam_id)
);
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """An item chosen for a section. source: "pool", or "round 0x…" for gold."""

    task_hash: bytes
    task: bytes
    source: str
    content_hash: bytes

    @property
    def is_gold(self) -> bool:
        return self.source != "pool"


class Shelf(Database):
    """One node's exams, in a file of their own beside its seats."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _TABLES)

    # ------------------------------------------------------------------ sitting

    def answers(self, exam_id: int) -> dict[int, bytes | None]:
        """Content hashes of answers by place; None where the engine had none."""
        rows = self._all("SELECT place, content_hash FROM answers WHERE exam_id = ?", exam_id)
        return {int(place): content for place, content in rows}

    def save_answer(self, exam_id: int, place: int, content_hash: bytes | None) -> None:
        """Remembers an answer; the first stays."""
        self._write("INSERT OR IGNORE INTO answers VALUES (?, ?, ?)", exam_id, place, content_hash)

    # ------------------------------------------------------------------ examining

    def drafts(self, exam_id: int, section: int) -> list[Draft]:
        """The items chosen so far, in the order of their choice."""
        rows = self._all(
            "SELECT task_hash, task, source, content_hash FROM drafts "
            "WHERE exam_id = ? AND section = ? ORDER BY rowid",
            exam_id,
            section,
        )
        return [Draft(*row) for row in rows]

    def add_draft(self, exam_id: int, section: int, draft: Draft) -> None:
        """Chooses an item; it and its output count as asked from now on, posted or not."""
        self.ask((draft.task_hash, draft.content_hash), exam_id, section)
        self._write(
            "INSERT OR IGNORE INTO drafts VALUES (?, ?, ?, ?, ?, ?)",
            exam_id,
            section,
            draft.task_hash,
            draft.task,
            draft.source,
            draft.content_hash,
        )

    def drop_draft(self, exam_id: int, section: int, task_hash: bytes) -> None:
        """Takes an item back that somebody else has asked meanwhile."""
        self._write(
            "DELETE FROM drafts WHERE exam_id = ? AND section = ? AND task_hash = ?",
            exam_id,
            section,
            task_hash,
        )

    # ------------------------------------------------------------------ what was ever asked

    def ask(self, values: Iterable[bytes], exam_id: int, section: int) -> None:
        """Writes down that items (hashes of tasks, or of outputs) were asked."""
        rows = [(value, exam_id, section) for value in values]
        self._write_many("INSERT OR IGNORE INTO asked VALUES (?, ?, ?)", rows)

    def was_asked(self, value: bytes, exam_id: int, section: int) -> bool:
        """Whether a task, or an output, was asked elsewhere than in this section."""
        row = self._one(
            "SELECT 1 FROM asked WHERE hash = ? AND (exam_id, section) != (?, ?)",
            value,
            exam_id,
            section,
        )
        return row is not None

    def studied(self) -> set[int]:
        """Exams that are over and whose items are all written down."""
        return {int(row[0]) for row in self._all("SELECT exam_id FROM studied")}

    def study(self, exam_id: int) -> None:
        self._write("INSERT OR IGNORE INTO studied VALUES (?)", exam_id)

    # ------------------------------------------------------------------ what is over

    def closed(self, role: str) -> set[int]:
        """Exams in which a role has nothing left to do."""
        return {int(row[0]) for row in self._all("SELECT exam_id FROM closed WHERE role = ?", role)}

    def close_exam(self, role: str, exam_id: int, profile_id: bytes, outcome: str) -> None:
        self._write(
            "INSERT OR IGNORE INTO closed VALUES (?, ?, ?, ?)", role, exam_id, profile_id, outcome
        )

    def outcomes(self, role: str, profile_id: bytes) -> list[str]:
        """How exams of a profile ended for a role, the newest first."""
        rows = self._all(
            "SELECT outcome FROM closed WHERE role = ? AND profile_id = ? ORDER BY exam_id DESC",
            role,
            profile_id,
        )
        return [str(row[0]) for row in rows]
