"""Reading what is sent: never endless, never for ever."""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import Request

from backend.errors import ArtifactTooLarge, ArtifactTooSlow

UPLOAD_SECONDS: Final = 60.0
"""A body that has not ended by then is given up."""


async def whole_body(request: Request, most: int, what: str) -> bytes:
    """A body of at most so many bytes.

    Raises:
        ArtifactTooLarge, ArtifactTooSlow.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise ArtifactTooLarge(f"The {what} is larger than {most} bytes.")
    except TimeoutError:
        raise ArtifactTooSlow(
            f"The upload did not end within {UPLOAD_SECONDS:.0f} seconds: send it again."
        ) from None
    return bytes(body)
