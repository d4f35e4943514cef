"""Rate limits, before anything else is done for a request."""

from __future__ import annotations

import math
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.api.access import Access
from backend.api.errors import code_of, refusal
from backend.errors import RateLimited

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
UNLIMITED: Final = frozenset({"/health", "/ready", "/metrics"})
"""What watches the server is never turned away."""


class RateLimits:
    """Turns away who asks too often, by address; the operator's key has no limit."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wait = self._wait(scope) if scope["type"] == "http" else 0.0
        if wait <= 0:
            await self._app(scope, receive, send)
            return
        seconds = math.ceil(wait)
        answer = refusal(
            429,
            code_of(RateLimited),
            f"Too many requests from this address: ask again in {seconds} s.",
        )
        answer.headers["Retry-After"] = str(seconds)
        await answer(scope, receive, send)

    def _wait(self, scope: Scope) -> float:
        if scope["path"] in UNLIMITED:
            return 0.0
        if self._access.is_operator(Headers(scope=scope).get("authorization")):
            return 0.0
        bucket = self._access.reads if scope["method"] in READING else self._access.writes
        return bucket.take(network_of(scope))


def network_of(scope: Scope) -> str:
    """Whom a request counts for: an address, of IPv6 the first 64 bits, for whoever has one such
    address has all of those.
    """
    client = scope.get("client")
    if client is None:
        return "unknown"
    try:
        address = ip_address(client[0])
    except ValueError:
        return str(client[0])
    if isinstance(address, IPv4Address) or address.ipv4_mapped is not None:
        return str(client[0])
    return str(IPv6Network((int(address) >> 64 << 64, 64)))
