"""No secret is told: everything that a server and a node say is searched for each of them.

Both run at the most talkative level, with nodes, engines and stores that fail in every way, for
errors are where secrets leak.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from eth_account import Account
from moto.server import ThreadedMotoServer

from chain.errors import ConfigError
from chain.keys import Signer
from cli import settings
from cli.anvil import AnvilOptions
from tests.backend.live import serving
from tests.support.actors import Actor
from tests.support.court import Court, open_court
from tests.support.forked import Assay
from tests.support.polling import eventually
from tests.support.proxy import LOSE_REPLY, Fault, FaultProxy, refusal
from verifier.node.config import NodeConfig
from verifier.node.engine_book import DEFAULT, EngineConfig
from verifier.node.statedir import StateDir

pytestmark = [pytest.mark.integration, pytest.mark.campaign]

SECRETS = {
    "rpc user's password": "hunter2-rpc-password",
    "rpc path": "hunter2-rpc-path-token",
    "api key": "hunter2-api-key",
    "keystore's password": "hunter2-keystore",
    "engine's key": "hunter2-engine-key",
    "S3 secret": "hunter2-s3-secret-key",
    "signature's r": f"0x{'5ec2e701' * 8}",
    "signature's vs": f"0x{'5ec2e702' * 8}",
    "opening's salt": f"0x{'5ec2e703' * 8}",
}
_SEAT = {"requestHash": f"0x{'11' * 32}", "level": 0, "seat": 0, "key": f"0x{'22' * 32}"}
RELAYED: dict[str, dict[str, object]] = {
    "commitments": _SEAT
    | {"agentId": 1, "commitment": f"0x{'33' * 32}"}
    | {"r": SECRETS["signature's r"], "vs": SECRETS["signature's vs"]},
    "openings": _SEAT
    | {"digest": f"0x{'44' * 32}", "evidenceHash": f"0x{'55' * 32}"}
    | {"salt": SECRETS["opening's salt"]},
}
"""What seats hand in to be posted; of a round that there is not."""

FAULTS = [
    refusal("unauthorized: hunter2-rpc-path-token is not allowed"),
    Fault(status=503),
    Fault(status=401),
    refusal("slow down", 429),
    LOSE_REPLY,
]


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    with open_court(tmp_path_factory.mktemp("court"), AnvilOptions(block_time=1)) as court:
        yield court


@pytest.fixture
def talkative(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Processes of the test log all they can, and find an S3 server with its credentials."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "ASSAY_LOG_LEVEL": "debug",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": SECRETS["S3 secret"],
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    assert httpx.put(f"http://{host}:{port}/secrets").status_code == 200
    yield
    server.stop()


def keystore(folder: Path, actor: Actor) -> list[str]:
    """Writes an actor's key and its password; the flags that name both."""
    key = folder / "key.json"
    password = SECRETS["keystore's password"]
    key.write_text(json.dumps(Account.encrypt(private(actor.signer), password, "pbkdf2", 1000)))
    (folder / "password").write_text(password + "\n")
    return [f"--keystore={key}", f"--keystore-password-file={folder / 'password'}"]


def private(signer: Signer) -> bytes:
    return bytes(signer._account.key)


def guarded(url: str) -> str:
    """The proxy's URL as a provider of nodes gives it out."""
    password = SECRETS["rpc user's password"]
    return url.replace("http://", f"http://operator:{password}@") + "/v3/" + SECRETS["rpc path"]


def leaks(text: str, signer: Signer) -> list[str]:
    found = [what for what, secret in SECRETS.items() if secret in text]
    return found + (["private key"] if private(signer).hex() in text.lower() else [])


