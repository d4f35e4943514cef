"""`assay check environment` on what works, and on each thing broken in turn."""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from backend.artifacts import ArtifactFiles
from backend.store import Store
from chain.deploy import deploy
from chain.deployment import Deployment
from chain.gateway import Gateway
from chain.keys import local_signer
from chain.parameters import preset
from cli import main
from cli.anvil import AnvilOptions, start_anvil
from cli.deploy import shipped_profiles
from cli.doctor import CHECKS, chain_checks, patient
from tests.support.actors import Actor, verifier
from tests.support.anvil import Control
from tests.support.proxy import Fault, FaultProxy, Forward, claim, refusal
from verifier.node.config import NodeConfig
from verifier.node.engine_book import DEFAULT, EngineConfig
from verifier.node.statedir import StateDir

pytestmark = pytest.mark.integration

ACCOUNT = 3
MANY = 60
"""More requests than one examination makes of a method."""


@dataclass
class Place:
    """A chain with the contracts and an agent, and a folder to work in."""

    url: str
    folder: Path
    deployment: Deployment
    control: Control
    agent: Actor


@dataclass
class Said:
    """What a run ended with: its status, and (result, sentence) by check."""

    status: int
    found: dict[str, tuple[str, str]]

    def failed(self) -> set[str]:
        return {name for name, (result, _) in self.found.items() if result == "fail"}


Examine = Callable[..., Said]


def needed(name: str) -> set[str]:
    """A check and all it needs."""
    return {name}.union(*(needed(other) for other in CHECKS[name].after))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("environment")
    with start_anvil(folder / "anvil.log", AnvilOptions(block_time=0)) as anvil:
        gateway = Gateway(anvil.url)
        signer = local_signer(0, anvil.chain_id)
        file = folder / "deployment.json"
        deployment = deploy(gateway, signer, preset("local"), shipped_profiles(), file)
        door = gateway.with_deployment(deployment)
        actor = verifier(door, ACCOUNT, deployment.profile_id("exact-bytes"))
        control = Control(anvil.url)
        yield Place(anvil.url, folder, deployment, control, actor)
        control.close()
        gateway.close()


