"""The body of a node's process in these tests: the real node, watched, and killed where planned.

Each process is forked from a server that has imported everything, so that twenty starts take
seconds; what runs in it is `run_node`, on a state folder, as `assay node run` does.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from verifier.node import launch
from verifier.node.statedir import StateDir
from verifier.node.store import Store


def main(folder: str, kills: Sequence[str], watch: bool) -> None:
    """Runs the node in `folder` and exits with its code.

    Args:
        kills: steps at which the process kills itself right after they are on disk, each once.
        watch: write down every file, address and program that it opens, in `watched.jsonl`.
    """
    root = Path(folder)
    os.setsid()
    logging.basicConfig(filename=root / "node.log", level=logging.INFO, force=True)
    if watch:
        _watch(root / "watched.jsonl")
    launch.Store = _killing(root, set(kills))  # type: ignore[misc]
    sys.exit(int(launch.run_node(StateDir(root))))


def _killing(root: Path, steps: set[str]) -> type[Store]:
    """A store whose process dies right after the first write that reaches each of the steps."""

    class KillingStore(Store):
        def _write(self, statement: str, *values: Any) -> None:
            super()._write(statement, *values)
            reached = {record.step.value for record in self.seats()} & steps
            for step in reached:
                mark = root / f"killed-{step}"
                if not mark.exists():
                    mark.touch()
                    os.kill(os.getpid(), signal.SIGKILL)

    return KillingStore


def _watch(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def hook(event: str, details: tuple[Any, ...]) -> None:
        if event in {"open", "sqlite3.connect", "subprocess.Popen"}:
            what = details[0]
        elif event == "socket.connect":
            what = details[1]
        else:
            return
        os.write(descriptor, (json.dumps([event, str(what)]) + "\n").encode())

    sys.addaudithook(hook)
