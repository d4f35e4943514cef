"""Delivering work: generate it, store it with its salt, sign a receipt, hand in the sealed copy."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass

import httpx

from chain import messages
from chain.keys import Signer
from chain.messages import Court
from chain.structs import Receipt
from chain.types import Address, AgentId, Bytes32, ProfileId
from verifier.digest import digest
from verifier.engines.base import shown_url
from verifier.node import receipts
from verifier.node.errors import NodeError
from verifier.node.receipts import SignedReceipt
from verifier.node.records import Delivery
from verifier.node.statedir import StateDir
from verifier.node.store import Store
from verifier.profiles import Profile
from verifier.seal import seal
from verifier.tasks import Task

__all__ = ["Provider", "hand_sealed", "upload_sealed"]

_log = logging.getLogger("assay.node")


@dataclass(frozen=True, slots=True)
class Provider:
    """Who delivers: an agent, the key it signs with, and where it remembers."""

    agent_id: int
    court: Court
    signer: Signer
    store: Store
    files: StateDir

    def deliver(
        self, task: Task, profile: Profile, output: bytes, client: str, deadline: int, limit: int
    ) -> SignedReceipt:
        """Stores an output, then signs its receipt: no receipt exists for work that could be lost.

        Args:
            client: address that may have the work verified.
            deadline: Unix seconds until when it may.
            limit: bytes the chain lets a provider publish for this profile.

        Raises:
            NodeError: the output is too large to be published.
            DigestError: the profile does not admit the output, so no verdict could favour it.
        """
        if len(output) > limit:
            raise NodeError(
                f"The output has {len(output)} bytes, and the profile {profile.name} allows "
                f"{limit}: ask for less."
            )
        digest(output, profile, bytes(32))
        content_hash = self.files.save_output(output)
        task_hash = task.hash()
        salt = messages.output_salt(self.signer, self.court, self.agent_id, task_hash, content_hash)
        receipt = Receipt(
            client=Address(client),
            agent_id=AgentId(self.agent_id),
            profile_id=ProfileId(profile.profile_id),
            task_hash=Bytes32(task_hash),
            output_hash=messages.output_hash(salt, content_hash),
            deadline=deadline,
        )
        signed = receipts.sign(receipt, self.court, self.signer, task)
        self.store.add_delivery(
            Delivery(
                output_hash=bytes(receipt.output_hash),
                task_hash=task_hash,
                profile_id=profile.profile_id,
                content_hash=content_hash,
                salt=bytes(salt),
                client=client,
                deadline=deadline,
                receipt=signed.to_json(),
            )
        )
        return signed


def upload_sealed(
    backend_url: str,
    signed: SignedReceipt,
    output: bytes,
    salt: bytes,
    *,
    timeout: float = 10.0,
    transport: httpx.BaseTransport | None = None,
) -> bool:
    """Leaves the encrypted output at a backend; a failure is a warning, for the copy is a courtesy.

    Returns:
        Whether the backend took it.
    """
    status = hand_sealed(backend_url, signed, output, salt, timeout=timeout, transport=transport)
    return status is not None and 200 <= status < 300


def hand_sealed(
    backend_url: str,
    signed: SignedReceipt,
    output: bytes,
    salt: bytes,
    *,
    timeout: float = 10.0,
    transport: httpx.BaseTransport | None = None,
) -> int | None:
    """Like `upload_sealed`; returns the HTTP status of the answer, None where there was none."""
    headers = {
        "Content-Type": "application/octet-stream",
        "Assay-Receipt": json.dumps(json.loads(signed.to_json())["receipt"]),
        "Assay-Signature": "0x" + signed.signature.hex(),
    }
    try:
        with httpx.Client(timeout=timeout, transport=transport) as client:
            url = f"{backend_url.rstrip('/')}/v1/artifacts"
            reply = client.post(url, content=seal(output, salt), headers=headers)
    except httpx.HTTPError as error:
        problem = str(error) or type(error).__name__
        status = None
    else:
        if reply.is_success:
            return reply.status_code
        status, problem = reply.status_code, f"it answered {reply.status_code}"
    _log.warning(
        "the backend at %s did not take the sealed output: %s", shown_url(backend_url), problem
    )
    return status
