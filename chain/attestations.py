"""ERC-8294's attestations as the court derives them, to be computed again from its events.

A seat that opened attests 100 if its digest is within the tolerance of the claim, else 0; its
evidence is the digest, its nonce the level's key. Nobody signs: what was opened says it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from chain.types import Address, Bytes32

TYPE: Final = (
    "Attestation(bytes32 requestHash,uint256 agentId,address validator,uint8 verdict,"
    "bytes32 evidenceHash,uint64 issuedAt,bytes32 challengeKind,bytes32 nonceHash)"
)


@dataclass(frozen=True, slots=True)
class Attestation:
    """The fields of the EIP-712 struct, in its order."""

    request_hash: bytes
    agent_id: int
    validator: Address
    verdict: int
    evidence_hash: bytes
    issued_at: int
    challenge_kind: bytes
    nonce_hash: bytes

    def struct_hash(self) -> bytes:
        """EIP-712 hashStruct."""
        types = ["bytes32", "bytes32", "uint256", "address", "uint8", "bytes32", "uint64"]
        values = [
            keccak(text=TYPE),
            self.request_hash,
            self.agent_id,
            self.validator,
            self.verdict,
            self.evidence_hash,
            self.issued_at,
            self.challenge_kind,
            self.nonce_hash,
        ]
        return bytes(keccak(encode([*types, "bytes32", "bytes32"], values)))


def root(attestations: Sequence[Attestation]) -> Bytes32:
    """Merkle root in the order of the seats: pairs hashed sorted, an odd one goes up as it is."""
    level = [attestation.struct_hash() for attestation in attestations]
    while len(level) > 1:
        pairs = [sorted(level[i : i + 2]) for i in range(0, len(level), 2)]
        level = [bytes(keccak(b"".join(pair))) if len(pair) == 2 else pair[0] for pair in pairs]
    return Bytes32(level[0]) if level else Bytes32(bytes(32))
