"""Whether the server runs, whether its answers are worth asking for, and how it is in detail."""

from __future__ import annotations

import time
from importlib import metadata
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from backend.api.context import Services, ServicesOf
from backend.api.errors import refusal
from backend.api.schemas.common import ErrorBody
from backend.api.schemas.network import (
    Health,
    IndexState,
    NodeState,
    Ready,
    ServerStatus,
    SubmitterState,
)

router = APIRouter(tags=["health"])

DISTRIBUTION: Final = "assay-network"


def version() -> str:
    """The installed version, or "unknown" in a source tree that was never installed."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unknown"


@router.get("/health")
def health() -> Health:
    """At once, whatever the index does."""
    return Health(version=version())


@router.get(
    "/ready", response_model=Ready, responses={503: {"model": ErrorBody, "description": "Why not."}}
)
def ready(services: ServicesOf) -> Response:
    """200 when the index has caught up with the chain; else 503 and the reason."""
    reason = services.status.not_ready()
    progress = services.status.snapshot()
    if reason is not None or progress.indexed is None or progress.head is None:
        return refusal(503, "not_ready", reason or "The index has not begun.")
    answer = Ready(
        indexed_block=progress.indexed, head_block=progress.head, lag_blocks=progress.lag or 0
    )
    return JSONResponse(answer.model_dump(by_alias=True))


@router.get("/status")
def show_status(services: ServicesOf) -> ServerStatus:
    """How this replica is, in figures and sentences; 200 whether it is ready or not."""
    reason = services.status.not_ready()
    now = services.status.snapshot()
    return ServerStatus(
        version=version(),
        ready=reason is None,
        reason=reason,
        index=IndexState(
            leads=now.leads,
            head_block=now.head,
            indexed_block=now.indexed,
            lag_blocks=now.lag,
            silence_seconds=None if now.heard_at is None else time.monotonic() - now.heard_at,
            trouble=now.trouble,
            halted=now.halted,
            differences=list(now.differences),
            comparisons=now.compared,
            rollbacks=now.rollbacks,
        ),
        submitter=_submitter(services, now.paused),
        nodes=_nodes(services),
    )


def _submitter(services: Services, paused: str | None) -> SubmitterState | None:
    if services.outbox is None:
        return None
    counts = services.outbox.counts()
    return SubmitterState(paused=paused, jobs={state.value: n for state, n in counts.items()})


def _nodes(services: Services) -> list[NodeState]:
    nodes = services.nodes
    if nodes is None:
        return []
    return [
        NodeState(node=node.label, used=node.label == nodes.label, failures=node.failures)
        for node in nodes.all
    ]
