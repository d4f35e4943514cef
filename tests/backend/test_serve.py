"""`assay serve` and `assay reputation` as a person runs them, over HTTP and on a real chain."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chain import messages
from chain.structs import Receipt
from cli.anvil import AnvilOptions, start_anvil
from cli.verify_reputation import ScoreDiffers, compare
from tests.backend.live import Index, Served, serve_arguments, serving
from tests.support.court import OUTPUT, ROUNDS, Court, digest_of, open_court
from tests.support.forked import assay
from tests.support.proxy import LOSE_REQUEST, Fault, FaultProxy, refusal
from verifier.node.delivery import upload_sealed
from verifier.node.receipts import SignedReceipt
from verifier.seal import seal

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    """One chain for this file; its tests only add to it."""
    with open_court(tmp_path_factory.mktemp("court"), AnvilOptions(block_time=0)) as court:
        court.control.pass_time(3600)
        yield court


@pytest.fixture(scope="module")
def served(court: Court, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with serving(folder, court.control.url, court.deployment) as served:
        served.at_block(court.door.head().number)
        yield served


def assert_one_sentence(done: subprocess.CompletedProcess[str], says: str) -> None:
    assert done.returncode == 1, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("assay: ")]
    assert says in line
    assert "Traceback" not in done.stderr


def judged(court: Court, task: bytes) -> tuple[bytes, Receipt, bytes]:
    """(request hash, receipt, salt) of a round that waits for its output."""
    receipt, salt = court.receipt(task)
    name = court.submit(receipt)
    drawn = court.draw(name)
    claim = digest_of(drawn.key, OUTPUT)
    court.vote(drawn, claim, [claim] * len(drawn.agent_ids))
    court.client.send(ROUNDS, "advance", name)
    return name, receipt, salt


# ------------------------------------------------------------------ serving


def test_serve__when_a_round_is_played__then_it_is_told_over_http(
    court: Court, served: Served
) -> None:
    name, receipt, salt = judged(court, b"over http")
    path = f"/v1/rounds/0x{name.hex()}"
    served.at_block(court.door.head().number)
    assert served.json(path)["phase"] == "Publishing"
    court.publish(name, receipt, salt)
    served.at_block(court.door.head().number)
    body = served.json(path)
    assert body["verdict"] == "Accepted"
    assert served.get(body["output"]["artifact"]).content == OUTPUT
    assert served.json("/ready")["ready"] is True
    agent_id = court.provider.agent_id
    scores = served.json(f"/v1/agents/{agent_id}/reputation")["scores"]
    (score,) = [item for item in scores if item["role"] == "provider" and item["mean"] is not None]
    assert score["profileName"] == "exact-bytes"
    assert body["receipt"]["outputHash"] == "0x" + receipt.output_hash.hex()


def test_serve__when_a_node_hands_in_its_sealed_output__then_readable_only_once_published(
    court: Court, served: Served
) -> None:
    name, receipt, salt = judged(court, b"sealed over http")
    signature = messages.sign_receipt(receipt, court.deployment.court, court.provider.signer)
    signed = SignedReceipt(court.deployment.court, receipt, signature, "assay:00")
    link = f"/v1/artifacts/0x{receipt.output_hash.hex()}"
    assert upload_sealed(served.url, signed, OUTPUT, salt)
    sealed = served.get(link)
    assert (sealed.status_code, sealed.json()["error"]["code"]) == (409, "artifact_sealed")
    court.publish(name, receipt, salt)
    served.at_block(court.door.head().number)
    assert served.get(link, follow_redirects=True).content == OUTPUT
    assert served.get(link + "?sealed=true").content == seal(OUTPUT, salt)


def test_serve__when_a_stranger_hands_in_an_output__then_refused(
    court: Court, served: Served
) -> None:
    receipt, salt = court.receipt(b"a stranger's")
    signature = messages.sign_receipt(receipt, court.deployment.court, court.client.signer)
    signed = SignedReceipt(court.deployment.court, receipt, signature, "assay:00")
    assert not upload_sealed(served.url, signed, OUTPUT, salt)
    nobody = replace(receipt, agent_id=10**6)
    signature = messages.sign_receipt(nobody, court.deployment.court, court.provider.signer)
    signed = SignedReceipt(court.deployment.court, nobody, signature, "assay:00")
    assert not upload_sealed(served.url, signed, OUTPUT, salt)


def test_serve__when_an_endless_body_comes__then_the_connection_is_cut(served: Served) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    head = (
        "POST /v1/artifacts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.encode())
        with pytest.raises(ConnectionError):
            send_often(connection, chunk, 2000)
    assert served.get("/health").status_code == 200


def send_often(connection: socket.socket, chunk: bytes, times: int) -> None:
    for _ in range(times):
        connection.sendall(chunk)


@pytest.mark.parametrize(
    "path", ["/v1/artifacts/..%2f..%2findex.sqlite3", "/v1/artifacts/%00", "/../index.sqlite3"]
)
def test_serve__when_asked_for_other_files__then_refused(served: Served, path: str) -> None:
    answer = served.get(path)
    assert answer.status_code in (404, 422)
    assert set(answer.json()) == {"error"}


def test_serve__when_told_to_stop__then_ends_with_0_and_continues_where_it_was(
    court: Court, tmp_path: Path
) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with serving(tmp_path, court.control.url, court.deployment) as served:
            served.at_block(court.door.head().number)
            os.kill(served.process.pid, number)
            assert served.process.wait(10) == 0
    index = Index(tmp_path, court.door)
    assert index.dump()["cursor"]
    index.close()


def test_serve__when_rebuilt__then_identical_tables(court: Court, tmp_path: Path) -> None:
    dumps = []
    for more in ((), ("--rebuild",)):
        with serving(tmp_path, court.control.url, court.deployment, *more) as served:
            served.at_block(court.door.head().number)
            assert served.process.stop(grace=60.0) == 0
        index = Index(tmp_path, court.door)
        dumps.append(index.dump())
        index.close()
    assert dumps[0] == dumps[1]
    assert len(dumps[0]["events"]) > 20


def test_serve__when_the_node_fails_for_a_while__then_it_goes_on_by_itself(
    court: Court, tmp_path: Path
) -> None:
    with (
        FaultProxy(court.control.url) as proxy,
        serving(tmp_path, proxy.url, court.deployment) as served,
    ):
        served.at_block(court.door.head().number)
        faults = [LOSE_REQUEST, refusal("overloaded"), Fault(status=503), refusal("slow", 429)]
        proxy.inject("eth_getBlockByNumber", *faults * 3)
        court.control.mine(2)
        served.at_block(court.door.head().number)
        assert served.json("/ready")["lagBlocks"] == 0


# ------------------------------------------------------------------ refusals


def refused(
    folder: Path, court: Court, *more: str, url: str = ""
) -> subprocess.CompletedProcess[str]:
    return assay(serve_arguments(folder, url or court.control.url, court.deployment, *more))


def test_serve__when_the_port_is_taken__then_one_sentence(court: Court, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert_one_sentence(refused(tmp_path, court, f"--port={port}"), f"port {port}")


def test_serve__when_it_is_another_chain__then_one_sentence(court: Court, tmp_path: Path) -> None:
    with start_anvil(tmp_path / "other.log", AnvilOptions(block_time=0)) as other:
        assert_one_sentence(refused(tmp_path, court, url=other.url), "chain")


def test_serve__when_there_is_no_contract__then_one_sentence(court: Court, tmp_path: Path) -> None:
    moved = replace(
        court.deployment,
        contracts={
            **court.deployment.contracts,
            "StakeVault": replace(
                court.deployment.contracts["StakeVault"], address=court.client.address
            ),
        },
    )
    done = assay(serve_arguments(tmp_path, court.control.url, moved))
    assert_one_sentence(done, "There is no contract at")


def test_serve__when_nothing_answers__then_one_sentence(court: Court, tmp_path: Path) -> None:
    assert_one_sentence(refused(tmp_path, court, url="http://127.0.0.1:9"), "Nothing answers at")


def test_serve__when_the_deployment_file_is_missing__then_one_sentence(tmp_path: Path) -> None:
    done = assay(["serve", f"--deployment={tmp_path / 'nowhere.json'}"])
    assert_one_sentence(done, "There is no deployment file")


@pytest.mark.parametrize(
    ("database", "says"),
    [("nonsense", "database URL"), ("sqlite:////nowhere/at/all.sqlite3", "check its path")],
)
def test_serve__when_the_database_is_no_use__then_one_sentence(
    court: Court, tmp_path: Path, database: str, says: str
) -> None:
    assert_one_sentence(refused(tmp_path, court, f"--database={database}"), says)


def test_serve__when_the_schema_is_newer__then_refused_also_for_a_rebuild(
    court: Court, tmp_path: Path
) -> None:
    index = Index(tmp_path, court.door)
    index.close()
    with sqlite3.connect(tmp_path / "index.sqlite3") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for more in ((), ("--rebuild",)):
        assert_one_sentence(refused(tmp_path, court, *more), "newer version of Assay")


def test_serve__when_the_database_is_locked__then_one_sentence(
    court: Court, tmp_path: Path
) -> None:
    index = Index(tmp_path, court.door)
    index.close()
    holder = sqlite3.connect(tmp_path / "index.sqlite3", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert_one_sentence(refused(tmp_path, court), "locked by another process")
    holder.close()


# ------------------------------------------------------------------ assay reputation


def test_reputation__when_asked_of_chain_and_backend__then_the_same(
    court: Court, served: Served, tmp_path: Path
) -> None:
    name, receipt, salt = judged(court, b"for a score")
    court.publish(name, receipt, salt)
    served.at_block(court.door.head().number)
    court.deployment.save(tmp_path / "deployment.json")
    agent = str(court.provider.agent_id)
    chain = [f"--rpc-url={court.control.url}", f"--deployment={tmp_path / 'deployment.json'}"]
    told = assay(["reputation", "show", agent, "--json", *chain])
    assert told.returncode == 0, told.stderr
    by_chain = json.loads(told.stdout)
    told = assay(["reputation", "show", agent, "--json", f"--api={served.url}"])
    assert told.returncode == 0, told.stderr
    by_backend = json.loads(told.stdout)
    assert by_backend["block"]["hash"] == by_chain["block"]["hash"]
    assert by_backend["owner"] == by_chain["owner"]
    known = {item["domain"]: item for item in by_chain["scores"]}
    assert len(by_backend["scores"]) > 0
    for item in by_backend["scores"]:
        assert item == known[item["domain"]]
    table = assay(["reputation", "show", agent, *chain])
    assert table.returncode == 0
    assert "exact-bytes" in table.stdout
    assert "%" in table.stdout


def test_verify_reputation__when_recomputed_from_the_chain__then_equal_and_a_lie_is_told(
    court: Court, served: Served, tmp_path: Path
) -> None:
    name, receipt, salt = judged(court, b"recomputed")
    court.publish(name, receipt, salt)
    buyer = court.client.address
    agent = court.provider
    agent.send("IdentityRegistry", "transferFrom", agent.address, buyer, agent.agent_id)
    court.client.send("IdentityRegistry", "transferFrom", buyer, agent.address, agent.agent_id)
    court.control.pass_time(1000)
    served.at_block(court.door.head().number)
    court.deployment.save(tmp_path / "deployment.json")
    chain = [f"--rpc-url={court.control.url}", f"--deployment={tmp_path / 'deployment.json'}"]
    for number in (agent.agent_id, *list(court.verifiers)[:2]):
        backend = f"--backend-url={served.url}"
        done = assay(["verify", "reputation", str(number), backend, *chain])
        assert done.returncode == 0, done.stderr + done.stdout
        assert "Equal: every score" in done.stdout
    told = served.json(f"/v1/agents/{agent.agent_id}/reputation")
    for change in ({"mean": 0.99}, {"alpha": "7"}, {"lastUpdate": 1}):
        lie = {**told, "scores": [{**item, **change} for item in told["scores"]]}
        assert not all(row["equal"] for row in compare(court.door, agent.agent_id, lie))
    assert not all(
        row["equal"] for row in compare(court.door, agent.agent_id, {**told, "scores": []})
    )
    for item in told["scores"]:
        other = {"provider": "verifier", "verifier": "provider"}[item["role"]]
        lie = {**told, "scores": [{**item, "role": other}]}
        with pytest.raises(ScoreDiffers, match="which is another one"):
            compare(court.door, agent.agent_id, lie)
    elsewhere = {**told, "block": {**told["block"], "hash": "0x" + "00" * 32}}
    with pytest.raises(ScoreDiffers, match="another block"):
        compare(court.door, agent.agent_id, elsewhere)


def test_reputation__when_the_agent_is_unknown__then_one_sentence(
    court: Court, served: Served, tmp_path: Path
) -> None:
    court.deployment.save(tmp_path / "deployment.json")
    chain = [f"--rpc-url={court.control.url}", f"--deployment={tmp_path / 'deployment.json'}"]
    done = assay(["reputation", "show", "999", *chain])
    assert_one_sentence(done, "There is no agent 999")
    done = assay(["reputation", "show", "999", f"--api={served.url}"])
    assert_one_sentence(done, "There is no agent 999")


def test_reputation__when_nothing_answers__then_one_sentence(court: Court) -> None:
    done = assay(["reputation", "show", "0", "--api=http://127.0.0.1:9"])
    assert_one_sentence(done, "No backend answers at")
    done = assay(["reputation", "show", "0", f"--api={court.control.url}"])
    assert_one_sentence(done, "not a backend")


def test_reputation__when_the_agent_is_no_number__then_usage(court: Court) -> None:
    assert assay(["reputation", "show", "x"]).returncode == 2
    assert assay(["reputation", "show", "--", "-1"]).returncode == 2
