"""Signed writes: an agent's EIP-712 word that it wants exactly these bytes stored, once.

The message names chain and court (its domain), agent, content, nonce and deadline, so it means
nothing on another chain, for another deployment, agent or content, a second time, or later.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError

from backend.artifacts.uploads import Authority, _exactly, _hex, _number, _word
from backend.errors import ArtifactInvalid, WriteForbidden
from backend.store import Store, WriteNonce
from chain.errors import MessageError
from chain.messages import Court, Upload, recover_upload_signer
from chain.types import AgentId, Bytes32

FIELDS: Final = ("agentId", "contentHash", "nonce", "deadline")

LONGEST_SECONDS: Final = 3600
"""A deadline further away than this is refused: nonces are remembered until then."""

_UINT64: Final = 2**64
_UINT256: Final = 2**256


@dataclass(frozen=True)
class SignedWrite:
    """A message and its signature."""

    upload: Upload
    signature: bytes


def signed_write_of(text: str, signature: str) -> SignedWrite:
    """From the two headers' text.

    Raises:
        ArtifactInvalid: they are not a signed write.
    """
    try:
        raw = _exactly(json.loads(text), FIELDS)
        upload = Upload(
            agent_id=AgentId(_number(raw["agentId"], _UINT256)),
            content_hash=Bytes32(_word(raw["contentHash"])),
            nonce=Bytes32(_word(raw["nonce"])),
            deadline=_number(raw["deadline"], _UINT64),
        )
        return SignedWrite(upload, _hex(signature))
    except (ValueError, TypeError, RecursionError):
        raise ArtifactInvalid(
            f"A signed write is a JSON object with exactly the fields {', '.join(FIELDS)} (hashes"
            " as 0x and 64 hex digits) and a signature of 0x and 130 hex digits."
        ) from None


def authorise_write(
    write: SignedWrite, content_hash: bytes, court: Court, acts_for: Authority, store: Store
) -> None:
    """Refuses what is not the agent's own word for this content, in time, for the first time.

    Raises:
        WriteForbidden: and says which of these it is.
        RpcError: the chain could not be asked.
    """
    upload, now = write.upload, time.time()
    if upload.content_hash != content_hash:
        raise WriteForbidden("The signature is for other bytes than those that were sent.")
    if not now < upload.deadline <= now + LONGEST_SECONDS:
        raise WriteForbidden(
            f"The deadline must lie ahead, at most {LONGEST_SECONDS} s: sign with another one."
        )
    try:
        signer = recover_upload_signer(upload, court, write.signature)
    except MessageError as error:
        raise WriteForbidden(str(error)) from None
    if not acts_for(upload.agent_id, signer):
        raise WriteForbidden(
            f"The write is signed by {signer}, who does not act for agent {upload.agent_id} on"
            f" chain {court.chain_id}: sign it with the key of its owner or its wallet."
        )
    try:
        with store.write() as connection:
            connection.execute(delete(WriteNonce).where(WriteNonce.expires_at < int(now)))
            connection.execute(
                insert(WriteNonce).values(
                    signer=signer, nonce=upload.nonce, expires_at=upload.deadline
                )
            )
    except IntegrityError:
        raise WriteForbidden("This signature was used already: sign with a new nonce.") from None
