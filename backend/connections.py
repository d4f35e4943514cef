"""Connections: whoever holds one without asking, or without reading the answer, is let go, and
nobody holds them all.

A process has so many files, the database's and the chain's connections among them, so a thousand
silent callers would otherwise stop the index as well as the answers.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from typing import Any, ClassVar, Final

import h11
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol

from backend.api.limits import network_of

HEAD_SECONDS: Final = 15.0
"""From the first byte of a request, or the beginning of a connection, to the end of its head."""

READING_SECONDS: Final = 120.0
"""So long an answer may wait for its reader to take any of it."""

EACH: Final = 256
"""Connections of one address; a trusted proxy, which speaks for many, may have all of them."""


def most_open() -> int:
    """How many connections are held at once: half of the files that this process may have."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2


class Connection(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with an end to its patience.

    `head_seconds`, `reading_seconds`, `each`, `most`: as the constants, `most_open()` if None.
    """

    head_seconds: ClassVar[float] = HEAD_SECONDS
    reading_seconds: ClassVar[float] = READING_SECONDS
    each: ClassVar[int] = EACH
    most: ClassVar[int | None] = None

    _held: ClassVar[Counter[str]] = Counter()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._name = ""
        self._head: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._name = network_of(self.client)
        self._held[self._name] += 1
        most = most_open() if self.most is None else self.most
        each = most if self._is_trusted() else min(self.each, most // 2)
        if len(self.connections) > most or self._held[self._name] > each:
            transport.abort()
            return
        self._head = self.loop.call_later(self.head_seconds, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._held[self._name] -= 1
        if not self._held[self._name]:
            del self._held[self._name]
        for timer in (self._head, self._unread):
            if timer is not None:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._has_asked():
            if self._head is None and not self.transport.is_closing():
                self._head = self.loop.call_later(
                    self.head_seconds, self.timeout_keep_alive_handler
                )
        elif self._head is not None:
            self._head.cancel()
            self._head = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._expect_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        if self.transport.is_closing():
            self._expect_reading()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.get_write_buffer_size():
            self._expect_reading()

    # ------------------------------------------------------------------ inside

    def _is_trusted(self) -> bool:
        if self.client is None or not isinstance(self.app, ProxyHeadersMiddleware):
            return False
        return self.client[0] in self.app.trusted_hosts

    def _has_asked(self) -> bool:
        """Whether a request's head is complete and its answer is still owed."""
        if self.conn.their_state is h11.IDLE:
            return False
        unwanted = self.cycle is not None and self.cycle.response_complete
        return not (unwanted and self.conn.their_state is h11.SEND_BODY)

    def _expect_reading(self) -> None:
        if self._unread is None:
            self._unread = self.loop.call_later(self.reading_seconds, self._give_up)

    def _give_up(self) -> None:
        self._unread = None
        if self.flow.write_paused or self.transport.is_closing():
            self.transport.abort()