@pytest.fixture(autouse=True)
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks that a test mines at once are a second apart, and must not lie in the future."""
    monkeypatch.setattr(chain_checks, "now", lambda: time.time() + 600)


@pytest.fixture
def examine(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Examine:
    """Runs the command on the place, but for what a test gives instead."""

    def run(*more: str, only: str = "", engine: bool = False, **instead: str) -> Said:
        flags = {
            "rpc_url": place.url,
            "deployment": str(place.folder / "deployment.json"),
            "database": f"sqlite:///{tmp_path / 'index.sqlite3'}",
            "artifacts_dir": str(tmp_path / "artifacts"),
            "state_dir": str(tmp_path / "no-node"),
            "local_account": str(ACCOUNT),
            **instead,
        }
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]
        wanted = needed(only) if only else CHECKS.keys() - (set() if engine else {"engine"})
        arguments += [f"--skip={name}" for name in CHECKS if name not in wanted]
        status = main.run(["check", "environment", "--json", *arguments, *more])
        said = json.loads(capsys.readouterr().out)
        found = {item["check"]: (item["result"], item["sentence"]) for item in said["checks"]}
        assert said["failed"] == sum(result == "FAILED" for result, _ in found.values())
        words = {"PASSED": "pass", "FAILED": "fail", "LEFT_OUT": "-"}
        return Said(status, {name: (words[r], text) for name, (r, text) in found.items()})

    return run


def test_environment__when_all_is_well__then_nothing_fails_and_nothing_is_changed(
    examine: Examine, place: Place, tmp_path: Path
) -> None:
    said = examine("--agent", str(place.agent.agent_id), engine=True, rpc_fallbacks=place.url)
    assert (said.status, said.failed()) == (0, set())
    assert list(said.found) == list(CHECKS)
    left_out = {name for name, (result, _) in said.found.items() if result == "-"}
    assert left_out == {"node", "backend"}
    assert "enrolled for 1 profile." in said.found["key"][1]
    assert "no database" in said.found["database"][1]
    assert not (tmp_path / "index.sqlite3").exists()
    assert [p for p in (tmp_path / "artifacts").rglob("*") if p.is_file()] == []


def test_environment__when_read_by_a_person__then_a_table_and_a_tally(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = f"--deployment={tmp_path / 'nowhere.json'}"
    skipped = [f"--skip={name}" for name in ("engine", "artifacts")]
    status = main.run(["check", "environment", f"--rpc-url={place.url}", nothing, *skipped])
    out = capsys.readouterr().out
    assert status == 1
    assert "There is no deployment file" in out
    assert "Not looked at, for it needs deployment." in out
    assert out.splitlines()[-1] == "3 passed, 1 failed, 11 left out"


def test_environment__when_a_check_does_not_exist__then_one_sentence(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["check", "environment", f"--rpc-url={place.url}", "--skip=weather"]) == 1
    assert "There is no check 'weather'" in capsys.readouterr().err


# ------------------------------------------------------------------ the chain


def test_environment__when_nothing_answers__then_rpc_fails_and_the_rest_of_it_is_left_out(
    examine: Examine,
) -> None:
    said = examine(rpc_url="http://127.0.0.1:9")
    assert (said.status, said.failed()) == (1, {"rpc"})
    assert "Nothing answers at http://127.0.0.1:9" in said.found["rpc"][1]
    assert said.found["contracts"] == ("-", "Not looked at, for it needs rpc.")
    assert said.found["database"][0] == "pass"


@pytest.mark.campaign
@pytest.mark.parametrize(
    ("method", "fault", "check", "words"),
    [
        ("eth_chainId", claim("0x2105"), "chain-id", "serves chain 8453"),
        ("eth_getCode", claim("0x"), "contracts", "There is no contract at"),
        ("eth_getCode", claim("0x00"), "contracts", "its code differs"),
        ("eth_getLogs", claim([]), "log-depth", "has no logs of block"),
        ("eth_getLogs", refusal("method disabled"), "log-range", "method disabled"),
        ("eth_getLogs", refusal("block range too large"), "log-range", "block range too large"),
        ("eth_getBalance", claim("0x5af3107a4000"), "balance", "send it"),
    ],
)
def test_environment__when_the_node_misbehaves__then_its_check_fails(
    examine: Examine, place: Place, method: str, fault: Any, check: str, words: str
) -> None:
    with FaultProxy(place.url) as proxy:
        proxy.inject(method, *[fault] * MANY)
        said = examine(rpc_url=proxy.url, only=check)
    assert said.status == 1
    assert said.found[check][0] == "fail", said.found
    assert words in said.found[check][1]


@dataclass
class Picky:
    """Weather in which a node refuses requests of a method by their parameters."""

    method: str
    refuses: Callable[[list[Any]], str | None]

    def fault(self, method: str, params: list[Any], ask: Forward) -> Fault | None:
        reason = self.refuses(params) if method == self.method else None
        return None if reason is None else refusal(reason)


def picky(url: str, method: str, refuses: Callable[[list[Any]], str | None]) -> FaultProxy:
    return FaultProxy(url, weather=Picky(method, refuses))


@pytest.mark.campaign
def test_environment__when_logs_come_in_small_pieces__then_their_width_is_said(
    examine: Examine, place: Place
) -> None:
    place.control.mine(80)

    def wider_than(limit: int) -> Callable[[list[Any]], str | None]:
        def refuse(params: list[Any]) -> str | None:
            if "blockHash" in params[0]:
                return None
            width = int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) + 1
            return f"block range limited to {limit}" if width > limit else None

        return refuse

    with picky(place.url, "eth_getLogs", wider_than(30)) as proxy:
        result, sentence = examine(rpc_url=proxy.url, only="log-range").found["log-range"]
        assert result == "pass"
        width = int(sentence.partition("logs of ")[2].split()[0])
        assert 15 <= width <= 30
    with picky(place.url, "eth_getLogs", wider_than(4)) as proxy:
        result, sentence = examine(rpc_url=proxy.url, only="log-range").found["log-range"]
        assert result == "fail"
        assert "use one that gives 10 at least" in sentence


def test_environment__when_no_block_is_final__then_it_fails(examine: Examine, place: Place) -> None:
    def refuse(params: list[Any]) -> str | None:
        return "unknown block tag" if params[0] == "finalized" else None

    with picky(place.url, "eth_getBlockByNumber", refuse) as proxy:
        said = examine(rpc_url=proxy.url, only="history")
    assert said.failed() == {"finalized"}
    assert "unknown block tag" in said.found["finalized"][1]
    assert said.found["history"][0] == "-"


@pytest.mark.campaign
@pytest.mark.parametrize(("kept", "result"), [(True, "pass"), (False, "fail")])
def test_environment__when_old_state_is_gone__then_only_that_of_the_final_block_matters(
    examine: Examine, place: Place, kept: bool, result: str
) -> None:
    place.control.mine(100)
    final = Gateway(place.url).finalized().number
    assert final > place.deployment.block + 20

    def refuse(params: list[Any]) -> str | None:
        old = params[1].startswith("0x") and (not kept or int(params[1], 16) < final)
        return "missing trie node" if old else None

    with picky(place.url, "eth_getCode", refuse) as proxy:
        found = examine(rpc_url=proxy.url, only="history").found["history"]
    assert found[0] == result
    assert ("needs an archive node" if kept else "missing trie node") in found[1]


def test_environment__when_the_fallback_is_of_another_chain__then_it_fails(
    examine: Examine, tmp_path: Path
) -> None:
    with start_anvil(tmp_path / "log", AnvilOptions(chain_id=8453, block_time=0)) as other:
        said = examine(rpc_fallbacks=other.url)
    assert said.failed() == {"rpc-fallbacks"}
    assert "serves chain 8453" in said.found["rpc-fallbacks"][1]


@pytest.mark.parametrize(
    ("local", "seconds", "words"),
    [(True, -3600, "in this machine's future"), (False, 3600, "stopped following the chain")],
)
def test_environment__when_clock_and_blocks_differ__then_it_fails(
    examine: Examine,
    monkeypatch: pytest.MonkeyPatch,
    local: bool,
    seconds: int,
    words: str,
) -> None:
    now = time.time()
    monkeypatch.setattr(chain_checks, "now", lambda: now + seconds)
    monkeypatch.setattr(patient.Patient, "is_local", local)
    said = examine()
    assert said.failed() == {"clock"}
    assert words in said.found["clock"][1]


# ------------------------------------------------------------------ database, artifacts


@pytest.mark.campaign
def test_environment__when_the_database_is_used__then_its_version_and_owner_are_looked_at(
    examine: Examine, place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "index.sqlite3"
    url = f"sqlite:///{file}"
    registry = place.deployment.address("IdentityRegistry")
    court = place.deployment.court
    store = Store(url)
    store.open(court.chain_id, f"eip155:{court.chain_id}:{registry}/{court.rounds}")
    store.close()

    assert "can be written" in examine().found["database"][1]
    assert "no such table" in tables(file, "SELECT * FROM assay_probe")

    for version, words in (("0001", "start `assay serve` once"), ("9999", "a newer Assay")):
        tables(file, f"UPDATE alembic_version SET version_num = '{version}'")
        said = examine()
        assert said.failed() == {"database"}
        assert words in said.found["database"][1]

    other = f"sqlite:///{tmp_path / 'other.sqlite3'}"
    store = Store(other)
    store.open(1, "somebody else's")
    store.close()
    assert "another deployment" in examine(database=other).found["database"][1]


def tables(file: Path, statement: str) -> str:
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        connection.execute(statement)
    except sqlite3.OperationalError as error:
        return str(error)
    finally:
        connection.close()
    return ""


@pytest.mark.campaign
def test_environment__when_the_database_cannot_be_written__then_it_fails(
    examine: Examine, tmp_path: Path
) -> None:
    (tmp_path / "rubbish").write_text("this is no database, and long enough to be read as one")
    sqlite3.connect(tmp_path / "read.sqlite3").close()
    tables(tmp_path / "read.sqlite3", "CREATE TABLE anything (number INTEGER)")
    for database, words in (
        (f"sqlite:///file:{tmp_path}/read.sqlite3?mode=ro&uri=true", "readonly database"),
        (f"sqlite:///{tmp_path}/rubbish", "not a database"),
        (f"sqlite:///{tmp_path}/nowhere/index.sqlite3", "cannot be made in its folder"),
        ("postgresql://nobody@127.0.0.1:9/nothing", "cannot be used"),
        ("nonsense", "database URL cannot be used"),
    ):
        said = examine(database=database, only="database")
        assert said.failed() == {"database"}, database
        assert words in said.found["database"][1]


def test_environment__when_artifacts_have_no_place__then_it_fails(
    examine: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    said = examine(artifacts_dir=str(tmp_path / "file"))
    assert said.failed() == {"artifacts"}
    assert "give another one" in said.found["artifacts"][1]

    def spoil(self: ArtifactFiles, content: bytes) -> bytes:
        digest = take(self, content)
        self._public_path(digest).write_bytes(b"spoilt")
        return digest

    take = ArtifactFiles.take
    monkeypatch.setattr(ArtifactFiles, "take", spoil)
    said = examine()
    assert said.failed() == {"artifacts"}
    assert "gives back other bytes" in said.found["artifacts"][1]


# ------------------------------------------------------------------ key, node, engine, backend


def test_environment__when_the_key_is_not_the_agents__then_it_fails(
    examine: Examine, place: Place, tmp_path: Path
) -> None:
    agent = ("--agent", str(place.agent.agent_id))
    said = examine(*agent, local_account="4")
    assert said.failed() == {"key"}
    assert f"does not act for agent {place.agent.agent_id}" in said.found["key"][1]
    assert said.found["balance"][0] == "-"
    (tmp_path / "key.json").write_text("{}")
    (tmp_path / "password").write_text("secret")
    said = examine(
        *agent,
        keystore=str(tmp_path / "key.json"),
        keystore_password_file=str(tmp_path / "password"),
    )
    assert "Both a keystore and a local account" in said.found["key"][1]


def node_of(place: Place, folder: Path, code: str) -> str:
    files = StateDir(folder)
    files.create()
    engine = EngineConfig("command", {"argv": [sys.executable, "-c", code]})
    NodeConfig(
        agent_id=place.agent.agent_id,
        chain_id=place.deployment.chain_id,
        rpc_url=place.url,
        deployment=place.folder / "deployment.json",
        local_account=ACCOUNT,
        engines={DEFAULT: engine} if code else {},
    ).save(files)
    return str(folder)


def test_environment__when_there_is_a_node__then_it_is_tried_as_it_would_start(
    examine: Examine, place: Place, tmp_path: Path
) -> None:
    said = examine(state_dir=node_of(place, tmp_path / "good", "print('hello')"))
    assert said.found["node"][0] == "pass"
    said = examine(state_dir=node_of(place, tmp_path / "bad", ""))
    assert said.failed() == {"node"}
    assert "No engine is configured" in said.found["node"][1]


@pytest.mark.parametrize(
    ("code", "result", "words"),
    [("print('hello')", "pass", "6 bytes of text"), ("raise SystemExit(3)", "fail", "3")],
)
def test_environment__when_the_engine_is_a_command__then_it_is_run_once(
    examine: Examine, code: str, result: str, words: str
) -> None:
    command = f'{sys.executable} -c "{code}"'
    said = examine("--engine=command", f"--engine-command={command}", only="engine")
    assert said.found["engine"][0] == result
    assert words in said.found["engine"][1]


@contextmanager
def answering(body: bytes) -> Iterator[str]:
    """A server that answers everything with the same bytes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_environment__when_a_backend_is_set__then_it_must_be_of_this_deployment(
    examine: Examine, place: Place
) -> None:
    court = place.deployment.court
    network = {
        "chainId": court.chain_id,
        "contracts": {"VerificationRounds": court.rounds},
        "lagBlocks": 2,
    }
    other = {**network, "chainId": 1}
    for body, result, words in (
        (json.dumps(network).encode(), "pass", "2 blocks behind"),
        (json.dumps(other).encode(), "fail", "serves another deployment"),
        (b"<html>", "fail", "no backend that has begun to serve"),
        (b"[]", "fail", "no backend that has begun to serve"),
    ):
        with answering(body) as url:
            found = examine(backend_url=url, only="backend").found["backend"]
        assert found[0] == result
        assert words in found[1]
    said = examine(backend_url="http://127.0.0.1:9", only="backend")
    assert said.failed() == {"backend"}
    assert "No backend answers at http://127.0.0.1:9" in said.found["backend"][1]
