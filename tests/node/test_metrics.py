"""A node's metrics, as a scraper reads them."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest

from tests.node.fake_chain import COURT
from tests.node.test_store import PROFILE_ID, SEAT
from verifier.node.errors import StateError
from verifier.node.health import Health
from verifier.node.metrics import NodeCollector, serving_metrics
from verifier.node.store import Store

pytestmark = pytest.mark.integration


def scrape(port: int) -> dict[str, float]:
    """Value by sample, labels included."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_metrics__when_the_node_looks_and_fails__then_told(tmp_path: Path) -> None:
    store, health = Store(tmp_path / "node.sqlite3", COURT, 7), Health()
    with serving_metrics("127.0.0.1:0", NodeCollector(7, health, store)) as port:
        before = scrape(port)
        assert before['assay_node_info{agent="7"}'] == 1
        assert before["assay_node_looks_total"] == 0
        assert not {"assay_node_head_block", "assay_node_silence_seconds"} & before.keys()
        health.looked(12, 3)
        health.failed()
        store.set_cursor(11, bytes(32))
        store.add_seat(SEAT, PROFILE_ID)
        told = scrape(port)
    assert told["assay_node_head_block"] == 12
    assert told["assay_node_read_block"] == 11
    assert told["assay_node_seats_owed"] == 3
    assert told["assay_node_looks_total"] == told["assay_node_failed_looks_total"] == 1
    assert 0 <= told["assay_node_silence_seconds"] < 60
    assert told['assay_node_seats{outcome="",step="seen"}'] == 1
    with pytest.raises(httpx.ConnectError):
        scrape(port)
    store.close()


@pytest.mark.parametrize("address", ["", "9464", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000"])
def test_metrics__when_the_address_is_none__then_one_sentence(tmp_path: Path, address: str) -> None:
    store = Store(tmp_path / "node.sqlite3", COURT, 7)
    with (
        pytest.raises(StateError, match="as HOST:PORT"),
        serving_metrics(address, NodeCollector(7, Health(), store)),
    ):
        pass
    store.close()


def test_metrics__when_the_port_is_taken__then_one_sentence(tmp_path: Path) -> None:
    store = Store(tmp_path / "node.sqlite3", COURT, 7)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with (
            pytest.raises(StateError, match="stop what listens there"),
            serving_metrics(address, NodeCollector(7, Health(), store)),
        ):
            pass
    store.close()
