"""The README's commands, run as they stand there: a newcomer has nothing else."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from verifier import profiles

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"<!-- by hand(: background)? -->\n```console\n(.*?)```", re.DOTALL)
PORTS = {"8545": "chain", "8000": "backend"}


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for probe in sockets:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in sockets]
    for probe in sockets:
        probe.close()
    return ports


def script(block: str) -> str:
    """The commands behind the prompts `$` and `>`."""
    lines = [line[2:] for line in block.splitlines() if line.startswith(("$ ", "> "))]
    return "\n".join(line for line in lines if not line.startswith(". "))


class Hand:
    """A shell in an empty folder, with `assay` on its path; the README's ports become free ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
        self._groups: list[subprocess.Popen[bytes]] = []
        (folder / "bin").mkdir()
        command = folder / "bin" / "assay"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cli "$@"\n')
        command.chmod(0o755)
        self._environment = {
            **os.environ,
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "ASSAY_RPC_URL": f"http://127.0.0.1:{self._ports['8545']}",
            "ASSAY_PORT": self._ports["8000"],
            "ASSAY_BACKEND_URL": f"http://127.0.0.1:{self._ports['8000']}",
        }
        if "ASSAY_ANVIL" not in os.environ:
            self._environment["ASSAY_ANVIL"] = str(_anvil())

    def own(self, text: str) -> str:
        for port, mine in self._ports.items():
            text = text.replace(port, mine)
        return text

    def start(self, command: str) -> None:
        """Runs one command in the background, in a process group of its own."""
        with (self.folder / f"{len(self._groups)}.log").open("wb") as log:
            self._groups.append(self._popen(command, log))

    def run(self, commands: str) -> str:
        """Runs commands one after the other; what they start with `&` runs on."""
        # A file of its own each time: what runs on in the background still writes to its old one.
        path = self.folder / f"{len(self._groups)}.output"
        with path.open("wb") as output:
            process = self._popen(f"set -e\n{commands}", output)
            self._groups.append(process)
            status = process.wait(240)
        text = path.read_text(errors="replace")
        assert status == 0, text
        return text

    def _popen(self, commands: str, output: object) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["bash", "-c", self.own(commands)],
            cwd=self.folder,
            env=self._environment,
            stdout=output,  # type: ignore[arg-type]
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def end(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            for group in self._groups:
                try:
                    os.killpg(group.pid, number)
                except ProcessLookupError:
                    continue
            deadline = time.monotonic() + 8
            while time.monotonic() < deadline and any(_alive(g.pid) for g in self._groups):
                for group in self._groups:
                    group.poll()
                time.sleep(0.1)
        for group in self._groups:
            group.wait(5)


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _anvil() -> Path:
    from cli.anvil import find_anvil

    return find_anvil()


def until(ready: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.fixture
def hand(tmp_path: Path) -> Iterator[Hand]:
    shell = Hand(tmp_path)
    yield shell
    shell.end()


def test_readme__run_by_hand__ends_in_an_accepted_verdict_and_a_score(hand: Hand) -> None:
    blocks = [(bool(kind), script(body)) for kind, body in BLOCK.findall(README)]
    assert [background for background, _ in blocks] == [True, False, False, False]
    devnet, serve = blocks[0][1].splitlines()
    hand.start(devnet)
    deployment = hand.folder / "deployment.json"
    until(lambda: deployment.exists() and json.loads(deployment.read_text())["complete"])
    hand.start(serve)
    hand.run(blocks[1][1])
    verdict = hand.run(blocks[2][1])
    assert "Accepted" in verdict
    assert (hand.folder / "work.txt").read_text().strip()

    answers = ""

    def answered() -> bool:
        nonlocal answers
        answers = hand.run(blocks[3][1])
        return '"mean":0.66' in answers  # what the backend says, a moment after the chain

    until(answered)
    assert "66.66%" in answers  # what the contract says


@pytest.mark.parametrize("path", re.findall(r"\]\((docs/[^)#]+|[A-Z]+)\)", README))
def test_readme__each_link__leads_somewhere(path: str) -> None:
    assert (ROOT / path).exists()


def test_readme__profile_of_the_task__is_the_shipped_one() -> None:
    assert "0x" + profiles.load("text-exact-smollm2").profile_id.hex() in README
