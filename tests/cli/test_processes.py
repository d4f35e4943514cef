"""Child processes: logged, stopped gently then firmly, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from chain.errors import ProcessError
from cli.processes import Process, Processes
from tests.support.polling import eventually

pytestmark = pytest.mark.integration

READY = "print('ready', flush=True)"
WAIT = "import time; time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {READY}; {WAIT}"
POLITE = textwrap.dedent(
    """
    import signal, sys, time
    def end(*_):
        print('goodbye', flush=True)
        sys.exit(0)
    signal.signal(signal.SIGTERM, end)
    print('ready', flush=True)
    time.sleep(600)
    """
)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def started(code: str, log: Path) -> Process:
    process = Process("child", python(code), log=log)
    eventually(lambda: "ready" in log.read_text(), "the child's start")
    return process


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_process__when_stopped__then_it_may_say_goodbye(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "child.log"
    process = started(POLITE, log)
    assert process.is_running

    assert process.stop() == 0

    assert not process.is_running
    assert log.read_text().split() == ["ready", "goodbye"]
    assert process.last_words() == "ready / goodbye"


def test_process__when_it_does_not_listen__then_it_is_killed(tmp_path: Path) -> None:
    process = started(STUBBORN, tmp_path / "child.log")

    assert process.stop(grace=0.1) == -signal.SIGKILL


def test_process__when_stopped__then_its_own_children_end_too(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    grandchild = f"subprocess.Popen([sys.executable, '-c', '{WAIT}']).pid"
    process = started(
        f"import subprocess, sys; print({grandchild}, flush=True); {READY}; {WAIT}", log
    )
    pid = int(log.read_text().split()[0])
    assert is_alive(pid)

    process.stop()

    eventually(lambda: not is_alive(pid), "the grandchild's end")


def test_process__when_its_parent_is_killed__then_it_ends(tmp_path: Path) -> None:
    parent = textwrap.dedent(
        f"""
        from pathlib import Path
        import time
        from cli.processes import Process
        child = Process("child", {python(WAIT)!r}, log=Path({str(tmp_path / "child.log")!r}))
        print(child.pid, flush=True)
        time.sleep(600)
        """
    )
    env = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen(python(parent), stdout=subprocess.PIPE, text=True, env=env) as running:
        assert running.stdout is not None
        pid = int(running.stdout.readline())
        assert is_alive(pid)
        running.kill()

    eventually(lambda: not is_alive(pid), "the child's end")


def test_process__when_the_program_is_missing__then_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match=r"node 3 cannot be started \(/no/such/program\): No su"):
        Process("node 3", ["/no/such/program"], log=tmp_path / "log")


def test_process__when_killed_already__then_stopping_is_harmless(tmp_path: Path) -> None:
    process = started(f"{READY}; {WAIT}", tmp_path / "child.log")
    process.kill()

    assert process.stop() == -signal.SIGKILL
    assert process.wait(0) == -signal.SIGKILL


def test_processes__when_left_by_an_error__then_all_have_ended(tmp_path: Path) -> None:
    children: list[Process] = []

    def work() -> None:
        with Processes(grace=0.2) as processes:
            for number, code in enumerate([POLITE, STUBBORN, STUBBORN]):
                log = tmp_path / f"{number}.log"
                children.append(processes.start(f"child {number}", python(code), log=log))
                eventually(lambda log=log: "ready" in log.read_text(), "its start")
            assert list(processes) == children
            raise ValueError("oops")

    with pytest.raises(ValueError, match="oops"):
        work()

    assert [child.returncode for child in children] == [0, -signal.SIGKILL, -signal.SIGKILL]
