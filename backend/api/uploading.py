"""Who may store a task or a bundle, and what a bundle has to be."""

from __future__ import annotations

from typing import Final

from eth_utils.crypto import keccak
from fastapi import Request
from sqlalchemy import select

from backend.api.context import Services
from backend.artifacts import SignedWrite, authorise_write, signed_write_of
from backend.errors import ArtifactInvalid, ArtifactTooLarge, WriteForbidden
from backend.store import EpochRecord
from chain.anchors import ANCHOR
from verifier.errors import ReliabilityError
from verifier.reliability.bundle import Bundle
from verifier.reliability.evidence import Anchor

SIGNATURE_HEADER: Final = "Assay-Signature"
WRITE_HEADER: Final = "Assay-Write"


async def body_of(request: Request, limit: int, what: str) -> bytes:
    """A request's body, as far as it has at most `limit` bytes. `what`: it is, for people."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise ArtifactTooLarge(f"A {what} has at most {limit} bytes.")
    return bytes(body)


def allow_task(request: Request, services: Services, content: bytes) -> None:
    """Where the operator has a key, a task needs it, or an agent's signature of its hash."""
    access = services.access
    if access.api_key is None or access.is_operator(request.headers.get("authorization")):
        return
    _authorise_upload(request, services, content, "Tasks are taken with the operator's key, or")


def allow_bundle(request: Request, services: Services, content: bytes) -> None:
    """Bundles are large: only what an epoch names, what the operator sends, or the reporter."""
    terms = services.network.anchor
    if terms is None:
        raise ArtifactInvalid("This deployment has no anchor, so there are no epochs to prove.")
    if services.access.is_operator(request.headers.get("authorization")):
        return
    named = select(EpochRecord.epoch).where(EpochRecord.bundle_hash == keccak(content)).limit(1)
    with services.store.read() as session:
        if session.scalar(named) is not None:
            return
    write = _authorise_upload(
        request, services, content, "No epoch names this bundle yet, so it has to be"
    )
    if write.upload.agent_id != terms.agent_id:
        raise WriteForbidden(f"The anchor's reporter is agent {terms.agent_id}: sign as that one.")


def check_bundle(services: Services, content: bytes) -> None:
    """Refuses what is no bundle of this anchor; whether a root follows is seen later."""
    network = services.network
    try:
        found = Bundle.parse(content).anchor
    except ReliabilityError as error:
        raise ArtifactInvalid(str(error)) from None
    if found != Anchor(network.chain_id, network.contracts[ANCHOR]):
        raise ArtifactInvalid("The bundle is for another anchor or chain than this server's.")


def _authorise_upload(
    request: Request, services: Services, content: bytes, why: str
) -> SignedWrite:
    """The agent's signed word that it wants these bytes stored; `why` begins the refusal."""
    text, signature = (request.headers.get(name) for name in (WRITE_HEADER, SIGNATURE_HEADER))
    if text is None or signature is None:
        raise WriteForbidden(f"{why} signed by an agent in {WRITE_HEADER} and {SIGNATURE_HEADER}.")
    write = signed_write_of(text, signature)
    court = services.network.court
    authorise_write(write, keccak(content), court, services.acts_for, services.store)
    return write
