"""The rules about kinds of tests hold: proved on tests that break them."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repo import tree
from tests.support.kinds import SocketForbidden

pytestmark = pytest.mark.unit


def run_pytest(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    """Run one test file that stands elsewhere under the rules of this repository."""
    (folder / "test_planted.py").write_text(f"import pytest, socket\n{source}")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.support.kinds",
        "-p",
        "no:cacheprovider",
    ]
    return subprocess.run(
        [*command, "-c", str(tree.ROOT / "pyproject.toml"), "--rootdir", str(folder), str(folder)],
        cwd=tree.ROOT,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    "marks", ["", "@pytest.mark.unit\n@pytest.mark.integration\n"], ids=["none", "both"]
)
def test_run__when_a_test_is_not_of_one_kind__then_refused(marks: str, tmp_path: Path) -> None:
    done = run_pytest(tmp_path, f"{marks}def test_planted():\n    pass\n")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "mark each of these tests" in done.stderr
    assert "test_planted.py::test_planted" in done.stderr


def test_run__when_a_unit_test_connects__then_it_fails_and_integration_may(tmp_path: Path) -> None:
    body = "    socket.socket(socket.AF_INET).close()\n"
    done = run_pytest(
        tmp_path,
        f"@pytest.mark.unit\ndef test_a():\n{body}\n"
        f"@pytest.mark.integration\ndef test_b():\n{body}",
    )
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "SocketForbidden" in done.stdout
    assert "1 failed, 1 passed" in done.stdout


def test_socket__when_opened_here__then_forbidden() -> None:
    for arguments in ((), (socket.AF_INET6,), (socket.AF_INET, socket.SOCK_DGRAM)):
        with pytest.raises(SocketForbidden):
            socket.socket(*arguments)
    with pytest.raises(SocketForbidden):
        socket.create_connection(("127.0.0.1", 9))


def test_socket__when_a_pair_within_the_process__then_free() -> None:
    left, right = socket.socketpair()
    with left, right:
        left.sendall(b"x")
        assert right.recv(1) == b"x"
