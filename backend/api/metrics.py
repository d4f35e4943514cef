"""/metrics: how the server is, in Prometheus' text form. Nodes are named without credentials."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from backend.api.context import Services

router = APIRouter(tags=["health"])

LOOK_SECONDS: Final = 1.0
"""Between two looks: whoever watches is never turned away, so watching must cost nothing."""


class Collector:
    """Reads the services when asked."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        services = self._services
        now = services.status.snapshot()
        gauges: dict[str, tuple[str, float | None]] = {
            "assay_head_block": ("Newest block the chain told of.", now.head),
            "assay_indexed_block": ("Last block the index applied.", now.indexed),
            "assay_lag_blocks": ("Blocks behind the chain.", now.lag),
            "assay_ready": ("1 while /ready says yes.", float(services.status.not_ready() is None)),
            "assay_halted": ("1 once the index stopped for good.", float(now.halted is not None)),
            "assay_leads": ("1 if this replica writes the index.", float(now.leads)),
            "assay_differences": (
                "What the contracts said otherwise at the last comparison.",
                len(now.differences),
            ),
            "assay_submitter_paused": (
                "1 while nothing is sent, for want of money.",
                float(now.paused is not None),
            ),
            "assay_silence_seconds": (
                "Since the chain answered last.",
                None if now.heard_at is None else time.monotonic() - now.heard_at,
            ),
        }
        for name, (text, value) in gauges.items():
            if value is not None:
                yield GaugeMetricFamily(name, text, value=value)
        yield CounterMetricFamily(
            "assay_comparisons", "Comparisons with the contracts.", value=now.compared
        )
        yield CounterMetricFamily(
            "assay_rollbacks", "Reorganisations that rows were rolled back for.", now.rollbacks
        )
        yield CounterMetricFamily(
            "assay_repairs", "Times that blocks were read again for left-out events.", now.repairs
        )
        yield from self._jobs()
        yield from self._nodes()

    def _jobs(self) -> Iterator[Metric]:
        if self._services.outbox is not None:
            family = GaugeMetricFamily("assay_jobs", "Jobs of the outbox.", labels=["state"])
            for status, count in self._services.outbox.counts().items():
                family.add_metric([status.value], count)
            yield family

    def _nodes(self) -> Iterator[Metric]:
        nodes = self._services.nodes
        if nodes is not None:
            failures = CounterMetricFamily(
                "assay_node_failures", "Requests a node did not answer.", labels=["node"]
            )
            used = GaugeMetricFamily(
                "assay_node_used", "1 for the node read from.", labels=["node"]
            )
            for index, node in enumerate(nodes.all):
                label = f"{index}: {node.label}"
                failures.add_metric([label], node.failures)
                used.add_metric([label], float(node.label == nodes.label))
            yield failures
            yield used


class Metrics:
    """The text, looked for once a second at most. Thread-safe."""

    def __init__(self, services: Services) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(Collector(services))
        self._lock = threading.Lock()
        self._kept: tuple[float, bytes] | None = None

    def text(self) -> bytes:
        with self._lock:
            now = time.monotonic()
            if self._kept is None or now - self._kept[0] >= LOOK_SECONDS:
                self._kept = now, generate_latest(self._registry)
            return self._kept[1]


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def show_metrics(request: Request) -> Response:
    """For a scraper."""
    metrics: Metrics = request.app.state.metrics
    return Response(metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
