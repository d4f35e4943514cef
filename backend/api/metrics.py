"""/metrics: how the server is, in Prometheus' text form. Nodes are named without credentials."""

from __future__ import annotations

import time
from collections.abc import Iterator

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from backend.api.context import Services, ServicesOf

router = APIRouter(tags=["health"])


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


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def show_metrics(services: ServicesOf) -> Response:
    """For a scraper."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector(services))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)
