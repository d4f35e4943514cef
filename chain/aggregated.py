"""The file behind an ERC-8294 network's answer, any network's: the attestations it aggregated.

The standard names the fields. It leaves open how leaves are ordered and pairs are hashed, so that a
root in any of the usual ways is one; and two of its drafts differ in the schema's name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import rfc8785
from eth_account import Account
from eth_account.messages import SignableMessage
from eth_utils.address import is_address, to_checksum_address
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from chain.attestations import Attestation
from chain.errors import MessageError
from chain.types import Address

SCHEMAS: Final = ("erc-8004-vni/aggregated-response/v1", "vni-aggregated-response/v1")
"""Both are read; the first is written."""

MOST_BYTES: Final = 4 << 20
ANY_PASS, MAJORITY, UNANIMOUS = range(3)
PASS: Final = 50
"""A verdict from here on is in favour."""

DOMAIN_TYPE: Final = (
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
DOMAIN_NAME: Final = "ERC8004ValidationNetwork"


@dataclass(frozen=True, slots=True)
class Aggregated:
    """The file's content.

    Attributes:
        attestations: each with its signature, which is empty where nobody signed.
        root: of the Merkle tree over the attestations' struct hashes.
        verdict: 0 or 100.
        mode: 0 any pass, 1 majority, 2 unanimous.
    """

    request_hash: bytes
    policy: bytes
    validators: tuple[Address, ...]
    attestations: tuple[tuple[Attestation, bytes], ...]
    root: bytes
    verdict: int
    mode: int

    def write(self) -> bytes:
        """RFC 8785 JSON, whose keccak256 is the answer's responseHash."""
        entries: list[Any] = [
            {
                "validator": a.validator,
                "verdict": a.verdict,
                "evidenceHash": _hex(a.evidence_hash),
                "issuedAt": a.issued_at,
                "challengeKind": _hex(a.challenge_kind),
                "nonceHash": _hex(a.nonce_hash),
                "signature": _hex(signature),
            }
            for a, signature in self.attestations
        ]
        return rfc8785.dumps(
            {
                "schema": SCHEMAS[0],
                "requestHash": _hex(self.request_hash),
                "policy": _hex(self.policy),
                "validators": list(self.validators),
                "attestations": entries,
                "attestationsRoot": _hex(self.root),
                "aggregatedVerdict": self.verdict,
                "verdictMode": self.mode,
            }
        )


def read(content: bytes, agent_id: int) -> Aggregated:
    """A file, of a request about the agent.

    Raises:
        MessageError: it is none.
    """
    if len(content) > MOST_BYTES:
        raise MessageError(f"The attestation file has {len(content)} bytes; at most {MOST_BYTES}.")
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise MessageError("The attestation file is not JSON.") from None
    found = _Fields(value)
    if found.text("schema") not in SCHEMAS:
        raise MessageError(f"The attestation file's schema is none of {', '.join(SCHEMAS)}.")
    request_hash = found.bytes("requestHash", 32)
    return Aggregated(
        request_hash=request_hash,
        policy=found.bytes("policy"),
        validators=tuple(_address(each) for each in found.list("validators")),
        attestations=tuple(
            _attestation(_Fields(each), request_hash, agent_id)
            for each in found.list("attestations")
        ),
        root=found.bytes("attestationsRoot", 32),
        verdict=found.integer("aggregatedVerdict"),
        mode=found.integer("verdictMode", UNANIMOUS),
    )


def hash_of(content: bytes) -> bytes:
    """keccak256 of the file's RFC 8785 form.

    Raises:
        MessageError: it has none.
    """
    try:
        return bytes(keccak(rfc8785.dumps(json.loads(content))))
    except (ValueError, RecursionError):
        raise MessageError("The attestation file has no canonical JSON form.") from None


def roots(attestations: Sequence[Attestation]) -> set[bytes]:
    """Every root of the tree: leaves as they come or sorted, pairs as they stand or sorted, one
    that is left over carried up or paired with itself. Of one attestation its struct hash.
    """
    given = [attestation.struct_hash() for attestation in attestations]
    if not given:
        return set()
    ways = product((given, sorted(given)), (False, True), (False, True))
    return {_root(leaves, in_order, doubled) for leaves, in_order, doubled in ways}


