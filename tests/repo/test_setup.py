"""Set-up on machines that lack something, and after it was interrupted."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.repo import tree

pytestmark = pytest.mark.unit
# What the scripts use of a system besides Python and Node.
TOOLS = (
    "bash",
    "cat",
    "cksum",
    "cut",
    "dirname",
    "env",
    "make",
    "mkdir",
    "pwd",
    "rm",
    "sed",
    "touch",
)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine with a few tools, and a clone of what set-up consists of."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (tools / tool).symlink_to(found)
    clone = tmp_path / "clone"
    (clone / "scripts").mkdir(parents=True)
    shutil.copy(tree.ROOT / "Makefile", clone)
    shutil.copy(tree.ROOT / "scripts/setup.sh", clone / "scripts")
    for lock in ("requirements/run.txt", "package-lock.json", "pyproject.toml"):
        (clone / lock).parent.mkdir(exist_ok=True)
        (clone / lock).touch()
    return tmp_path


def add_tool(machine: Path, name: str, script: str) -> None:
    tool = machine / "bin" / name
    tool.write_text(f"#!/usr/bin/env bash\n{script}\n")
    tool.chmod(0o755)


def run(machine: Path, *command: str, folder: str = "clone") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=machine / folder,
        env={"PATH": str(machine / "bin"), "LC_ALL": "C", "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
    )


def test_setup__when_node_is_absent__then_one_sentence(machine: Path) -> None:
    done = run(machine, "scripts/setup.sh", "run")
    assert done.returncode == 1
    assert done.stderr == (
        "setup: Node.js 20 or later with npm is needed (it brings the local chain): install it\n"
    )


def test_setup__when_node_is_old__then_one_sentence(machine: Path) -> None:
    add_tool(machine, "node", "echo 18")
    add_tool(machine, "npm", "exit 9")
    done = run(machine, "scripts/setup.sh", "run")
    assert done.returncode == 1
    assert "Node.js 20 or later" in done.stderr


@pytest.mark.parametrize("python", ["", "exit 1"], ids=["absent", "old"])
def test_setup__when_python_is_absent_or_old__then_one_sentence(machine: Path, python: str) -> None:
    add_tool(machine, "node", "echo 20")
    add_tool(machine, "npm", "exit 9")
    if python:
        add_tool(machine, "python3", python)
    done = run(machine, "scripts/setup.sh", "run")
    assert done.returncode == 1
    assert done.stderr == (
        "setup: Python 3.11 or later is needed: install it,"
        " or name one with make PYTHON=/path/to/python3\n"
    )


def test_setup__when_python_cannot_make_environments__then_one_sentence(machine: Path) -> None:
    add_tool(machine, "node", "echo 22")
    add_tool(machine, "npm", "exit 9")
    add_tool(machine, "python3", '[ "$1" = -c ]')
    done = run(machine, "scripts/setup.sh", "run")
    assert done.returncode == 1
    assert done.stderr.endswith("install its venv module (python3-venv)\n")


def test_make__when_set_up_fails__then_it_is_tried_again_and_once_done_not_anew(
    machine: Path,
) -> None:
    script = machine / "clone/scripts/setup.sh"
    script.write_text("#!/usr/bin/env bash\necho called; exit 1\n")
    for _ in range(2):
        done = run(machine, "make", "setup")
        assert (done.returncode, done.stdout) == (2, "called\n")
    script.write_text("#!/usr/bin/env bash\necho called\n")
    assert run(machine, "make", "setup").stdout == "called\n"
    done = run(machine, "make", "setup")
    assert done.returncode == 0
    assert "called" not in done.stdout


def test_make__when_a_lock_changed__then_set_up_runs_again(machine: Path) -> None:
    (machine / "clone/scripts/setup.sh").write_text("#!/usr/bin/env bash\necho called\n")
    assert run(machine, "make", "setup").stdout == "called\n"
    (stamp,) = (machine / "clone/.setup").iterdir()
    os.utime(stamp, (1, 1))
    assert run(machine, "make", "setup").stdout == "called\n"


def test_make__when_the_folder_was_moved__then_set_up_runs_again(machine: Path) -> None:
    (machine / "clone/scripts/setup.sh").write_text("#!/usr/bin/env bash\necho called\n")
    assert run(machine, "make", "setup").stdout == "called\n"
    (machine / "clone").rename(machine / "moved")
    assert run(machine, "make", "setup", folder="moved").stdout == "called\n"
