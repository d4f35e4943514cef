"""Reading what is sent: never endless, never for ever."""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import Request

from backend.api.uploading import body_of
from backend.errors import ArtifactTooSlow

UPLOAD_SECONDS: Final = 60.0
"""A body that has not ended by then is given up."""


async def whole_body(request: Request, most: int, what: str) -> bytes:
    """A body of at most so many bytes. `what`: it is, for people.

    Raises:
        ArtifactTooLarge, ArtifactTooSlow.
    """
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            return await body_of(request, most, what)
    except TimeoutError:
        raise ArtifactTooSlow(
            f"The upload did not end within {UPLOAD_SECONDS:.0f} seconds: send it again."
        ) from None
