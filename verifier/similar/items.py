"""What an index is built from: the files of a folder, or lines of JSON.

A line is {"id": …, "text": …} or {"id": …, "digest": "0x…"}; all lines of a file are of one kind.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from verifier.canonical import from_hex, parse_object, require_fields
from verifier.digest.bits import DIGEST_BYTES
from verifier.errors import SimilarError

__all__ = ["Item", "first_digest", "read", "read_content"]

LINES = ".jsonl"
MAX_LINE_BYTES = 1 << 23


class Item(NamedTuple):
    """id, and content to sketch or digest, or else a digest."""

    id: str
    content: bytes = b""
    digest: bytes | None = None


def read(source: Path, pattern: str, max_bytes: int) -> Iterator[Item]:
    """The items of a folder (files whose names match `pattern`, hidden ones apart) or of lines.

    Ids in a folder are paths within it. A file of more than `max_bytes` is read up to a byte more,
    for sketch or digest to refuse it.
    """
    seen: set[str] = set()
    items = _lines(source) if source.suffix == LINES else _files(source, pattern, max_bytes)
    for item in items:
        if item.id in seen:
            raise SimilarError(f"{source} has the id {item.id!r} twice; give each item its own.")
        seen.add(item.id)
        yield item
    if not seen:
        raise SimilarError(f"{source} has nothing to index; look at --pattern.")


def first_digest(source: Path) -> bool:
    """Whether `source` is lines of digests, by the first."""
    return source.suffix == LINES and any(item.digest is not None for item in _head(source))


def read_content(path: Path, max_bytes: int) -> bytes:
    """The bytes of a file, at most one more than `max_bytes`; SimilarError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    except OSError as error:
        raise SimilarError(f"{path} cannot be read: {error.strerror}.") from None


def _head(source: Path) -> Iterator[Item]:
    for item in _lines(source):
        yield item
        return


def _files(folder: Path, pattern: str, max_bytes: int) -> Iterator[Item]:
    if not folder.is_dir():
        raise SimilarError(f"{folder} is neither a folder nor a file of JSON lines ({LINES}).")
    for path in sorted(folder.rglob(pattern)):
        name = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            yield Item(_encodable(name.as_posix()), read_content(path, max_bytes))


def _lines(source: Path) -> Iterator[Item]:
    try:
        with source.open("rb") as file:
            number, kind = 0, None
            while line := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                if line.strip():
                    item = _item(line, f"line {number} of {source}")
                    if kind not in (None, item.digest is None):
                        raise SimilarError(
                            f"Line {number} of {source} is a digest among texts, or a text among "
                            "digests; make an index of each."
                        )
                    kind = item.digest is None
                    yield item
    except OSError as error:
        raise SimilarError(f"{source} cannot be read: {error.strerror}.") from None


def _item(line: bytes, what: str) -> Item:
    value = parse_object(line, what, MAX_LINE_BYTES, SimilarError)
    kind = "digest" if "digest" in value else "text"
    require_fields(value, what, ("id", kind), SimilarError)
    if not isinstance(value["id"], str) or not value["id"]:
        raise SimilarError(f"The id in {what} must be a text that is not empty.")
    id = _encodable(value["id"])
    if kind == "digest":
        return Item(id, digest=from_hex(value["digest"], DIGEST_BYTES, kind, SimilarError))
    if not isinstance(value["text"], str):
        raise SimilarError(f"The text in {what} must be a text.")
    return Item(id, _encodable(value["text"]).encode())


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise SimilarError(
            f"{json.dumps(text)[:80]} holds half a surrogate pair, which is no text; rename it."
        ) from None
    return text
