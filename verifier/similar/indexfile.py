"""An index as one file, and the file's words for what it is an index of.

A zip archive that is stored, not deflated, so that nothing in it is larger than the file:

    index.json   schema `assay/similar/1`, what was indexed and how, where the rest lives
    ids.json     a list of texts; row i below is called ids[i]      (not of an index in a Redis)
    rows         uint64[n, 4] or uint32[n, permutations], little-endian           (the same)

The archive's checksums are checked on reading. It is written beside its place and moved there.
"""

import json
import os
import struct
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from verifier.canonical import parse_object, require_fields, shown
from verifier.digest.bits import BITS
from verifier.digest.params import integer
from verifier.errors import ProfileError, SimilarError

__all__ = ["KINDS", "SCHEMA", "About", "IndexFile"]

SCHEMA = "assay/similar/1"
KINDS = ("texts", "digests")
MAX_ABOUT_BYTES = 1 << 16
MAX_ITEMS = 1 << 31
PUBLIC = 0o644
FOREIGN = (
    *(zipfile.BadZipFile, struct.error, EOFError, KeyError, ValueError, OverflowError),
    *(NotImplementedError, RuntimeError),
)
"""What zipfile and json say of bytes that are none of theirs."""

FIELDS = ("schema", "kind", "count", "shingle", "permutations", "profile", "profileId", "redis")


@dataclass(frozen=True, slots=True)
class About:
    """What an index says of itself.

    kind: `texts` or `digests`; shingle, permutations: of the sketches of texts, else 0; profile,
    profile_id: the recipe that digests what is searched for, None where digests came from outside;
    redis, name: the Redis that holds the rows and what its keys begin with, None for the file.
    """

    kind: str
    count: int
    shingle: int = 0
    permutations: int = 0
    profile: str | None = None
    profile_id: str | None = None
    redis: str | None = None
    name: str | None = None

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype("<u4" if self.kind == "texts" else "<u8")

    @property
    def columns(self) -> int:
        return self.permutations if self.kind == "texts" else BITS // 64

    def to_json(self) -> dict[str, Any]:
        stored = {"url": self.redis, "name": self.name} if self.redis else None
        return {
            "schema": SCHEMA,
            "kind": self.kind,
            "count": self.count,
            "shingle": self.shingle,
            "permutations": self.permutations,
            "profile": self.profile,
            "profileId": self.profile_id,
            "redis": stored,
        }

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """What `index.json` says; SimilarError for another schema or what makes no sense."""
        value = parse_object(data, "index.json", MAX_ABOUT_BYTES, SimilarError)
        if value.get("schema") != SCHEMA:
            raise SimilarError(
                f"its schema is {shown(value.get('schema'))} and this version reads {SCHEMA!r}"
            )
        require_fields(value, "index.json", FIELDS, SimilarError)
        stored = value["redis"] if isinstance(value["redis"], dict) else {}
        texts = (value["profile"], value["profileId"], stored.get("url"), stored.get("name"))
        if value["kind"] not in KINDS or not all(isinstance(one, str | None) for one in texts):
            raise SimilarError("its index.json is malformed")
        try:
            sketched = value["kind"] == "texts"
            return cls(
                value["kind"],
                integer(value, "count", 0, MAX_ITEMS),
                integer(value, "shingle", int(sketched), 16),
                integer(value, "permutations", 16 if sketched else 0, 1024),
                *texts,
            )
        except ProfileError:
            raise SimilarError("its index.json is malformed") from None


@dataclass(frozen=True, slots=True)
class IndexFile:
    """about; ids and rows (`[n, columns]`) of an index in a file, empty of one in a Redis."""

    about: About
    ids: Sequence[str]
    rows: NDArray[Any]

    def save(self, path: Path) -> None:
        """Writes the file, whole or not at all. SimilarError when that is impossible."""
        part: Path | None = None
        try:
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            part = Path(name)
            with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w") as archive:
                archive.writestr("index.json", json.dumps(self.about.to_json(), indent=2))
                if not self.about.redis:
                    archive.writestr("ids.json", json.dumps(list(self.ids)))
                    with archive.open("rows", "w", force_zip64=True) as rows:
                        rows.write(np.ascontiguousarray(self.rows, self.about.dtype).data)
            part.chmod(PUBLIC)
            part.replace(path)
        except OSError as error:
            if part is not None:
                part.unlink(missing_ok=True)
            raise SimilarError(
                f"The index {path} cannot be written: {error.strerror}; make room, or give "
                "another place with --index."
            ) from None

    @classmethod
    def load(cls, path: Path) -> Self:
        """The index in a file; SimilarError for what is none, damaged or of another schema."""
        try:
            with zipfile.ZipFile(path) as archive:
                return cls._read(archive)
        except OSError as error:
            raise SimilarError(
                f"The index {path} cannot be read ({error.strerror}): make one with "
                "`assay similar build`."
            ) from None
        except FOREIGN:
            why = "it is damaged, or no index at all"
        except SimilarError as error:
            why = str(error).rstrip(".")
        raise SimilarError(
            f"The index {path} cannot be used ({why}): make it anew with `assay similar build`."
        )

    @classmethod
    def _read(cls, archive: zipfile.ZipFile) -> Self:
        about = About.parse(_member(archive, "index.json"))
        if about.redis:
            return cls(about, (), np.zeros((0, about.columns), about.dtype))
        ids = json.loads(_member(archive, "ids.json"))
        if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
            raise ValueError
        rows = np.frombuffer(_member(archive, "rows"), about.dtype).reshape(-1, about.columns)
        if not len(ids) == len(rows) == about.count:
            raise ValueError
        return cls(about, ids, rows.astype(about.dtype.newbyteorder("="), copy=False))


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member that is stored as it is, so not larger than the file."""
    found = archive.getinfo(name)
    if found.compress_type != zipfile.ZIP_STORED or found.file_size != found.compress_size:
        raise ValueError
    return archive.read(found)
