"""/health says that the server runs, /ready whether its answers are worth asking for."""

from __future__ import annotations

from importlib import metadata
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from backend.api.context import ServicesOf
from backend.api.errors import refusal
from backend.api.schemas.common import ErrorBody
from backend.api.schemas.network import Health, Ready

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
