"""What is signed, committed and hashed: the same bytes as `contracts/src/VerificationRounds.sol`.

All hashes are keccak256, all encodings `abi.encode`. EIP-712 domain: name "Assay", version "1",
the chain's id, verifying contract the court.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils.crypto import keccak

from chain.errors import MessageError
from chain.keys import Signer
from chain.levels import levels_of
from chain.structs import Profile, Receipt, SelectionPolicy, SignedCommitment
from chain.types import Address, AgentId, Bytes32, ProfileId, RequestHash

__all__ = [
    "Court",
    "Receipt",
    "Upload",
    "commitment",
    "content_hash",
    "encode_policy",
    "encode_submission",
    "evidence_domain",
    "output_hash",
    "output_salt",
    "policy_of",
    "receipt_digest",
    "recover_commitment_signer",
    "recover_receipt_signer",
    "recover_upload_signer",
    "request_hash",
    "seat_salt",
    "sign_commitment",
    "sign_receipt",
    "sign_upload",
]

DOMAIN_TYPE: Final = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
_RECEIPT_TYPE: Final = [
    {"name": "client", "type": "address"},
    {"name": "agentId", "type": "uint256"},
    {"name": "profileId", "type": "bytes32"},
    {"name": "taskHash", "type": "bytes32"},
    {"name": "outputHash", "type": "bytes32"},
    {"name": "deadline", "type": "uint64"},
]
_COMMITMENT_TYPE: Final = [
    {"name": "requestHash", "type": "bytes32"},
    {"name": "level", "type": "uint8"},
    {"name": "seat", "type": "uint8"},
    {"name": "agentId", "type": "uint256"},
    {"name": "key", "type": "bytes32"},
    {"name": "commitment", "type": "bytes32"},
]
_SEAT_SALT_TYPE: Final = [
    {"name": "requestHash", "type": "bytes32"},
    {"name": "level", "type": "uint8"},
    {"name": "seat", "type": "uint8"},
    {"name": "agentId", "type": "uint256"},
]
_OUTPUT_SALT_TYPE: Final = [
    {"name": "agentId", "type": "uint256"},
    {"name": "taskHash", "type": "bytes32"},
    {"name": "contentHash", "type": "bytes32"},
]


_UPLOAD_TYPE: Final = [
    {"name": "agentId", "type": "uint256"},
    {"name": "contentHash", "type": "bytes32"},
    {"name": "nonce", "type": "bytes32"},
    {"name": "deadline", "type": "uint64"},
]


@dataclass(frozen=True, slots=True)
class Court:
    """The court a message is meant for: a message for one court means nothing in another."""

    chain_id: int
    rounds: Address


# ------------------------------------------------------------------------------ receipts


def receipt_digest(receipt: Receipt, court: Court) -> Bytes32:
    """EIP-712 digest of a receipt; `VerificationRounds.hashReceipt`."""
    message = encode_typed_data(full_message=_typed_receipt(receipt, court))
    return Bytes32(_digest(message))


def sign_receipt(receipt: Receipt, court: Court, signer: Signer) -> bytes:
    """The provider's signature, 65 bytes r ‖ s ‖ v."""
    return signer.sign_typed(_typed_receipt(receipt, court))


def recover_receipt_signer(receipt: Receipt, court: Court, signature: bytes) -> Address:
    """Who signed a receipt.

    Raises:
        MessageError: the signature is malformed.
    """
    message = encode_typed_data(full_message=_typed_receipt(receipt, court))
    try:
        return Address(str(Account.recover_message(message, signature=signature)))
    except Exception as error:  # the library raises its own, eth_keys' and plain errors alike
        raise MessageError("The receipt's signature is malformed.") from error


def request_hash(receipt: Receipt, court: Court, nonce: bytes) -> RequestHash:
    """The round's name; `VerificationRounds.requestHashOf`. `nonce` is 32 bytes."""
    return RequestHash(
        _hash(
            ("uint256", court.chain_id),
            ("address", court.rounds),
            ("bytes32", bytes(receipt_digest(receipt, court))),
            ("bytes32", _word("nonce", nonce)),
        )
    )


# ------------------------------------------------------------------------------ uploads


@dataclass(frozen=True, slots=True)
class Upload:
    """What an agent signs to have bytes stored by a backend.

    Attributes:
        content_hash: keccak256 of the bytes.
        nonce: 32 bytes, never used before by the signer.
        deadline: Unix seconds.
    """

    agent_id: AgentId
    content_hash: Bytes32
    nonce: Bytes32
    deadline: int


