"""Bodies from a backend: so many bytes, within so many seconds, and never unpacked.

A node has one thread for its work. A backend that sends a byte now and then, or a few that unpack
to any number, would otherwise keep it from all its seats.
"""

from __future__ import annotations

import time
from typing import Final

import httpx

__all__ = ["AS_IT_IS", "LONGEST_SECONDS", "body_of"]

AS_IT_IS: Final = {"Accept-Encoding": "identity"}
"""Headers of a request whose answer `body_of` reads."""

LONGEST_SECONDS: Final = 120.0
"""From the head of an answer to its last byte."""


def body_of(reply: httpx.Response, most: int, seconds: float = LONGEST_SECONDS) -> bytes | None:
    """The body of a streamed answer; None if it has more than `most` bytes.

    Raises:
        httpx.HTTPError: it broke off, takes too long, or is packed though nobody asked for that.
    """
    if reply.headers.get("content-encoding", "identity") != "identity":
        raise httpx.DecodingError("its answer is packed, which was not asked for")
    until, data = time.monotonic() + seconds, bytearray()
    for part in reply.iter_bytes():
        data += part
        if len(data) > most:
            return None
        if time.monotonic() > until:
            raise httpx.ReadTimeout(f"its answer did not end within {seconds:g} seconds")
    return bytes(data)
