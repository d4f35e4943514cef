"""The folder that outlives a node: its configuration, its store, its outputs, and a lock.

node.toml         configuration, schema assay/node/1
node.sqlite3      seats, rounds and deliveries (`store`)
journal.sqlite3   signed transactions (`chain.journal`)
outputs/<hash>    outputs by their keccak256
exams.sqlite3     exams: answers, drafts of items, what was ever asked (`exams.shelf`)
papers/           keys and sheets of exams: secrets until they are opened (`exams`)
node.lock         held by the one daemon that runs on the folder
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path
from typing import IO

from eth_utils.crypto import keccak

from verifier.node.errors import StateError, StateInUse

__all__ = ["StateDir", "write_whole"]


class StateDir:
    """Paths in a node's state folder, its outputs and its lock."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock: IO[str] | None = None

    @property
    def config(self) -> Path:
        return self.root / "node.toml"

    @property
    def store(self) -> Path:
        return self.root / "node.sqlite3"

    @property
    def journal(self) -> Path:
        return self.root / "journal.sqlite3"

    @property
    def exams(self) -> Path:
        return self.root / "exams.sqlite3"

    def paper(self, name: str) -> Path:
        """Where a key or a sheet of an exam is kept (`verifier.exams.papers`)."""
        return self.root / "papers" / f"{name}.json"

    def create(self) -> None:
        """Makes the folder, readable by its owner only. StateError when that is impossible."""
        try:
            (self.root / "outputs").mkdir(parents=True, exist_ok=True, mode=0o700)
            self.root.chmod(0o700)
        except OSError as error:
            raise StateError(
                f"The state folder {self.root} cannot be made ({error.strerror}): give another "
                "with --state-dir."
            ) from None

    def acquire(self) -> None:
        """Takes the lock until `release` or the process's end; StateInUse if another has it."""
        try:
            file = (self.root / "node.lock").open("a+", encoding="ascii")
        except OSError as error:
            raise StateError(
                f"The state folder {self.root} cannot be used ({error.strerror}): make one with "
                "`assay node init`."
            ) from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise StateInUse(
                f"Another node runs on the state folder {self.root}: stop it, or give this one a "
                "folder of its own with --state-dir."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._lock = file

    def release(self) -> None:
        """Lets the next daemon in."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def is_locked(self) -> bool:
        """Whether a daemon runs on the folder."""
        try:
            self.acquire()
        except StateInUse:
            return True
        self.release()
        return False

    def save_output(self, output: bytes) -> bytes:
        """Stores an output durably; returns its keccak256."""
        content_hash = bytes(keccak(output))
        path = self._output(content_hash)
        if self.read_output(content_hash) is None:  # also if the disk damaged it
            write_whole(path, output)
        return content_hash

    def read_output(self, content_hash: bytes) -> bytes | None:
        """A stored output, or None when it is missing or no longer what it was."""
        try:
            output = self._output(content_hash).read_bytes()
        except OSError:
            return None
        return output if bytes(keccak(output)) == content_hash else None

    def _output(self, content_hash: bytes) -> Path:
        return self.root / "outputs" / content_hash.hex()


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Writes a file durably, whole or not at all. StateError when that is impossible."""
    part: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        part = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(mode)
        part.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        if part is not None:
            part.unlink(missing_ok=True)  # on a full disk it would make things worse
        raise StateError(f"The file {path} cannot be written: {error.strerror}.") from None