def sign_upload(upload: Upload, court: Court, signer: Signer) -> bytes:
    """The agent's signature, 65 bytes r ‖ s ‖ v."""
    return signer.sign_typed(_typed_upload(upload, court))


def recover_upload_signer(upload: Upload, court: Court, signature: bytes) -> Address:
    """Who signed an upload.

    Raises:
        MessageError: the signature is malformed.
    """
    message = encode_typed_data(full_message=_typed_upload(upload, court))
    try:
        return Address(str(Account.recover_message(message, signature=signature)))
    except Exception as error:  # the library raises its own, eth_keys' and plain errors alike
        raise MessageError("The upload's signature is malformed.") from error


def _typed_upload(upload: Upload, court: Court) -> dict[str, Any]:
    message = {
        "agentId": upload.agent_id,
        "contentHash": _word("content hash", upload.content_hash),
        "nonce": _word("nonce", upload.nonce),
        "deadline": upload.deadline,
    }
    return _typed(court, "Upload", _UPLOAD_TYPE, message)


# ------------------------------------------------------------------------------ submission


def policy_of(profile_id: ProfileId, profile: Profile) -> SelectionPolicy:
    """The one ERC-8294 policy the court accepts for a profile; `VerificationRounds.policyOf`."""
    levels = levels_of(profile.committee_size, profile.appeal_window)
    level = profile.commit_window + profile.open_window + profile.appeal_window
    windows = levels * level + profile.publish_window + 2 * profile.flag_window
    return SelectionPolicy(
        version=1,
        selection_size=profile.committee_size,
        min_operators=profile.min_operators,
        min_responses=profile.majority,
        deadline_seconds=windows,
        verdict_mode=1,
        challenge_kind=profile_id,
        extensions=b"",
    )


def encode_policy(policy: SelectionPolicy) -> bytes:
    """`abi.encode(SelectionPolicy)`."""
    return bytes(
        encode(
            ["(uint8,uint8,uint8,uint8,uint64,uint8,bytes32,bytes)"],
            [
                (
                    policy.version,
                    policy.selection_size,
                    policy.min_operators,
                    policy.min_responses,
                    policy.deadline_seconds,
                    policy.verdict_mode,
                    bytes(policy.challenge_kind),
                    policy.extensions,
                )
            ],
        )
    )


def encode_submission(receipt: Receipt, signature: bytes, task_uri: str, nonce: bytes) -> bytes:
    """The payload of `VerificationRounds.submit`."""
    return bytes(
        encode(
            ["(address,uint256,bytes32,bytes32,bytes32,uint64)", "bytes", "string", "bytes32"],
            [
                (
                    receipt.client,
                    receipt.agent_id,
                    bytes(receipt.profile_id),
                    bytes(receipt.task_hash),
                    bytes(receipt.output_hash),
                    receipt.deadline,
                ),
                signature,
                task_uri,
                _word("nonce", nonce),
            ],
        )
    )


# ------------------------------------------------------------------------------ commitments


def commitment(
    court: Court,
    request_hash: bytes,
    level: int,
    key: bytes,
    agent_id: int,
    digest: bytes,
    evidence_hash: bytes,
    salt: bytes,
) -> Bytes32:
    """What a seat commits; `VerificationRounds.commitmentOf`. Byte arguments are 32 bytes each."""
    return Bytes32(
        _hash(
            ("uint256", court.chain_id),
            ("address", court.rounds),
            ("bytes32", _word("request hash", request_hash)),
            ("uint8", level),
            ("bytes32", _word("key", key)),
            ("uint256", agent_id),
            ("bytes32", _word("digest", digest)),
            ("bytes32", _word("evidence hash", evidence_hash)),
            ("bytes32", _word("salt", salt)),
        )
    )


def sign_commitment(
    signer: Signer,
    court: Court,
    request_hash: bytes,
    level: int,
    seat: int,
    agent_id: int,
    key: bytes,
    commitment: bytes,
) -> SignedCommitment:
    """A commitment that anybody may post with `commitMany`; `VerificationRounds.hashCommitment`."""
    typed = _typed_commitment(court, request_hash, level, seat, agent_id, key, commitment)
    signature = signer.sign_typed(typed)
    parity = (signature[64] + 1) % 2  # v is 27 or 28
    vs = bytes([signature[32] | parity << 7]) + signature[33:64]
    return SignedCommitment(seat, Bytes32(commitment), Bytes32(signature[:32]), Bytes32(vs))


