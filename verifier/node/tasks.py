"""Fetches the task of a round, and nothing else.

A node asks a backend for `/v1/artifacts/<taskHash>` only: no path of this module leads to a
provider's output, published or not. What arrives is believed only if it hashes to the taskHash.
"""

from __future__ import annotations

import httpx

from verifier.engines.base import shown_url
from verifier.errors import TaskError
from verifier.tasks import MAX_TASK_BYTES, Task, task_from_uri

__all__ = ["TaskSource"]

_SCHEME = "assay:"
_FOREIGN = ("http://", "https://", "ipfs://")
"""A node opens no stranger's URI; a backend may, and then has the task under its hash."""


class TaskSource:
    """Resolves taskURIs.

    backend_url: where `assay:` URIs are resolved, if anywhere; timeout: seconds without an answer;
    transport: replaceable for tests.
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

    def fetch(self, uri: str, task_hash: bytes) -> Task:
        """The task behind a URI. TaskError unless it is had and hashes to `task_hash`."""
        if uri.startswith("data:"):
            return task_from_uri(uri, task_hash)
        ours = (f"{_SCHEME}{task_hash.hex()}", f"{_SCHEME}0x{task_hash.hex()}")
        if uri in ours or uri.startswith(_FOREIGN):
            return Task.from_json(self._download(task_hash), task_hash)
        raise TaskError(
            "The task's URI is neither a data: URI, nor assay: followed by the task's hash, nor "
            "one that a backend may fetch; the client has to submit with one of these."
        )

    def _download(self, task_hash: bytes) -> bytes:
        if self._base is None:
            raise TaskError(
                "The task is kept at a backend, and none is configured: set backend_url."
            )
        url = f"{self._base}/v1/artifacts/0x{task_hash.hex()}"
        data = bytearray()
        try:
            with (
                httpx.Client(timeout=self._timeout, transport=self._transport) as client,
                client.stream("GET", url) as reply,
            ):
                if reply.status_code != 200:
                    raise TaskError(
                        f"The backend at {self._shown} answered {reply.status_code} for the task "
                        f"0x{task_hash.hex()}; ask the client to store it there."
                    )
                for part in reply.iter_bytes():
                    data += part
                    if len(data) > MAX_TASK_BYTES:
                        raise TaskError(
                            f"What the backend at {self._shown} has as a task is larger than "
                            f"{MAX_TASK_BYTES} bytes; it is no task."
                        )
        except httpx.HTTPError as error:
            raise TaskError(
                f"The backend at {self._shown} cannot be reached "
                f"({error or type(error).__name__}); see whether it is running."
            ) from None
        return bytes(data)
