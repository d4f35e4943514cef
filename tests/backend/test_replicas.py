"""Two replicas on one PostgreSQL: one leads, the other serves; the leader is killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from backend.store import Store
from backend.submitter import JobStatus, Outbox
from backend.submitter.submit import chain_name
from chain.types import Phase
from cli.anvil import AnvilOptions
from tests.backend.live import Served, serving
from tests.support.court import LOCAL, Court, open_court
from tests.support.databases import NewDatabase
from tests.support.polling import eventually

pytestmark = pytest.mark.integration

SECRETS = ("rpc-hunter2", "pg-hunter2", "key-hunter2")


@pytest.fixture
def court(tmp_path: Path) -> Iterator[Court]:
    with open_court(tmp_path, AnvilOptions(block_time=0, slots_in_an_epoch=2)) as court:
        court.control.pass_time(3600)
        yield court


def leads(served: Served) -> bool:
    return "assay_leads 1.0" in served.get("/metrics").text


def reached(court: Court, name: bytes, phase: Phase) -> bool:
    """Whether the round is there; a block comes with every look, as on a chain that is alive."""
    court.control.mine()
    time.sleep(0.2)
    return court.phase(name) is phase


def test_s14_replicas__when_the_leader_is_killed__then_the_other_goes_on_and_no_secret_is_told(
    court: Court, postgresql: NewDatabase, tmp_path: Path
) -> None:
    database = postgresql()
    secret = database.replace("postgres:@", "postgres:pg-hunter2@")
    assert secret != database
    (tmp_path / "key").write_text("key-hunter2\n")
    rpc = court.control.url.replace("http://", "http://operator:rpc-hunter2@")
    options = [f"--api-key-file={tmp_path / 'key'}", "--submit", "--local-account=19"]
    with ExitStack() as stack:
        replicas = [
            stack.enter_context(
                serving(
                    tmp_path / name,
                    rpc,
                    court.deployment,
                    *options,
                    f"--database={secret}",
                    f"--artifacts-dir={tmp_path / 'artifacts'}",
                )
            )
            for name in ("one", "two")
        ]
        first, second = replicas
        for replica in replicas:
            replica.at_block(court.door.head().number)
        assert leads(first)
        assert not leads(second)
        name = court.submit(court.receipt(b"for two replicas")[0])
        court.control.mine(3)
        court.control.pass_time(10)
        eventually(lambda: reached(court, name, Phase.COMMITTING), "it was drawn", 60)
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait(10)
        court.control.pass_time(LOCAL.commit_window + 10)
        eventually(lambda: reached(court, name, Phase.FINAL), "the other advanced it", 60)
        second.at_block(court.door.head().number)
        assert leads(second)
        court.control.mine(8)
        store = Store(database)
        outbox = Outbox(store, chain_name(court.door))
        eventually(lambda: outbox.counts()[JobStatus.FINAL] >= 2, "both jobs are final", 30)
        counts = outbox.counts()
        assert counts[JobStatus.FAILED] == counts[JobStatus.CANCELLED] == 0
        store.close()
        told = [
            second.get(path).text
            for path in ("/metrics", "/v1/network", "/nowhere", "/ready", "/status")
        ]
    told += [(tmp_path / name / "serve.log").read_text() for name in ("one", "two")]
    for text in told:
        assert not [word for word in SECRETS if word in text]
