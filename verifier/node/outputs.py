"""Published outputs that are kept at a backend: where a provider's are, and what a judge fetches.

Nothing here is asked for before a round has published: until then an output is sealed, and only
whether it is held there can be learnt. What arrives is believed only if it has the hash asked for.
"""

from __future__ import annotations

from typing import Final

import httpx

from verifier.canonical import keccak256
from verifier.engines.base import shown_url
from verifier.node.delivery import hand_sealed
from verifier.node.downloads import AS_IT_IS, body_of
from verifier.node.errors import NodeError
from verifier.node.receipts import SignedReceipt

__all__ = ["MOST_BYTES", "OutputSource"]

MOST_BYTES: Final = 64 << 20
"""Of an output that a node takes."""

_SEALED: Final = 409
_PUBLISHED: Final = 307
"""Asked by its outputHash, a published output is elsewhere: under its contentHash."""


class OutputSource:
    """A backend's `/v1/artifacts`.

    backend_url: None if there is none; timeout: seconds without an answer; transport: replaceable
    for tests.
    """

    def __init__(
        self,
        backend_url: str | None,
        *,
        timeout: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._base = backend_url.rstrip("/") if backend_url else None
        self._timeout = timeout
        self._transport = transport

    @property
    def is_configured(self) -> bool:
        return self._base is not None

    def uri(self, content_hash: bytes) -> str:
        """What a provider publishes: a URL that any backend can fetch, or the name that every
        node resolves at its own backend."""
        if self._base is not None and self._base.startswith("https://"):
            return f"{self._base}/v1/artifacts/0x{content_hash.hex()}"
        return f"assay:0x{content_hash.hex()}"

    def holds(self, output_hash: bytes, agent_id: int) -> bool:
        """Whether the backend has an agent's output, sealed by itself or published: anybody may
        leave rubbish under its hash. NodeError if it does not answer."""
        if self._base is None:
            return False
        return self._get(output_hash, f"?sealedBy={agent_id}")[0] in (200, _PUBLISHED, _SEALED)

    def hand_in(self, signed: SignedReceipt, output: bytes, salt: bytes) -> bool | None:
        """Leaves the sealed output there, once or again.

        Returns:
            True if the backend has it now, False if it has other bytes in our name, None if that
            cannot be told: it does not answer, or the receipt is over.
        """
        if self._base is None:
            return None
        status = hand_sealed(
            self._base, signed, output, salt, timeout=self._timeout, transport=self._transport
        )
        if status == _SEALED:
            return False
        return True if status is not None and 200 <= status < 300 else None

    def fetch(self, content_hash: bytes) -> bytes | None:
        """A published output, or None if the backend does not have it.

        Raises:
            NodeError: there is no backend, it does not answer, or it answers something else.
        """
        status, data = self._get(content_hash)
        if status in (404, _SEALED):
            return None
        if status != 200 or keccak256(data) != content_hash:
            raise NodeError(
                f"The backend at {shown_url(self._base or '')} answered {status} for the output "
                f"0x{content_hash.hex()}, and not its bytes; look into its log."
            )
        return data

    def _get(self, artifact: bytes, query: str = "") -> tuple[int, bytes]:
        """(status, body). No redirect is followed: a backend must not choose what a node asks."""
        if self._base is None:
            raise NodeError("Published outputs are kept at a backend: set backend_url.")
        url = f"{self._base}/v1/artifacts/0x{artifact.hex()}{query}"
        try:
            with (
                httpx.Client(timeout=self._timeout, transport=self._transport) as client,
                client.stream("GET", url, headers=AS_IT_IS) as reply,
            ):
                status, data = reply.status_code, body_of(reply, MOST_BYTES)
        except httpx.HTTPError as error:
            raise NodeError(
                f"The backend at {shown_url(self._base)} cannot be reached "
                f"({error or type(error).__name__}); see whether it is running."
            ) from None
        if data is None:
            raise NodeError(f"The output is larger than {MOST_BYTES} bytes.")
        return status, data
