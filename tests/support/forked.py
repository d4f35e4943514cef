"""Processes forked from a server that has imported everything: a start takes no seconds.

What runs in one is a process like any other, with its own folder, environment, output and end; only
the interpreter's start and the imports, the same each time, are not repeated. Tests of those start
`python -m cli` itself.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from cli.processes import Process

PROCESSES: Final = multiprocessing.get_context("forkserver")
# One server forks for all tests of a process.
PROCESSES.set_forkserver_preload(
    [
        "pytest",
        "cli.main",
        "cli.agent",
        "cli.node",
        "cli.reputation",
        "cli.serve",
        "cli.verify",
        "tests.node.node_process",
    ]
)

_BEGIN_SECONDS: Final = 60.0


class Assay(Process):
    """`assay ARGUMENTS...` as a running process, logged to a file."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        self._child: Any = _Child(arguments, cwd, env, log, log)


def assay(
    arguments: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 60.0,
) -> subprocess.CompletedProcess[str]:
    """`assay ARGUMENTS...`, waited for, as `subprocess.run` has it.

    Raises:
        subprocess.TimeoutExpired: it ran for longer, and was killed.
    """
    with tempfile.TemporaryDirectory(prefix="assay-") as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        child = _Child(arguments, cwd, env, output, errors)
        try:
            status = child.wait(timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            raise
        return subprocess.CompletedProcess(
            list(arguments), status, output.read_text(), errors.read_text()
        )


class _Child:
    """One forked process, as `subprocess.Popen` has it."""

    def __init__(
        self,
        arguments: Sequence[str],
        cwd: Path | None,
        env: Mapping[str, str] | None,
        output: Path,
        errors: Path,
    ) -> None:
        self._arguments = list(arguments)
        environment = dict(os.environ if env is None else env)
        where = str(cwd or Path.cwd())
        begun, begins = PROCESSES.Pipe(duplex=False)
        self._process = PROCESSES.Process(
            target=_main,
            args=(self._arguments, where, environment, str(output), str(errors), begins),
        )
        self._process.start()
        begins.close()
        assert self._process.pid is not None
        self.pid: int = self._process.pid
        # Before it leads a group of its own a signal to the group is lost: who waits for its
        # end waits for ever. The other side closes, or ends, and either is heard here.
        begun.poll(_BEGIN_SECONDS)
        begun.close()

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        status = self._process.exitcode
        if status is None:
            raise subprocess.TimeoutExpired(["assay", *self._arguments], timeout or 0.0)
        return status

    def kill(self) -> None:
        self._process.kill()
        self._process.join()


def _main(
    arguments: Sequence[str],
    folder: str,
    environment: dict[str, str],
    output: str,
    errors: str,
    begins: Connection,
) -> None:
    os.setsid()
    for stream, file in ((1, output), (2, errors)):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(descriptor, stream)
        os.close(descriptor)
    begins.close()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["assay", *arguments]

    from cli.main import main

    main()
