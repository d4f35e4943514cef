"""Keys and sheets in files, written before they are committed to: without one nothing opens.

    {"schema": "assay/exam-paper/1", "chainId", "book", "examId", "agentId", "owner", "section",
     "salt", "digests": ["0x…"], "contents": ["0x…"]}

`section` is null in a candidate's sheet, which has the digests of all sections; `contents` are the
keccak256 of the outputs, which a key commits to as well.
"""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from chain.exam_messages import Book, section_key
from chain.exam_structs import SectionKey, Sheet
from chain.types import Address, AgentId, Bytes32
from verifier.canonical import from_hex, parse_object, require_fields
from verifier.errors import ExamError

__all__ = ["MAX_BYTES", "SCHEMA", "Paper", "address_of", "whole_of", "word_of", "words_of"]

SCHEMA: Final = "assay/exam-paper/1"
MAX_BYTES: Final = 1 << 20
FIELDS: Final = (
    "schema",
    "chainId",
    "book",
    "examId",
    "agentId",
    "owner",
    "section",
    "salt",
    "digests",
    "contents",
)


@dataclass(frozen=True, slots=True)
class Paper:
    """A key (`section` is a number) or a sheet (`section` is None), and what it opens with."""

    book: Book
    exam_id: int
    agent_id: int
    owner: str
    section: int | None
    salt: bytes
    digests: tuple[bytes, ...]
    contents: tuple[bytes, ...]

    def key(self) -> SectionKey:
        """What `openKey` and `grade` take."""
        return section_key(self.digests, self.contents)

    def opening(self) -> tuple[int, SectionKey, tuple[bytes, ...], bytes]:
        """What `openKey` takes after the exam's number. ExamError unless this is a key."""
        if self.section is None:
            raise ExamError(
                "This paper is a candidate's sheet: have it graded with `assay exam grade`."
            )
        return self.section, self.key(), self.contents, self.salt

    def sheet(self) -> Sheet:
        """What `grade` takes."""
        digests = tuple(Bytes32(each) for each in self.digests)
        return Sheet(AgentId(self.agent_id), Address(self.owner), Bytes32(self.salt), digests)

    def save(self, path: Path) -> None:
        """Writes the file whole, readable by its owner alone."""
        value = {
            "schema": SCHEMA,
            "chainId": self.book.chain_id,
            "book": self.book.address,
            "examId": self.exam_id,
            "agentId": str(self.agent_id),
            "owner": self.owner,
            "section": self.section,
            "salt": "0x" + self.salt.hex(),
            "digests": ["0x" + each.hex() for each in self.digests],
            "contents": ["0x" + each.hex() for each in self.contents],
        }
        part = path.with_name(path.name + ".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(
                os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
            ) as file:
                json.dump(value, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as problem:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise ExamError(
                f"The file {path} cannot be written ({problem.strerror}): name another one."
            ) from None

    @classmethod
    def load(cls, path: Path) -> Self:
        """The paper in a file. ExamError, with a sentence, for anything else."""
        try:
            data = path.read_bytes()
        except OSError as problem:
            raise ExamError(f"The file {path} cannot be read ({problem.strerror}).") from None
        value = parse_object(data, "paper", MAX_BYTES, ExamError)
        require_fields(value, "paper", FIELDS, ExamError)
        if value["schema"] != SCHEMA:
            raise ExamError(f"The file {path} is not a paper of schema {SCHEMA!r}.")
        return cls(
            book=Book(whole_of(value["chainId"], "chainId"), address_of(value["book"])),
            exam_id=whole_of(value["examId"], "examId"),
            agent_id=whole_of(value["agentId"], "agentId"),
            owner=address_of(value["owner"]),
            section=None if value["section"] is None else whole_of(value["section"], "section"),
            salt=word_of(value["salt"], "salt"),
            digests=words_of(value["digests"], "digests"),
            contents=words_of(value["contents"], "contents"),
        )


def whole_of(value: Any, name: str) -> int:
    """A whole number, or decimal text of one. ExamError for anything else; so the others."""
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 256:
        raise ExamError(f"The paper's {name} must be a whole number.")
    return value


def address_of(value: Any) -> Address:
    """An account's address."""
    from_hex(value.lower() if isinstance(value, str) else value, 20, "paper's address", ExamError)
    return Address(value)


def word_of(value: Any, name: str) -> bytes:
    """32 bytes."""
    return from_hex(value, 32, f"paper's {name}", ExamError)


def words_of(value: Any, name: str) -> tuple[bytes, ...]:
    """A list of 32 bytes each."""
    if not isinstance(value, list):
        raise ExamError(f"The paper's {name} must be a list.")
    return tuple(word_of(each, name) for each in value)
