"""What one asker says that one source contributed to one answer, signed.

The signature (EIP-712, domain "Assay" version "1", the chain's id, the anchor's address) covers
every field, the epoch included: evidence counts once, in the epoch it names, on one chain, for one
anchor.

    Evidence(address asker,uint64 epoch,uint256 source,bytes32 domain,bytes32 query,int64
    contribution)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.address import is_checksum_address

from verifier.canonical import from_hex, require_fields
from verifier.errors import ReliabilityError
from verifier.reputation import OBSERVATION

__all__ = ["MAX_EPOCH", "Anchor", "Item", "recover"]

MAX_EPOCH: Final = 2**53 - 1
MAX_SOURCE: Final = 2**256 - 1
SIGNATURE_BYTES: Final = 65
FIELDS: Final = ("asker", "contribution", "domain", "epoch", "query", "signature", "source")

_DOMAIN_TYPE: Final = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
_EVIDENCE_TYPE: Final = [
    {"name": "asker", "type": "address"},
    {"name": "epoch", "type": "uint64"},
    {"name": "source", "type": "uint256"},
    {"name": "domain", "type": "bytes32"},
    {"name": "query", "type": "bytes32"},
    {"name": "contribution", "type": "int64"},
]


@dataclass(frozen=True, slots=True)
class Anchor:
    """The contract that scores are anchored in. address: checksummed."""

    chain_id: int
    address: str


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One piece of evidence; items are ordered by their fields in this order.

    source: agentId. domain, query: 32 bytes; a query is named by its asker, once.
    contribution: nano, −10^9..10^9: good evidence above 0, bad below.
    signature: 65 bytes, r ‖ s ‖ v.
    """

    source: int
    domain: bytes
    asker: str
    query: bytes
    contribution: int
    epoch: int
    signature: bytes = b""

    @classmethod
    def parse(cls, value: Any) -> Self:
        """The item in a bundle's JSON.

        Raises:
            ReliabilityError: it is not what `to_json` writes.
        """
        if not isinstance(value, Mapping):
            raise ReliabilityError("A piece of evidence must be a JSON object.")
        require_fields(value, "piece of evidence", FIELDS, ReliabilityError)
        item = cls(
            source=source_id(value["source"]),
            domain=from_hex(value["domain"], 32, "domain", ReliabilityError),
            asker=asker_address(value["asker"]),
            query=from_hex(value["query"], 32, "query", ReliabilityError),
            contribution=whole(value["contribution"], "contribution", -OBSERVATION, OBSERVATION),
            epoch=whole(value["epoch"], "epoch", 0, MAX_EPOCH),
            signature=from_hex(value["signature"], SIGNATURE_BYTES, "signature", ReliabilityError),
        )
        return item

    def to_json(self) -> dict[str, Any]:
        """As it stands in a bundle."""
        return {
            "asker": self.asker,
            "contribution": self.contribution,
            "domain": "0x" + self.domain.hex(),
            "epoch": self.epoch,
            "query": "0x" + self.query.hex(),
            "signature": "0x" + self.signature.hex(),
            "source": str(self.source),
        }

    def typed(self, anchor: Anchor) -> dict[str, Any]:
        """The EIP-712 message that the asker signs."""
        return {
            "types": {"EIP712Domain": _DOMAIN_TYPE, "Evidence": _EVIDENCE_TYPE},
            "primaryType": "Evidence",
            "domain": {
                "name": "Assay",
                "version": "1",
                "chainId": anchor.chain_id,
                "verifyingContract": anchor.address,
            },
            "message": {
                "asker": self.asker,
                "epoch": self.epoch,
                "source": self.source,
                "domain": self.domain,
                "query": self.query,
                "contribution": self.contribution,
            },
        }


def recover(item: Item, anchor: Anchor) -> str:
    """Who signed `item` for `anchor`: a checksummed address.

    Raises:
        ReliabilityError: the signature is malformed.
    """
    message = encode_typed_data(full_message=item.typed(anchor))
    try:
        return str(Account.recover_message(message, signature=item.signature))
    except Exception as error:  # the library raises its own, eth_keys' and plain errors alike
        raise ReliabilityError(
            f"The signature of {item.asker} on query 0x{item.query.hex()} is malformed."
        ) from error


def source_id(value: Any) -> int:
    """An agentId from its decimal string, which JSON has no numbers for."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 78:
        number = int(value)
        if str(number) == value and number <= MAX_SOURCE:
            return number
    raise ReliabilityError("A source must be an agentId as a decimal string, such as '12'.")


def asker_address(value: Any) -> str:
    """An address as bundles write it: 0x and 40 digits with their checksum in the case."""
    if isinstance(value, str) and is_checksum_address(value):
        return value
    raise ReliabilityError("An address must be 0x and 40 hexadecimal digits, checksummed.")


def whole(value: Any, what: str, low: int, high: int) -> int:
    """An integer from `low` to `high`."""
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    raise ReliabilityError(f"The {what} must be a whole number from {low} to {high}.")
