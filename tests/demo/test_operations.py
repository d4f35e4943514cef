"""docs/operations.md, done as it stands there: two replicas on a real PostgreSQL, and a node.

Addresses and ports are exchanged for the test's own; a command that would install packages is
answered by a stand-in that looks at what it was asked for. Nothing else differs from the page.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.demo.test_readme import ROOT, Hand, free_ports, script, until
from tests.support.postgres import BINARIES, Server, server_of

pytestmark = [pytest.mark.integration, pytest.mark.campaign, pytest.mark.timeout(600)]

PAGE = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(?:<!-- ([a-z ]+) -->\n)?```(\w*)\n(.*?)```", re.DOTALL)
PORTS = ("8545", "8000", "8001", "8002", "8003", "9464")
PIP = """#!{python}
import sys, tomllib
from packaging.requirements import Requirement
verb, wanted = sys.argv[1:]
project = tomllib.load(open({project!r}, "rb"))["project"]
asked = Requirement(wanted)
assert verb == "install" and asked.name == project["name"], sys.argv
assert asked.extras and asked.extras <= project["optional-dependencies"].keys(), asked.extras
"""


@dataclass(frozen=True)
class Block:
    """Commands of the page: the word in front of them, and the commands."""

    how: str
    commands: str


def blocks() -> list[Block]:
    found = []
    for how, kind, body in BLOCK.findall(PAGE):
        assert kind == "console", f"a block that is not run: {body}"
        found.append(Block(how, script(body)))
    return found


class Operator(Hand):
    """A hand with a PostgreSQL that calls itself db.internal, and a machine below DESTDIR."""

    def __init__(self, folder: Path, server: Server) -> None:
        super().__init__(folder)
        self._ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
        self.place = server.place
        pip = folder / "bin" / "pip"
        pip.write_text(PIP.format(python=sys.executable, project=str(ROOT / "pyproject.toml")))
        pip.chmod(0o755)
        self._environment |= {
            "PATH": f"{folder / 'bin'}:{BINARIES}:{os.environ['PATH']}",
            "PGHOST": self.place,
            "PGUSER": "postgres",
            "DESTDIR": str(folder / "machine"),
            "ASSAY_RPC_URL": self.url("8545", ""),
            "ASSAY_PORT": self._ports["8000"],
            "ASSAY_BACKEND_URL": self.url("8000", ""),
        }

    def url(self, port: str, path: str) -> str:
        return f"http://127.0.0.1:{self._ports[port]}{path}"

    def own(self, text: str) -> str:
        text = re.sub(rf"\b({'|'.join(PORTS)})\b", lambda port: self._ports[port[1]], text)
        return re.sub(
            r"@db\.internal/(\w+)", lambda name: f"@/{name[1]}?host={quote(self.place)}", text
        )

    def begin(self, command: str) -> None:
        """Starts what runs on, and waits until it is there."""
        self.start(command)
        log = self.folder / f"{len(self._groups) - 1}.log"
        if "devnet" in command:
            file = self.folder / "deployment.json"
            ready = lambda: file.exists() and json.loads(file.read_text())["complete"]  # noqa: E731
        elif "node run" in command:
            ready = answers(self.url("9464", "/metrics"))
        else:
            port = re.search(r"--port (\d+)", command)
            ready = answers(self.url(port[1] if port else "8000", "/ready"))
        try:
            until(ready, 90)
        except AssertionError:
            raise AssertionError(f"{command}\n{log.read_text(errors='replace')}") from None


@pytest.fixture
def operator(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Operator]:
    hand = Operator(tmp_path, server_of(request))
    shutil.copytree(ROOT / "ops", tmp_path / "ops")
    yield hand
    hand.end()


def answers(url: str) -> Callable[[], bool]:
    def asked() -> bool:
        try:
            return httpx.get(url, timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    return asked


def test_operations__done_as_the_page_says__then_all_of_it_works(operator: Operator) -> None:
    said: dict[str, str] = {}
    for block in blocks():
        if block.how == "background":
            operator.begin(block.commands)
        else:
            said[block.commands] = operator.run(block.commands)

    def what(words: str) -> str:
        (found,) = [output for commands, output in said.items() if words in commands]
        return found

    metrics = what("8001/metrics")
    assert "assay_differences 0.0" in metrics
    assert "assay_lag_blocks 0.0" in metrics or "assay_lag_blocks 1.0" in metrics
    told = what("node status")
    assert "assay_node_seats_owed 0.0" in told
    assert "node: running" in told
    assert "Equal: every score" in what("verify reputation")
    enabled = operator.folder / "machine/etc/systemd/system/multi-user.target.wants"
    assert {link.name for link in enabled.iterdir()} == {
        "assay-backend.service",
        "assay-node@7.service",
    }
    one_leads = [
        httpx.get(operator.url(port, "/metrics")).text.count("\nassay_leads 1.0")
        for port in ("8001", "8002")
    ]
    assert sum(one_leads) == 1
    both = {port: httpx.get(operator.url(port, "/v1/network")).json() for port in ("8001", "8003")}
    assert both["8001"]["contracts"] == both["8003"]["contracts"]


def test_operations__each_link__leads_somewhere() -> None:
    for path in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (ROOT / "docs" / path).exists(), path