def recover_commitment_signer(
    signed: SignedCommitment,
    court: Court,
    request_hash: bytes,
    level: int,
    agent_id: int,
    key: bytes,
) -> Address:
    """Who signed a commitment that others may post.

    Raises:
        MessageError: the signature is malformed.
    """
    message = encode_typed_data(
        full_message=_typed_commitment(
            court, request_hash, level, signed.seat, agent_id, key, signed.commitment
        )
    )
    parity = signed.vs[0] >> 7
    signature = signed.r + bytes([signed.vs[0] & 0x7F]) + signed.vs[1:] + bytes([27 + parity])
    try:
        return Address(str(Account.recover_message(message, signature=signature)))
    except Exception as error:  # the library raises its own, eth_keys' and plain errors alike
        raise MessageError("The commitment's signature is malformed.") from error


def _typed_commitment(
    court: Court,
    request_hash: bytes,
    level: int,
    seat: int,
    agent_id: int,
    key: bytes,
    commitment: bytes,
) -> dict[str, Any]:
    message = {
        "requestHash": _word("request hash", request_hash),
        "level": level,
        "seat": seat,
        "agentId": agent_id,
        "key": _word("key", key),
        "commitment": _word("commitment", commitment),
    }
    return _typed(court, "Commitment", _COMMITMENT_TYPE, message)


def seat_salt(
    signer: Signer, court: Court, request_hash: bytes, level: int, seat: int, agent_id: int
) -> Bytes32:
    """The salt of a seat's commitment, derived from the key so that a crash loses nothing.

    keccak256 of the EIP-712 signature of
    `Salt(bytes32 requestHash,uint8 level,uint8 seat,uint256 agentId)`.
    """
    message = {
        "requestHash": _word("request hash", request_hash),
        "level": level,
        "seat": seat,
        "agentId": agent_id,
    }
    return Bytes32(keccak(signer.sign_typed(_typed(court, "Salt", _SEAT_SALT_TYPE, message))))


def content_hash(output: bytes) -> Bytes32:
    """keccak256 of an output's bytes."""
    return Bytes32(keccak(output))


def output_hash(salt: bytes, content: bytes) -> Bytes32:
    """keccak256(abi.encode(salt, contentHash)): what a receipt says about the output."""
    return Bytes32(
        _hash(("bytes32", _word("salt", salt)), ("bytes32", _word("content hash", content)))
    )


def output_salt(
    signer: Signer, court: Court, agent_id: int, task_hash: bytes, content: bytes
) -> Bytes32:
    """The salt of an output, derived from the provider's key.

    keccak256 of the EIP-712 signature of
    `OutputSalt(uint256 agentId,bytes32 taskHash,bytes32 contentHash)`.
    """
    message = {
        "agentId": agent_id,
        "taskHash": _word("task hash", task_hash),
        "contentHash": _word("content hash", content),
    }
    typed = _typed(court, "OutputSalt", _OUTPUT_SALT_TYPE, message)
    return Bytes32(keccak(signer.sign_typed(typed)))


def evidence_domain(profile_id: bytes, role: str) -> Bytes32:
    """Where reputation is kept; `ReputationLedger.domainOf`. Role: "provider" or "verifier"."""
    return Bytes32(
        _hash(
            ("bytes32", _word("profile id", profile_id)),
            ("bytes32", bytes(keccak(text=role))),
        )
    )


# ------------------------------------------------------------------------------ inside


def _typed_receipt(receipt: Receipt, court: Court) -> dict[str, Any]:
    message = {
        "client": receipt.client,
        "agentId": AgentId(receipt.agent_id),
        "profileId": _word("profile id", receipt.profile_id),
        "taskHash": _word("task hash", receipt.task_hash),
        "outputHash": _word("output hash", receipt.output_hash),
        "deadline": receipt.deadline,
    }
    return _typed(court, "Receipt", _RECEIPT_TYPE, message)


def _typed(
    court: Court, name: str, fields: list[dict[str, str]], message: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "types": {"EIP712Domain": DOMAIN_TYPE, name: fields},
        "primaryType": name,
        "domain": {
            "name": "Assay",
            "version": "1",
            "chainId": court.chain_id,
            "verifyingContract": court.rounds,
        },
        "message": dict(message),
    }


def _digest(message: SignableMessage) -> bytes:
    return bytes(keccak(b"\x19" + message.version + message.header + message.body))


def _hash(*items: tuple[str, Any]) -> bytes:
    return bytes(keccak(encode([kind for kind, _ in items], [value for _, value in items])))


def _word(what: str, value: bytes) -> bytes:
    if len(value) != 32:
        raise MessageError(f"The {what} must be 32 bytes, not {len(value)}.")
    return bytes(value)
