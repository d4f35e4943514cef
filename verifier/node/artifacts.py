"""Downloads from a backend what is named by its hash."""

from __future__ import annotations

import httpx

from verifier.engines.base import shown_url
from verifier.errors import TaskError
from verifier.node.downloads import AS_IT_IS, body_of

__all__ = ["ArtifactSource", "NotStored"]

_MISSING = 404


class NotStored(TaskError):
    """The backend answers, and has nothing under that hash."""


class ArtifactSource:
    """`/v1/artifacts` of one backend.

    backend_url: None where none is configured; timeout: seconds without an answer; transport:
    replaceable for tests.
    """

    def __init__(
        self,
        backend_url: str | None,
        *,
        timeout: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._base = backend_url.rstrip("/") if backend_url else None
        self._shown = shown_url(self._base or "")
        self._timeout = timeout
        self._transport = transport

    def fetch(self, digest: bytes, limit: int, what: str) -> bytes:
        """The bytes under a hash, which the caller compares with it.

        Args:
            limit: more bytes than these are not what was asked for.
            what: for messages, such as "task".

        Raises:
            NotStored: the backend has no such thing.
            TaskError: it cannot be asked, or what it sends is too large.
        """
        if self._base is None:
            raise TaskError(
                f"The {what} is kept at a backend, and none is configured: set backend_url."
            )
        url = f"{self._base}/v1/artifacts/0x{digest.hex()}"
        try:
            with (
                httpx.Client(timeout=self._timeout, transport=self._transport) as client,
                client.stream("GET", url, headers=AS_IT_IS) as reply,
            ):
                if reply.status_code != 200:
                    refusal = NotStored if reply.status_code == _MISSING else TaskError
                    raise refusal(
                        f"The backend at {self._shown} answered {reply.status_code} for the {what} "
                        f"0x{digest.hex()}; ask whoever has it to store it there."
                    )
                data = body_of(reply, limit)
        except httpx.HTTPError as error:
            raise TaskError(
                f"The backend at {self._shown} cannot be reached "
                f"({error or type(error).__name__}); see whether it is running."
            ) from None
        if data is None:
            raise TaskError(
                f"What the backend at {self._shown} has as a {what} is larger than {limit} bytes; "
                f"it is no {what}."
            )
        return data
