"""Handing commitments and openings to a relayer, which posts a whole committee's at once.

It saves gas and is trusted with nothing: a commitment is signed and says no digest, an opening is
given away only when the chain says that committing is over, and what the relayer has not posted by
half of the window the node posts itself.
"""

from __future__ import annotations

import logging
from typing import Any

import httpx

from chain.structs import Opening, SignedCommitment
from verifier.node.records import SeatId

__all__ = ["Relay"]

_log = logging.getLogger("assay.node")


class Relay:
    """A relayer's door: a backend's REST address. `transport` is replaceable for tests."""

    def __init__(
        self, url: str, *, timeout: float = 5.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._base = url.rstrip("/")
        self._timeout = timeout
        self._transport = transport

    def commitment(self, seat: SeatId, agent_id: int, signed: SignedCommitment) -> bool:
        """Whether the relayer took a signed commitment."""
        return self._give(
            "commitments",
            seat,
            {
                "agentId": agent_id,
                "commitment": _hex(signed.commitment),
                "r": _hex(signed.r),
                "vs": _hex(signed.vs),
            },
        )

    def opening(self, seat: SeatId, opening: Opening) -> bool:
        """Whether the relayer took an opening. Only when the chain has closed committing."""
        return self._give(
            "openings",
            seat,
            {
                "digest": _hex(opening.digest),
                "evidenceHash": _hex(opening.evidence_hash),
                "salt": _hex(opening.salt),
            },
        )

    def _give(self, what: str, seat: SeatId, more: dict[str, Any]) -> bool:
        body = {
            "requestHash": _hex(seat.request_hash),
            "level": seat.level,
            "seat": seat.seat,
            "key": _hex(seat.key),
            **more,
        }
        try:
            with httpx.Client(timeout=self._timeout, transport=self._transport) as client:
                answer = client.post(f"{self._base}/v1/relay/{what}", json=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
        else:
            if answer.status_code == 202:
                return True
            reason = f"it answered {answer.status_code}"
        _log.info("round %s: the relayer did not take it (%s)", seat.short, reason)
        return False


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
