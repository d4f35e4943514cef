"""Sends epochs to a `ReliabilityAnchor`, and asks it for scores.

What is sent follows from the bundle alone, recomputed here first: a reporter with a bundle that a
committee would refuse learns it before it has a bond to lose.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from chain.blocks import TxReceipt
from chain.events import Anchored
from chain.structs import Clock, Header, SourceScore
from chain.types import AgentId, Bytes32
from verifier.errors import ReliabilityError
from verifier.reliability.bundle import Bundle
from verifier.reliability.proof import ScoreProof
from verifier.reliability.transcript import Epoch, recompute

__all__ = ["Reporter", "verify_on_chain"]

ANCHOR = "ReliabilityAnchor"


class _Caller(Protocol):
    def call(self, contract: str, function: str, *arguments: Any) -> Any: ...


class _Sender(Protocol):
    def send(self, contract: str, function: str, *arguments: Any, value: int = 0) -> TxReceipt: ...


class Reporter:
    """One anchor of the gateway's deployment, with its reporter's hand."""

    def __init__(self, gateway: _Caller, sender: _Sender) -> None:
        self._gateway = gateway
        self._sender = sender

    def clock(self) -> Clock:
        """Where the anchor is."""
        found: Clock = self._gateway.call(ANCHOR, "clockOf")
        return found

    def bond(self) -> None:
        """Deposits the reporter's bond unless it is there."""
        if not self.clock().bonded:
            amount = self._gateway.call(ANCHOR, "bond")
            self._sender.send(ANCHOR, "deposit", value=amount)

    def publish(self, bundle: Bundle) -> tuple[Header, Epoch]:
        """Anchors an epoch; returns what the chain keeps the hash of, and what was computed.

        Raises:
            ReliabilityError: it is not the next epoch, or no root follows from it.
            RevertError: the anchor refuses it.
        """
        expected = self.clock().latest + 1
        if bundle.epoch != expected:
            raise ReliabilityError(
                f"The bundle is of epoch {bundle.epoch}, and epoch {expected} is next: bundle "
                "that one."
            )
        found = recompute(bundle)
        mined = self._sender.send(
            ANCHOR, "publish", bundle.epoch, found.root, bundle.hash, found.words_hash
        )
        event = mined.one(Anchored)
        header = Header(
            event.epoch, event.published_at, event.root, event.bundle_hash, event.words_hash
        )
        return header, found

    def apply_words(self, header: Header, words: Sequence[bytes]) -> None:
        """Stores an epoch's packed words, once its window is over, for contracts to read."""
        self._sender.send(ANCHOR, "applyWords", header, list(words))

    def is_final(self, header: Header) -> bool:
        """Whether the epoch can be read: past its window, and not disputed."""
        return bool(self._gateway.call(ANCHOR, "isFinal", header))

    def verify(self, header: Header, proof: ScoreProof) -> bool:
        """Whether the contract finds the score under the epoch's root.

        Raises:
            RevertError: the epoch is unknown, disputed, or may still be challenged.
        """
        return verify_on_chain(self._gateway, header, proof)


def verify_on_chain(gateway: _Caller, header: Header, proof: ScoreProof) -> bool:
    """Whether the anchor finds the score under the epoch's root. Raises like `Reporter.verify`."""
    entry = proof.entry
    score = SourceScore(
        AgentId(entry.source),
        Bytes32(entry.domain),
        entry.evidence.alpha,
        entry.evidence.beta,
        entry.evidence.updated_at,
        entry.score.known,
        entry.score.mean_bps,
        entry.score.lower_bps,
    )
    return bool(gateway.call(ANCHOR, "verifyScore", header, score, list(proof.proof)))