def verdict_of(verdicts: Sequence[int], mode: int) -> int:
    """What attestations come to: 0 or 100. A majority is more than half of them, so a tie is 0."""
    passed = sum(verdict >= PASS for verdict in verdicts)
    enough = {ANY_PASS: 1, MAJORITY: len(verdicts) // 2 + 1, UNANIMOUS: max(len(verdicts), 1)}
    return 100 if passed >= enough[mode] else 0


def message(attestation: Attestation, chain_id: int, network: Address) -> SignableMessage:
    """What a validator of a network signs (EIP-712)."""
    parts = (
        keccak(text=DOMAIN_TYPE),
        keccak(text=DOMAIN_NAME),
        keccak(text="1"),
        chain_id.to_bytes(32, "big"),
        bytes.fromhex(network[2:]).rjust(32, b"\0"),
    )
    domain = HexBytes(keccak(b"".join(parts)))
    return SignableMessage(HexBytes(b"\x01"), domain, HexBytes(attestation.struct_hash()))


def digest(attestation: Attestation, chain_id: int, network: Address) -> bytes:
    """The hash that is signed with it."""
    signed = message(attestation, chain_id, network)
    return bytes(keccak(b"\x19" + signed.version + signed.header + signed.body))


def signer(attestation: Attestation, signature: bytes, chain_id: int, network: Address) -> Address:
    """Whose key signed.

    Raises:
        MessageError: the signature is of none.
    """
    signed = message(attestation, chain_id, network)
    try:
        return Address(str(Account.recover_message(signed, signature=signature)))
    except Exception as error:  # the library raises its own, eth_keys' and plain errors alike
        raise MessageError("The attestation's signature is malformed.") from error


def _root(leaves: Sequence[bytes], in_order: bool, doubled: bool) -> bytes:
    level = list(leaves)
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        if doubled and len(pairs[-1]) == 1:
            pairs[-1] = pairs[-1] * 2
        hashed = [b"".join(sorted(pair) if in_order else pair) for pair in pairs]
        level = [bytes(keccak(both)) if len(both) == 64 else both for both in hashed]
    return level[0]


def _attestation(found: _Fields, request_hash: bytes, agent_id: int) -> tuple[Attestation, bytes]:
    attestation = Attestation(
        request_hash=request_hash,
        agent_id=agent_id,
        validator=_address(found.text("validator")),
        verdict=found.integer("verdict", 255),
        evidence_hash=found.bytes("evidenceHash", 32),
        issued_at=found.integer("issuedAt", (1 << 64) - 1),
        challenge_kind=found.bytes("challengeKind", 32),
        nonce_hash=found.bytes("nonceHash", 32),
    )
    return attestation, found.bytes("signature")


class _Fields:
    """The fields of a JSON object, each of the kind that it must be."""

    def __init__(self, value: Any) -> None:
        if not isinstance(value, Mapping):
            raise MessageError("The attestation file holds something that is not an object.")
        self._value = value

    def _get(self, name: str, kind: type) -> Any:
        found = self._value.get(name)
        if not isinstance(found, kind) or isinstance(found, bool):
            raise MessageError(f"The attestation file's {name} is missing, or not as it must be.")
        return found

    def text(self, name: str) -> str:
        return str(self._get(name, str))

    def list(self, name: str) -> Sequence[Any]:
        found: Sequence[Any] = self._get(name, list)
        return found

    def integer(self, name: str, most: int = 100) -> int:
        found: int = self._get(name, int)
        if not 0 <= found <= most:
            raise MessageError(f"The attestation file's {name} is out of range.")
        return found

    def bytes(self, name: str, size: int | None = None) -> bytes:
        text = self.text(name)
        try:
            found = bytes.fromhex(text.removeprefix("0x"))
        except ValueError:
            found = None
        if found is None or not text.startswith("0x") or size not in {None, len(found)}:
            raise MessageError(f"The attestation file's {name} is not 0x and so many bytes in hex.")
        return found


def _address(value: Any) -> Address:
    if not isinstance(value, str) or not is_address(value):
        raise MessageError("The attestation file names a validator that is no address.")
    return Address(str(to_checksum_address(value)))


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


__all__ = [
    "SCHEMAS",
    "Aggregated",
    "digest",
    "hash_of",
    "message",
    "read",
    "roots",
    "signer",
    "verdict_of",
]
