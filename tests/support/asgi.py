"""Asks an ASGI application without a socket."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from starlette.types import ASGIApp


class AsgiClient:
    """`get` and `post` as httpx has them, straight into the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def get(self, path: str, **arguments: Any) -> httpx.Response:
        return self.request("GET", path, **arguments)

    def post(self, path: str, **arguments: Any) -> httpx.Response:
        return self.request("POST", path, **arguments)

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, **arguments)

        return asyncio.run(ask())


class Through(httpx.BaseTransport):
    """An httpx transport straight into the application, for clients that bring their own."""

    def __init__(self, app: ASGIApp) -> None:
        self._client = AsgiClient(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        got = self._client.request(request.method, str(request.url), headers=request.headers)
        return httpx.Response(got.status_code, headers=got.headers, content=got.content)
