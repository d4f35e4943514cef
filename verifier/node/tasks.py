"""Fetches the task of a round from a backend.

A node asks for `/v1/artifacts/<taskHash>`, and for the evidence that a task to recompute names: no
path of it leads to a provider's sealed output. What arrives is believed only if it has its hash.
"""

from __future__ import annotations

import httpx

from verifier.errors import TaskError
from verifier.node.artifacts import ArtifactSource
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
        self._artifacts = ArtifactSource(backend_url, timeout=timeout, transport=transport)

    def fetch(self, uri: str, task_hash: bytes) -> Task:
        """The task behind a URI. TaskError unless it is had and hashes to `task_hash`."""
        if uri.startswith("data:"):
            return task_from_uri(uri, task_hash)
        ours = (f"{_SCHEME}{task_hash.hex()}", f"{_SCHEME}0x{task_hash.hex()}")
        if uri in ours or uri.startswith(_FOREIGN):
            data = self._artifacts.fetch(task_hash, MAX_TASK_BYTES, "task")
            return Task.from_json(data, task_hash)
        raise TaskError(
            "The task's URI is neither a data: URI, nor assay: followed by the task's hash, nor "
            "one that a backend may fetch; the client has to submit with one of these."
        )