def test_serve__when_all_goes_wrong_at_debug__then_no_secret_is_told(
    court: Court, talkative: None, tmp_path: Path
) -> None:
    (tmp_path / "api").write_text(SECRETS["api key"])
    with FaultProxy(court.control.url) as proxy:
        options = [
            *keystore(tmp_path, court.client),
            f"--api-key-file={tmp_path / 'api'}",
            "--artifacts-url=s3://secrets/here",
            "--submit",
            "--relay",
        ]
        with serving(tmp_path, guarded(proxy.url), court.deployment, *options) as served:
            served.at_block(court.door.head().number)
            for method in ("eth_getBlockByNumber", "eth_getLogs", "eth_call"):
                proxy.inject(method, *FAULTS)
            court.submit(court.receipt(b"told to nobody")[0])
            eventually(lambda: proxy.pending("eth_getBlockByNumber") == 0, "all was met", 90)
            said = [
                served.get(path, headers={"Authorization": f"Bearer {SECRETS['api key']}"}).text
                for path in (
                    "/metrics",
                    "/ready",
                    "/status",
                    "/v1/network",
                    "/nowhere",
                    "/v1/rounds?limit=x",
                )
            ]
            wrong = {"Authorization": "Bearer wrong", "Content-Type": "application/json"}
            said.append(httpx.post(f"{served.url}/v1/artifacts", headers=wrong, content=b"{").text)
            said += [
                httpx.post(f"{served.url}/v1/relay/{what}", json=body).text
                for what, given in RELAYED.items()
                for body in (given, given | {"level": "none"}, given | {"more": "x" * 3000})
            ]
    log = (tmp_path / "serve.log").read_text()
    assert "DEBUG" in log
    assert "WARNING" in log
    for text in (log, *said):
        assert leaks(text, court.client.signer) == []


def test_node__when_all_goes_wrong_at_debug__then_no_secret_is_told(
    court: Court, talkative: None, tmp_path: Path
) -> None:
    agent_id, actor = next(iter(court.verifiers.items()))
    keystore(tmp_path, actor)
    (tmp_path / "engine").write_text(SECRETS["engine's key"])
    court.deployment.save(tmp_path / "deployment.json")
    files = StateDir(tmp_path / "state")
    files.create()
    with FaultProxy(court.control.url) as proxy:
        engine = {
            "base_url": "http://user:hunter2-engine-key@127.0.0.1:9/v1",
            "api_key_file": str(tmp_path / "engine"),
            "attempts": 1,
        }
        NodeConfig(
            agent_id=agent_id,
            chain_id=court.deployment.chain_id,
            rpc_url=guarded(proxy.url),
            deployment=tmp_path / "deployment.json",
            keystore=tmp_path / "key.json",
            keystore_password_file=tmp_path / "password",
            poll_seconds=0.2,
            grace_seconds=1.0,
            engines={DEFAULT: EngineConfig("openai", engine)},
        ).save(files)
        arguments = ["node", "run", f"--state-dir={files.root}"]
        tried = Assay("node", arguments, log=tmp_path / "refused.log")
        assert tried.wait(60) == 1  # Its engine does not answer.
        head = files.config.read_text().rpartition("[engines.")[0]
        files.config.write_text(f'{head}[engines.default]\nname = "command"\nargv = ["true"]\n')
        arguments.append("--metrics-address=127.0.0.1:0")
        node = Assay("node", arguments, log=tmp_path / "node.log")
        try:
            log = tmp_path / "node.log"
            eventually(lambda: "metrics on" in log.read_text(), "the node ran", 60)
            for method in ("eth_getBlockByNumber", "eth_call"):
                proxy.inject(method, *FAULTS)
            eventually(lambda: proxy.pending("eth_getBlockByNumber") == 0, "all was met", 90)
            address = log.read_text().partition("metrics on ")[2].split()[0]
            metrics = httpx.get(address).text
            assert "assay_node_failed_looks_total" in metrics
        finally:
            node.stop()
    told = [(tmp_path / name).read_text() for name in ("refused.log", "node.log")]
    assert "WARNING" in told[1]
    for text in (*told, metrics):
        assert leaks(text, actor.signer) == []


def test_settings__when_shown_or_logged__then_secrets_are_hidden(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    environment = {"ASSAY_API_KEY": SECRETS["api key"], "ASSAY_PORT": SECRETS["rpc path"]}
    with pytest.raises(ConfigError) as told:
        settings.load(environment, tmp_path / "none.toml")
    del environment["ASSAY_PORT"]
    chosen = settings.load(environment, tmp_path / "none.toml")
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("assay").debug("settings %r", chosen)
    assert SECRETS["api key"] not in caplog.text + repr(chosen) + str(told.value)
