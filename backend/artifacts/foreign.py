"""Fetches what a URI of a stranger's leads to, so that neither its host nor its bytes can hurt.

Whoever submits a round writes its taskURI, and this server opens it: it must not become a way into
the network around it, nor be kept busy. A name is resolved once, every address it has is checked,
and the connection goes to a checked one, so that a name that changes its mind leads nowhere else.
Each redirect begins anew. One deadline holds for all of it, from the first name to the last byte.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Final

import httpx

from backend.artifacts.addresses import Allowed, is_public
from backend.errors import ArtifactUnfetched
from verifier.engines.base import shown_url

SECONDS: Final = 15.0
"""For the whole of a fetch."""

REDIRECTS: Final = 3

logger = logging.getLogger(__name__)

_IPFS: Final = re.compile(r"ipfs://([A-Za-z0-9]{20,128})((?:/[A-Za-z0-9._~-]+)*)")
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PORTS: Final = {"http": 80, "https": 443}

Resolve = Callable[[str, int], Sequence[str]]
"""The IP addresses of a host. Raises OSError."""


def system_resolve(host: str, port: int) -> list[str]:
    """What this machine's resolver says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Foreign:
    """Safe to use from many threads."""

    def __init__(
        self,
        *,
        allowed: Allowed = is_public,
        ipfs_gateway: str | None = None,
        seconds: float = SECONDS,
        resolve: Resolve = system_resolve,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        """
        Args:
            allowed: which addresses may be connected to.
            ipfs_gateway: where ipfs: URIs are fetched, such as http://127.0.0.1:8080; being the
                operator's own, it may be anywhere.
            seconds: for the whole of a fetch.
            verify: how the certificates of https: hosts are checked.
        """
        self._allowed = allowed
        self._gateway = ipfs_gateway.rstrip("/") if ipfs_gateway else None
        self._seconds = seconds
        self._resolve = resolve
        self._verify = verify

    def fetch(self, uri: str, limit: int) -> bytes:
        """The bytes behind an http:, https: or ipfs: URI, `limit` of them at most.

        Raises:
            ArtifactUnfetched: they were not had, or must not be asked for.
        """
        return asyncio.run(self._fetch(uri, limit))

    async def _fetch(self, uri: str, limit: int) -> bytes:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(uri, limit)
        except TimeoutError:
            raise ArtifactUnfetched(
                f"{_shown(uri)} was not had within {self._seconds:g} seconds."
            ) from None
        except ArtifactUnfetched:
            raise
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise ArtifactUnfetched(f"{_shown(uri)} cannot be fetched ({reason}).") from None
        except Exception as error:
            # A stranger chose what several libraries read here: ports that are none, names that are
            # no names, and what nobody thought of yet. None of it may end the fetching of others'.
            logger.debug("%s", _shown(uri), exc_info=True)
            reason = type(error).__name__
            raise ArtifactUnfetched(f"{_shown(uri)} cannot be fetched ({reason}).") from None

    async def _follow(self, uri: str, limit: int) -> bytes:
        url, trusted = self._url_of(uri)
        # Never through a proxy of the environment: it would resolve the name once more.
        async with httpx.AsyncClient(
            trust_env=False, verify=self._verify, timeout=self._seconds
        ) as client:
            for _ in range(REDIRECTS + 1):
                reply = await client.send(await self._request(url, trusted), stream=True)
                try:
                    if reply.status_code not in _REDIRECTS:
                        return await _body(reply, uri, limit)
                    url, trusted = _joined(url, reply.headers.get("location", "")), False
                finally:
                    await reply.aclose()
        raise ArtifactUnfetched(f"{_shown(uri)} redirects more than {REDIRECTS} times.")

    def _url_of(self, uri: str) -> tuple[httpx.URL, bool]:
        """Where to ask, and whether that is the operator's own gateway."""
        if not uri.startswith("ipfs:"):
            return _joined(httpx.URL(""), uri), False
        if self._gateway is None:
            raise ArtifactUnfetched("ipfs: URIs are not fetched: no gateway is configured.")
        parts = _IPFS.fullmatch(uri)
        if parts is None or "/.." in parts[2] or "/./" in parts[2]:
            raise ArtifactUnfetched(f"{_shown(uri)} is not an ipfs: URI of a content id.")
        return _joined(httpx.URL(""), f"{self._gateway}/ipfs/{parts[1]}{parts[2]}"), True

    async def _request(self, url: httpx.URL, trusted: bool) -> httpx.Request:
        """A request to a checked address; the host and its certificate still go by the name."""
        port = url.port or _PORTS[url.scheme]
        try:
            addresses = await asyncio.to_thread(self._resolve, url.host, port)
        except (OSError, UnicodeError):
            addresses = []
        if not addresses:
            raise ArtifactUnfetched(f"There is no host {url.host!r}.")
        if not trusted and not all(self._allowed(address) for address in addresses):
            raise ArtifactUnfetched(
                f"The host {url.host!r} is not on the public internet: its URIs are not fetched."
            )
        return httpx.Request(
            "GET",
            url.copy_with(host=addresses[0].partition("%")[0]),
            headers={
                "Host": url.netloc.decode("ascii"),
                "Accept-Encoding": "identity",
                "User-Agent": "assay",
            },
            extensions={
                "sni_hostname": url.host,
                "timeout": httpx.Timeout(self._seconds).as_dict(),
            },
        )


async def _body(reply: httpx.Response, uri: str, limit: int) -> bytes:
    if reply.status_code != 200:
        raise ArtifactUnfetched(f"{_shown(uri)} is answered with status {reply.status_code}.")
    if reply.headers.get("content-encoding", "identity") != "identity":
        # A few packed bytes can unpack to any number.
        raise ArtifactUnfetched(f"{_shown(uri)} is answered packed, which was not asked for.")
    data = bytearray()
    async for chunk in reply.aiter_raw():
        data += chunk
        if len(data) > limit:
            raise ArtifactUnfetched(f"{_shown(uri)} is larger than {limit} bytes.")
    return bytes(data)


def _joined(base: httpx.URL, target: str) -> httpx.URL:
    try:
        url = base.join(target) if base.host else httpx.URL(target)
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL("")
    if url.scheme not in _PORTS or not url.host or url.userinfo:
        raise ArtifactUnfetched(
            f"{_shown(target)} is not fetched: only http: and https: URIs without a user are."
        )
    return url


def _shown(uri: str) -> str:
    """A stranger's text in a message: short, without what could be a credential."""
    shown = shown_url(uri)
    return repr(shown if len(shown) <= 100 else shown[:100] + "…")
