"""Artifacts on disk, named by what they are.

::

    public/ab/ab12…          readable by everybody, named by keccak256 of the bytes
    sealed/cd34…/7           ciphertext of agent 7's output with outputHash cd34…
    partial/                 being written; what a crash left here is removed at a later start

A file appears under its name whole or not at all. Names are made from 32 bytes and an integer,
never from text that somebody sent, so no path leads out of the folder. Sealed files are kept per
agent: nobody can occupy another's outputHash with rubbish.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from eth_hash.auto import keccak

from backend.errors import ArtifactConflict, ArtifactError, ArtifactNoSpace, ArtifactTooLarge

MAX_ARTIFACT_BYTES: Final = 16 * 1024 * 1024
RESERVE_BYTES: Final = 256 * 1024 * 1024
"""Uploads are refused when the disk has less room than this: the index needs it."""

ABANDONED_SECONDS: Final = 3600.0
"""A file nobody has written to for so long is not being written any more."""

_CHUNK_BYTES: Final = 1024 * 1024


class Incoming:
    """An artifact being written. Ends as a file of the store, or not at all."""

    def __init__(self, file: IO[bytes], path: Path, limit: int) -> None:
        self._file = file
        self._hash = keccak.new(b"")
        self._limit = limit
        self.path = path
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """Adds bytes. Raises ArtifactTooLarge past the limit."""
        self.size += len(chunk)
        if self.size > self._limit:
            raise ArtifactTooLarge(
                f"The artifact is larger than the {self._limit} bytes that are taken."
            )
        self._hash.update(chunk)
        self._file.write(chunk)

    def finish(self) -> bytes:
        """Puts the bytes safely on disk; returns their keccak256."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return bytes(self._hash.digest())


class ArtifactFiles:
    """The folder. Safe for several threads and processes: files only ever appear whole."""

    def __init__(self, root: Path, max_bytes: int = MAX_ARTIFACT_BYTES) -> None:
        """
        Raises:
            ArtifactError: the folder cannot be made or written.
        """
        self.max_bytes = max_bytes
        self.place = str(root)
        self._public = root / "public"
        self._sealed = root / "sealed"
        self._partial = root / "partial"
        try:
            for folder in (self._public, self._sealed, self._partial):
                folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
        except OSError as error:
            raise ArtifactError(
                f"The artifact folder {root} cannot be used ({error.strerror}): give another one."
            ) from None

    @contextmanager
    def incoming(self, limit: int | None = None) -> Iterator[Incoming]:
        """A file for an upload; gone at the end unless `publish` or `seal` took it.

        Raises:
            ArtifactNoSpace: the disk is nearly full.
        """
        if shutil.disk_usage(self._partial).free < RESERVE_BYTES:
            raise ArtifactNoSpace("The disk of the artifact store is nearly full: try again later.")
        with self._writing(self.max_bytes if limit is None else limit) as incoming:
            yield incoming

    @contextmanager
    def _writing(self, limit: int) -> Iterator[Incoming]:
        handle, name = tempfile.mkstemp(dir=self._partial)
        path = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                yield Incoming(file, path, limit)
        finally:
            path.unlink(missing_ok=True)

    def publish(self, incoming: Incoming) -> bytes:
        """Makes the bytes readable under their keccak256, which is returned."""
        digest = incoming.finish()
        target = self._public_path(digest)
        target.parent.mkdir(exist_ok=True)
        incoming.path.replace(target)
        return digest

    def seal(self, incoming: Incoming, output_hash: bytes, agent_id: int) -> None:
        """Keeps ciphertext for an agent's output. The same bytes again change nothing.

        Raises:
            ArtifactConflict: other bytes are kept there already.
        """
        incoming.finish()
        target = self._sealed / artifact_name(output_hash) / str(int(agent_id))
        target.parent.mkdir(exist_ok=True)
        try:
            os.link(incoming.path, target)
        except FileExistsError:
            if not _same(incoming.path, target):
                raise ArtifactConflict(
                    "Other bytes are already sealed for this output: seal the same output to the"
                    " same bytes, or sign a receipt with another outputHash."
                ) from None

    def take(self, content: bytes) -> bytes:
        """Makes uploaded bytes readable; returns their keccak256. Raises like `incoming`."""
        with self.incoming(limit=len(content)) as incoming:
            incoming.write(content)
            return self.publish(incoming)

    def keep(self, content: bytes) -> bytes:
        """Makes bytes of the chain readable; returns their keccak256.

        They may use the reserve: uploads, which anybody can send, must not stop the index. What is
        there already, because the block was read before, is not written again.
        """
        digest = bytes(keccak(content))
        if self.public(digest) is not None:
            return digest
        with self._writing(len(content)) as incoming:
            incoming.write(content)
            return self.publish(incoming)

    def probe(self) -> None:
        """Writes an artifact, reads it back and deletes it.

        Raises:
            ArtifactError: one of the three is not possible.
        """
        content = b"a probe of the artifact store " + os.urandom(16)
        try:
            digest = self.take(content)
            path = self._public_path(digest)
            found = path.read_bytes()
            path.unlink()
        except OSError as error:
            raise ArtifactError(
                f"The artifact folder {self.place} cannot be used ({error.strerror}): give another"
                " one."
            ) from None
        if found != content:
            raise ArtifactError(
                f"The artifact folder {self.place} gives back other bytes than it was given: give"
                " another one."
            )

    def public(self, content_hash: bytes) -> Path | None:
        """Where the bytes with this keccak256 are, or None."""
        path = self._public_path(content_hash)
        return path if path.is_file() else None

    def sealed(self, output_hash: bytes, agent_id: int) -> Path | None:
        """Where an agent's ciphertext is, or None."""
        path = self._sealed / artifact_name(output_hash) / str(int(agent_id))
        return path if path.is_file() else None

    def has_sealed(self, output_hash: bytes) -> bool:
        """Whether anybody sealed something under this outputHash."""
        folder = self._sealed / artifact_name(output_hash)
        return folder.is_dir() and any(folder.iterdir())

    def _public_path(self, content_hash: bytes) -> Path:
        name = artifact_name(content_hash)
        return self._public / name[:2] / name

    def _sweep(self) -> None:
        """Removes what a crash left half written, but not what another process is writing."""
        for path in self._partial.iterdir():
            if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                path.unlink(missing_ok=True)


def artifact_name(digest: bytes) -> str:
    """Hex digits of a hash. ValueError for anything else, whatever it says."""
    if len(digest) != 32:
        raise ValueError("a hash has 32 bytes")
    return digest.hex()


def _same(one: Path, other: Path) -> bool:
    with one.open("rb") as left, other.open("rb") as right:
        while True:
            chunk = left.read(_CHUNK_BYTES)
            if chunk != right.read(_CHUNK_BYTES):
                return False
            if not chunk:
                return True
