"""Who may upload what: sealed outputs under a signed receipt, tasks under their own hash."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Final

from eth_utils.address import is_checksum_address

from backend.errors import ArtifactForbidden, ArtifactInvalid
from chain.errors import MessageError
from chain.messages import Court, recover_receipt_signer
from chain.structs import Receipt
from chain.types import Address, AgentId, Bytes32, ProfileId
from verifier.errors import TaskError
from verifier.seal import MAGIC
from verifier.tasks import Task

Authority = Callable[[AgentId, Address], bool]
"""Whether an address acts for an agent on chain now: its owner, approved, or its wallet."""

RECEIPT_FIELDS: Final = ("client", "agentId", "profileId", "taskHash", "outputHash", "deadline")

_UINT64: Final = 2**64
_UINT256: Final = 2**256


def receipt_of(text: str) -> Receipt:
    """A receipt from its JSON form: the EIP-712 field names, hashes as 0x-hex.

    Raises:
        ArtifactInvalid: it is not one.
    """
    try:
        raw = _exactly(json.loads(text), RECEIPT_FIELDS)
        return Receipt(
            client=_address(raw["client"]),
            agent_id=AgentId(_number(raw["agentId"], _UINT256)),
            profile_id=ProfileId(_word(raw["profileId"])),
            task_hash=Bytes32(_word(raw["taskHash"])),
            output_hash=Bytes32(_word(raw["outputHash"])),
            deadline=_number(raw["deadline"], _UINT64),
        )
    except (ValueError, TypeError, RecursionError):
        raise ArtifactInvalid(
            f"The receipt must be a JSON object with exactly the fields {', '.join(RECEIPT_FIELDS)}"
            " (addresses checksummed, hashes as 0x and 64 hex digits, numbers as integers)."
        ) from None


def authorise(receipt: Receipt, signature: str, court: Court, acts_for: Authority) -> None:
    """Refuses a receipt that is over or not signed by the agent.

    Raises:
        ArtifactInvalid: the signature cannot be read.
        ArtifactForbidden: the receipt has expired, or somebody else signed it.
        RpcError: the chain could not be asked.
    """
    try:
        signer = recover_receipt_signer(receipt, court, _hex(signature))
    except (ValueError, MessageError):
        raise ArtifactInvalid(
            "The receipt's signature must be 0x and 130 hex digits of an EIP-712 signature."
        ) from None
    if receipt.deadline <= time.time():
        raise ArtifactForbidden("The receipt has expired: sign one with a later deadline.")
    if not acts_for(receipt.agent_id, signer):
        raise ArtifactForbidden(
            f"The receipt is signed by {signer}, who does not act for agent {receipt.agent_id} on"
            f" chain {court.chain_id}: sign it with the key of its owner or its wallet."
        )


def check_seal(head: bytes) -> None:
    """Refuses bytes that do not begin as a sealed output does: plaintext must not get here."""
    if not head.startswith(MAGIC):
        raise ArtifactInvalid(
            "These bytes are not a sealed output: seal the output before uploading it."
        )


def canonical_task(body: bytes) -> bytes:
    """The bytes under which a task is kept: its RFC 8785 form.

    Raises:
        ArtifactInvalid: it is not a task.
    """
    try:
        return Task.from_json(body).canonical()
    except TaskError as error:
        raise ArtifactInvalid(str(error)) from None


def _exactly(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(names):
        raise ValueError
    return value


def _address(value: Any) -> Address:
    if not isinstance(value, str) or not is_checksum_address(value):
        raise ValueError
    return Address(value)


def _number(value: Any, bound: int) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < bound:
        raise ValueError
    return value


def _word(value: Any) -> bytes:
    word = _hex(value)
    if len(word) != 32:
        raise ValueError
    return word


def _hex(value: Any) -> bytes:
    if not isinstance(value, str) or not value.startswith("0x"):
        raise ValueError
    return bytes.fromhex(value[2:])
