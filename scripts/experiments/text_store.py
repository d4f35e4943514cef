"""What was generated: one JSON object a line, each on the disk before the next is begun.

An interrupted run loses at most the line it was writing; what a file holds is not made again.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["Lines"]


class Lines:
    """Records of one kind, by task name, in `path`. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records: dict[str, dict[str, Any]] = {}
        self._file: BinaryIO | None = None

    def __enter__(self) -> "Lines":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            self._read()
        self._file = self.path.open("ab")
        return self

    def __exit__(self, *problem: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __contains__(self, task: str) -> bool:
        return task in self.records

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.records.values())

    def add(self, record: dict[str, Any]) -> None:
        """Appends `record`, which names its `task`, and waits until it is on the disk."""
        if self._file is None:
            raise RuntimeError("the store is not open")
        self._file.write(json.dumps(record, separators=(",", ":")).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.records[record["task"]] = record

    def _read(self) -> None:
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):  # the line that an interruption cut
            os.truncate(self.path, whole)
        for line in data[:whole].splitlines():
            record = json.loads(line)
            self.records[record["task"]] = record


def read(path: Path) -> dict[str, dict[str, Any]]:
    """The whole records in `path` by task, without opening it for writing; {} if there is none."""
    if not path.exists():
        return {}
    data = path.read_bytes()
    lines = data[: data.rfind(b"\n") + 1].splitlines()
    return {record["task"]: record for record in map(json.loads, lines)}
