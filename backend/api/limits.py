"""Rate limits, before anything else is done for a request."""

from __future__ import annotations

import math
from collections import Counter
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.api.access import Access
from backend.api.errors import code_of, refusal
from backend.errors import RateLimited

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
UNLIMITED: Final = frozenset({"/health", "/ready", "/metrics"})
"""What watches the server is never turned away."""

LARGE_BYTES: Final = 65_536
"""Bodies of more than these, or of nobody knows how many, are counted while they are taken."""

LARGE_EACH: Final = 4
"""Of those, how many one address may be sending at a time."""

LARGE: Final = 32
"""And how many all may: each is in memory, or on the disk beside its reserve."""

BUSY_SECONDS: Final = 1


class RateLimits:
    """Turns away who asks too often, or for too much at a time, by address; the operator's key has
    no limit.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access
        self._large: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_unlimited(scope):
            await self._app(scope, receive, send)
            return
        name, reads = network_of(scope.get("client")), scope["method"] in READING
        large = not reads and _is_large(scope)  # Nobody reads the body of a GET.
        wait = (self._access.reads if reads else self._access.writes).take(name)
        if large and (self._large[name] >= LARGE_EACH or self._large.total() >= LARGE):
            wait = max(wait, BUSY_SECONDS)
        if wait > 0:
            await _refused(math.ceil(wait), large)(scope, receive, send)
        elif not large:
            await self._app(scope, receive, send)
        else:
            self._large[name] += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._large -= Counter({name: 1})

    def _is_unlimited(self, scope: Scope) -> bool:
        given = Headers(scope=scope).get("authorization")
        return scope["path"] in UNLIMITED or self._access.is_operator(given)


def _is_large(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    length = headers.get("content-length")
    return "transfer-encoding" in headers if length is None else int(length) > LARGE_BYTES


def _refused(seconds: int, large: bool) -> Response:
    answer = refusal(
        429,
        code_of(RateLimited),
        f"Too many requests from this address: ask again in {seconds} s.",
    )
    answer.headers["Retry-After"] = str(seconds)
    if large:
        answer.headers["Connection"] = "close"  # What comes of the body all the same is not read.
    return answer


def network_of(client: tuple[str, int] | None) -> str:
    """Whom a request counts for: an address, of IPv6 the first 64 bits, for whoever has one such
    address has all of those.
    """
    return "unknown" if client is None else _network_of(client[0])


@lru_cache(maxsize=4096)
def _network_of(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv4Address) or address.ipv4_mapped is not None:
        return host
    return str(IPv6Network((int(address) >> 64 << 64, 64)))
