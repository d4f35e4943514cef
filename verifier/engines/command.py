"""Engine `command`: any program. It reads the task's JSON and writes the output's bytes.

No shell is involved: the template's words are the program's arguments, in which `{model}`,
`{modality}`, `{profile}` and `{task_hash}` are replaced. The program gets a process group of its
own, which ends with the task.
"""

import os
import re
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from verifier.engines.base import finish_text
from verifier.errors import EngineError, EngineUnavailable
from verifier.tasks import Task

__all__ = ["Command"]

BLOCK = 1 << 16
# A client chooses the name: it must not be read as an option, nor lead out of a folder of models.
MODEL_NAME = re.compile(r"(?!-)(?!.*\.\.)[^\x00-\x1f\x7f]+")
STDERR_KEPT = 2000  # bytes
STDERR_SHOWN = 200  # characters


class Command:
    """argv: the program and its arguments; timeout: seconds; max_bytes: of the output."""

    def __init__(
        self, argv: Sequence[str], *, timeout: float = 120.0, max_bytes: int = 1 << 25
    ) -> None:
        if isinstance(argv, str) or not argv or not all(isinstance(word, str) for word in argv):
            raise EngineError(
                'The engine\'s command must be a list of words, such as ["my-model", "--json"].'
            )
        self._argv = list(argv)
        self._timeout = timeout
        self._max_bytes = max_bytes

    def info(self) -> dict[str, str]:
        """The command as configured; what it runs is for its owner to know."""
        return {"engine": "command", "command": " ".join(self._argv)}

    def generate(self, task: Task) -> bytes:
        """The program's output: for text tasks NFC UTF-8, else the bytes as they are."""
        output = self._run(task)
        if task.modality != "text":
            if not output:
                raise EngineError(f"The command {self._argv[0]!r} wrote nothing; see its own log.")
            return output
        try:
            return finish_text(output.decode("utf-8"))
        except UnicodeDecodeError:
            raise EngineError(
                f"The command {self._argv[0]!r} wrote text that is not UTF-8."
            ) from None

    def close(self) -> None:
        """Nothing to free: a program lives as long as its task."""

    def _run(self, task: Task) -> bytes:
        process = self._start(task)
        try:
            output, complaint = self._exchange(process, task.canonical())
            code = process.wait(timeout=max(0.1, self._timeout))
        except subprocess.TimeoutExpired:
            raise EngineUnavailable(_late(self._argv[0], self._timeout)) from None
        finally:
            _end(process)
        if code != 0:
            said = " ".join(complaint.decode("utf-8", errors="replace").split())[-STDERR_SHOWN:]
            raise EngineError(
                f"The command {self._argv[0]!r} ended with code {code}"
                f"{f' ({said})' if said else ''}; run it by hand to see why."
            )
        return output

    def _start(self, task: Task) -> subprocess.Popen[bytes]:
        fields = {
            "{model}": task.model,
            "{modality}": task.modality,
            "{profile}": "0x" + task.profile.hex(),
            "{task_hash}": "0x" + task.hash().hex(),
        }
        if any("{model}" in word for word in self._argv) and not MODEL_NAME.fullmatch(task.model):
            raise EngineError(
                f"The task's model {task.model!r} cannot be a word of a command: it may not begin "
                "with -, nor contain .. or control characters."
            )
        words = [_fill(word, fields) for word in self._argv]
        if shutil.which(words[0]) is None:
            raise EngineError(
                f"The command {words[0]!r} was not found; install it or give its path."
            )
        try:
            return subprocess.Popen(  # noqa: S603 - the operator's own command, without a shell
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as problem:
            raise EngineError(
                f"The command {words[0]!r} could not be started: {problem}."
            ) from None

    def _exchange(self, process: subprocess.Popen[bytes], task: bytes) -> tuple[bytes, bytes]:
        """Feeds the task and gathers both streams until they end, within time and size."""
        stdin, stdout, stderr = _pipes(process)
        deadline = time.monotonic() + self._timeout
        output, complaint = bytearray(), bytearray()
        with selectors.DefaultSelector() as selector:
            for pipe, event in (
                (stdin, selectors.EVENT_WRITE),
                (stdout, selectors.EVENT_READ),
                (stderr, selectors.EVENT_READ),
            ):
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, event)
            while selector.get_map():
                left = deadline - time.monotonic()
                if left <= 0:
                    raise EngineUnavailable(_late(self._argv[0], self._timeout))
                for chosen, _ in selector.select(left):
                    if chosen.fileobj is stdin:
                        task = _write(stdin, task)
                        if not task:
                            selector.unregister(stdin)
                            stdin.close()
                        continue
                    pipe = stdout if chosen.fileobj is stdout else stderr
                    block = os.read(pipe.fileno(), BLOCK)
                    if not block:
                        selector.unregister(pipe)
                    elif pipe is stderr:
                        complaint = (complaint + block)[-STDERR_KEPT:]
                    else:
                        output += block
                    if len(output) > self._max_bytes:
                        raise EngineError(
                            f"The command {self._argv[0]!r} wrote more than {self._max_bytes} "
                            "bytes; make it write less, or raise the limit."
                        )
        return bytes(output), bytes(complaint)


def _fill(word: str, fields: dict[str, str]) -> str:
    for field, value in fields.items():
        word = word.replace(field, value)
    return word


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise EngineError("The command's pipes could not be opened.")
    return process.stdin, process.stdout, process.stderr


def _write(pipe: IO[bytes], data: bytes) -> bytes:
    """What is left of `data` to write; nothing when the program does not want the rest."""
    try:
        return data[os.write(pipe.fileno(), data[:BLOCK]) :]
    except BrokenPipeError:
        return b""


def _late(program: str, timeout: float) -> str:
    return f"The command {program!r} did not finish within {timeout:g} s; give it more time."


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends whatever is left of the program's process group, and closes its pipes."""
    # macOS answers PermissionError for a group whose members have all ended.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in _pipes(process):
        pipe.close()
