"""The application: routes, errors, headers."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api import (
    agents,
    artifacts,
    epochs,
    errors,
    exam_sheets,
    exams,
    health,
    lookalikes,
    metrics,
    network,
    registries,
    relay,
    reputation,
    rounds,
    sources,
    standings,
    stream,
)
from backend.api.context import Services
from backend.api.feed import Feed
from backend.api.gather import Gathered
from backend.api.limits import RateLimits
from backend.api.scores import Scores
from backend.dashboard import pages

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_MODULES: Final = (
    health,
    metrics,
    network,
    agents,
    reputation,
    registries,
    standings,
    exam_sheets,
    exams,
    epochs,
    sources,
    rounds,
    stream,
    artifacts,
    lookalikes,
    relay,
)


class SecurityHeaders:
    """Adds `SECURITY_HEADERS` to every answer: artifacts are anybody's bytes.

    The dashboard's own pages come with a policy that lets them run their one script.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def create_app(services: Services) -> FastAPI:
    """The API over these services. Serves; changes nothing but the artifact folder."""
    app = FastAPI(
        title="Assay",
        version=health.version(),
        description=(
            "Reputation and verification of generative work, as indexed from the chain. Every"
            " answer names its block; recompute it from any JSON-RPC endpoint."
        ),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=errors.RESPONSES,
        generate_unique_id_function=lambda route: _operation_id(route.name),
    )
    app.state.services = services
    app.state.feed = Feed(services.store)
    app.state.metrics = metrics.Metrics(services)
    app.state.scores = Gathered(Scores(services).answers)
    app.add_middleware(RateLimits, access=services.access)
    if services.access.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(services.access.origins),
            allow_methods=["GET"],
            expose_headers=["ETag", "Retry-After"],
        )
    app.add_middleware(SecurityHeaders)
    errors.install(app)
    for module in _MODULES:
        app.include_router(module.router)
    app.include_router(pages.router)
    return app


def _operation_id(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
