"""The file a provider hands its client together with the work, schema assay/receipt/1.

{"schema": "assay/receipt/1", "chainId": 31337, "court": "0x…",
 "receipt": {"client": "0x…", "agentId": "7", "profileId": "0x…", "taskHash": "0x…",
             "outputHash": "0x…", "deadline": 1767225600},
 "signature": "0x…", "taskURI": "data:application/json;base64,…"}
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from eth_utils.address import is_checksum_address

from chain import messages
from chain.keys import Signer
from chain.messages import Court
from chain.structs import Receipt
from chain.types import Address, AgentId, Bytes32, ProfileId
from verifier.canonical import canonical_json, from_hex, parse_object, require_fields
from verifier.node.errors import ReceiptFileError
from verifier.tasks import MAX_TASK_BYTES, Task, task_from_uri

__all__ = ["SCHEMA", "SignedReceipt", "sign"]

SCHEMA: Final = "assay/receipt/1"
MAX_BYTES: Final = 4 * MAX_TASK_BYTES
_FIELDS: Final = ("schema", "chainId", "court", "receipt", "signature", "taskURI")
_RECEIPT_FIELDS: Final = (
    "client",
    "agentId",
    "profileId",
    "taskHash",
    "outputHash",
    "deadline",
)


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """A receipt, its signature (65 bytes) and where its task is."""

    court: Court
    receipt: Receipt
    signature: bytes
    task_uri: str

    def to_json(self) -> bytes:
        """The file's canonical bytes."""
        receipt = self.receipt
        return canonical_json(
            {
                "schema": SCHEMA,
                "chainId": self.court.chain_id,
                "court": self.court.rounds,
                "receipt": {
                    "client": receipt.client,
                    "agentId": str(receipt.agent_id),
                    "profileId": "0x" + receipt.profile_id.hex(),
                    "taskHash": "0x" + receipt.task_hash.hex(),
                    "outputHash": "0x" + receipt.output_hash.hex(),
                    "deadline": receipt.deadline,
                },
                "signature": "0x" + self.signature.hex(),
                "taskURI": self.task_uri,
            },
            ReceiptFileError,
        )

    @classmethod
    def from_json(cls, data: bytes) -> SignedReceipt:
        """The receipt in a file. ReceiptFileError unless it is whole and well-formed."""
        value = parse_object(data, "receipt", MAX_BYTES, ReceiptFileError)
        if value.get("schema") != SCHEMA:
            raise ReceiptFileError(
                f"The receipt's schema is {value.get('schema')!r}; this version reads {SCHEMA!r}."
            )
        require_fields(value, "receipt", _FIELDS, ReceiptFileError)
        inner = value["receipt"]
        if not isinstance(inner, dict):
            raise ReceiptFileError("The receipt's field 'receipt' must be an object.")
        require_fields(inner, "receipt", _RECEIPT_FIELDS, ReceiptFileError)
        if not isinstance(value["taskURI"], str):
            raise ReceiptFileError("The receipt's taskURI must be text.")
        return cls(
            court=Court(_number(value, "chainId", 63), _address(value, "court")),
            receipt=Receipt(
                client=_address(inner, "client"),
                agent_id=AgentId(_number(inner, "agentId", 256)),
                profile_id=ProfileId(_word(inner, "profileId")),
                task_hash=Bytes32(_word(inner, "taskHash")),
                output_hash=Bytes32(_word(inner, "outputHash")),
                deadline=_number(inner, "deadline", 64),
            ),
            signature=from_hex(value["signature"], 65, "receipt's signature", ReceiptFileError),
            task_uri=value["taskURI"],
        )

    @classmethod
    def load(cls, path: Path) -> SignedReceipt:
        """The receipt in the file at `path`."""
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise ReceiptFileError(
                f"There is no receipt file {path}: the provider writes it when it delivers."
            ) from None
        except OSError as error:
            raise ReceiptFileError(
                f"The receipt file {path} cannot be read: {error.strerror}."
            ) from None
        return cls.from_json(data)

    def signer(self) -> Address:
        """Who signed it; whether that is the agent's operator only the chain knows."""
        return messages.recover_receipt_signer(self.receipt, self.court, self.signature)

    def check_task(self) -> None:
        """TaskError if the receipt carries its task, and it is not the one it names."""
        if self.task_uri.startswith("data:"):
            task_from_uri(self.task_uri, bytes(self.receipt.task_hash))


def sign(receipt: Receipt, court: Court, signer: Signer, task: Task) -> SignedReceipt:
    """A receipt signed by the provider's key, with its task in the URI."""
    signature = messages.sign_receipt(receipt, court, signer)
    return SignedReceipt(court, receipt, signature, task.uri())


def _address(value: dict[str, Any], name: str) -> Address:
    found = value[name]
    if not isinstance(found, str) or not is_checksum_address(found):
        raise ReceiptFileError(f"The receipt's {name} must be a checksummed 0x address.")
    return Address(found)


def _number(value: dict[str, Any], name: str, bits: int) -> int:
    found = value[name]
    if isinstance(found, str) and found.isdecimal() and len(found) < 80:
        found = int(found)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < 1 << bits:
        raise ReceiptFileError(f"The receipt's {name} must be a whole number from 0 up.")
    return found


def _word(value: dict[str, Any], name: str) -> bytes:
    return from_hex(value[name], 32, f"receipt's {name}", ReceiptFileError)
