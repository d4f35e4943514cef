"""A node's metrics in Prometheus' text form, served on an address of the operator's choice.

Nothing in them is secret, and nothing can be changed through them; they do say when the node is
busy, so the address is better not everybody's.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from verifier.node.errors import StateError
from verifier.node.health import Health
from verifier.node.store import Store

__all__ = ["NodeCollector", "serving_metrics"]

_log = logging.getLogger("assay.node")
_GIVES: Final = "give --metrics-address as HOST:PORT, such as 127.0.0.1:9464"


class NodeCollector(Collector):
    """Reads health and store when asked."""

    def __init__(self, agent_id: int, health: Health, store: Store) -> None:
        self._agent = str(agent_id)
        self._health = health
        self._store = store

    def collect(self) -> Iterator[Metric]:
        health, cursor = self._health, self._store.cursor()
        looked_at = health.looked_at
        gauges: dict[str, tuple[str, float | None]] = {
            "assay_node_head_block": ("Newest block the chain told of.", health.head),
            "assay_node_read_block": ("Last block whose events are stored.", cursor and cursor[0]),
            "assay_node_seats_owed": ("Seats that owe the chain something.", health.owed),
            "assay_node_silence_seconds": (
                "Since the last look at the chain that ended well.",
                None if looked_at is None else time.monotonic() - looked_at,
            ),
        }
        for name, (text, value) in gauges.items():
            if value is not None:
                yield GaugeMetricFamily(name, text, value=value)
        yield CounterMetricFamily(
            "assay_node_looks", "Looks at everything that ended well.", value=health.looks
        )
        yield CounterMetricFamily(
            "assay_node_failed_looks", "Looks that did not.", value=health.failures
        )
        seats = GaugeMetricFamily(
            "assay_node_seats", "Seats ever held, by how far they are.", labels=["step", "outcome"]
        )
        found = Counter((seat.step.value, seat.outcome or "") for seat in self._store.seats())
        for (step, outcome), count in sorted(found.items()):
            seats.add_metric([step, outcome], count)
        yield seats
        about = GaugeMetricFamily("assay_node_info", "Whose node it is.", labels=["agent"])
        about.add_metric([self._agent], 1)
        yield about


@contextmanager
def serving_metrics(address: str, collector: Collector) -> Iterator[int]:
    """Serves until left, in a thread; yields the port.

    Args:
        address: HOST:PORT; port 0 takes a free one.

    Raises:
        StateError: it is no address, or not ours to listen on.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise StateError(f"{address!r} is not an address to serve metrics on: {_GIVES}.")
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    try:
        server, thread = start_http_server(int(port), host.strip("[]"), registry)
    except OSError as error:
        raise StateError(
            f"Metrics cannot be served on {address} ({error.strerror}): stop what listens there, "
            f"or {_GIVES}."
        ) from None
    assert isinstance(server, WSGIServer)
    _log.info("metrics on http://%s:%d/metrics", host, server.server_port)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
