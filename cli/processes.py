"""Child processes: started in groups of their own, logged to files, ended with their parent.

On Linux the kernel ends a child when the thread that started it ends (PR_SET_PDEATHSIG), even if
the parent is killed outright: start processes from the main thread, or one that lives as long.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from chain.errors import ProcessError

_PR_SET_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


class Process:
    """One child process with its process group and its log file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        """Starts the process.

        Args:
            name: what to call it in messages.
            command: program and arguments.
            log: file that its output is appended to.
            env: its whole environment; None hands on ours.

        Raises:
            ProcessError: the program is missing or cannot be run.
        """
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            try:
                # preexec_fn only calls prctl and getppid, which take no locks of Python's.
                self._child = subprocess.Popen(  # noqa: S603 - our own commands
                    list(command),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=dict(env) if env is not None else None,
                    cwd=cwd,
                    start_new_session=True,
                    preexec_fn=_die_with_parent(os.getpid()),
                )
            except OSError as error:
                raise ProcessError(
                    f"{name} cannot be started ({command[0]}): {error.strerror}."
                ) from None

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def returncode(self) -> int | None:
        """Exit code, negative for a signal; None while it runs."""
        return self._child.poll()

    @property
    def is_running(self) -> bool:
        return self.returncode is None

    def wait(self, timeout: float | None = None) -> int | None:
        """Waits for its end; None if it still runs after `timeout` seconds."""
        try:
            return self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def terminate(self) -> None:
        """Asks it to end (SIGTERM to its group), without waiting."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it at once (SIGKILL to its group) and reaps it."""
        self._signal(signal.SIGKILL)
        self._child.wait()

    def stop(self, grace: float = 5.0) -> int:
        """SIGTERM, and SIGKILL if it has not ended after `grace` seconds. Returns the exit code."""
        self.terminate()
        code = self.wait(grace)
        if code is None:
            self.kill()
            code = self._child.wait()
        return code

    def last_words(self, lines: int = 5) -> str:
        """The end of its log, for error messages."""
        with contextlib.suppress(OSError):
            text = self.log.read_text(encoding="utf-8", errors="replace")
            return " / ".join(line.strip() for line in text.splitlines()[-lines:] if line.strip())
        return ""

    def _signal(self, number: signal.Signals) -> None:
        # Once reaped, the pid may belong to somebody else.
        if self.is_running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, number)


class Processes:
    """Several child processes that end together, newest first."""

    def __init__(self, grace: float = 5.0) -> None:
        self._grace = grace
        self._running: list[Process] = []

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Process:
        """Starts a process; see `Process`."""
        process = Process(name, command, log=log, env=env, cwd=cwd)
        self._running.append(process)
        return process

    def adopt(self, process: Process) -> Process:
        """Takes over a process started elsewhere."""
        self._running.append(process)
        return process

    def __iter__(self) -> Iterator[Process]:
        return iter(list(self._running))

    def stop_all(self) -> None:
        """Asks all to end at once, and kills those that have not after the grace period."""
        processes, self._running = self._running[::-1], []
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + self._grace
        for process in processes:
            process.stop(max(0.0, deadline - time.monotonic()))

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop_all()


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    libc = _LIBC

    def ask_the_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the request took effect
            os._exit(1)

    return ask_the_kernel
