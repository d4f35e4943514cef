"""What exams commit to and hash: the same bytes as `contracts/src/ExamBook.sol`.

All hashes are keccak256, all encodings `abi.encode`; EIP-712 domain: name "Assay", version "1", the
chain's id, verifying contract the exam book.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from chain.errors import MessageError
from chain.exam_structs import SectionKey, Sheet
from chain.keys import Signer
from chain.messages import DOMAIN_TYPE
from chain.types import Address, Bytes32, DoubtKind

__all__ = [
    "Book",
    "doubt_id",
    "item_leaf",
    "key_salt",
    "sealed_key",
    "section_key",
    "sheet_commitment",
    "sheet_salt",
]

_SALT_FIELDS: Final = [
    {"name": "examId", "type": "uint256"},
    {"name": "agentId", "type": "uint256"},
    {"name": "section", "type": "uint256"},
]


@dataclass(frozen=True, slots=True)
class Book:
    """The exam book a commitment is for: one for another book, or another chain, opens nothing."""

    chain_id: int
    address: Address


def key_hash(key: SectionKey) -> Bytes32:
    """What an opened key is kept as: keccak256(abi.encode(keccak256(digests), contentsHash))."""
    return _hash(["bytes32", "bytes32"], [keccak(_packed(key.digests)), key.contents_hash])


def section_key(digests: Sequence[bytes], contents: Sequence[bytes]) -> SectionKey:
    """A key over digests and the content hashes of the outputs they are of (32 bytes each)."""
    words = tuple(Bytes32(_word(digest)) for digest in digests)
    return SectionKey(words, Bytes32(keccak(_packed(contents))))


def sealed_key(book: Book, exam_id: int, section: int, key: SectionKey, salt: bytes) -> Bytes32:
    """`ExamBook.sealedKeyOf`: what an examiner posts before anybody sits."""
    return _hash(
        ["uint256", "address", "uint256", "uint256", "bytes32", "bytes32"],
        [book.chain_id, book.address, exam_id, section, key_hash(key), _word(salt)],
    )


def sheet_commitment(book: Book, exam_id: int, sheet: Sheet) -> Bytes32:
    """`ExamBook.commitmentOf`: what a candidate hands in, bound to it."""
    return _hash(
        ["uint256", "address", "uint256", "uint256", "address", "bytes32", "bytes32"],
        [
            book.chain_id,
            book.address,
            exam_id,
            sheet.agent_id,
            sheet.owner,
            _word(sheet.salt),
            keccak(_packed(sheet.digests)),
        ],
    )


def doubt_id(exam_id: int, section: int, index: int, kind: DoubtKind) -> Bytes32:
    """`ExamBook.doubtIdOf`."""
    return _hash(["uint256", "uint8", "uint8", "uint8"], [exam_id, section, index, int(kind)])


def item_leaf(index: int, value: bytes) -> Bytes32:
    """The leaf of item `index` in the tree of a section's task hashes, or content hashes."""
    return Bytes32(keccak(_hash(["uint256", "bytes32"], [index, _word(value)])))


def sheet_salt(signer: Signer, book: Book, exam_id: int, agent_id: int) -> Bytes32:
    """The salt of a candidate's sheet, derived from the key so that a crash loses nothing.

    keccak256 of the EIP-712 signature of `SheetSalt(uint256 examId,uint256 agentId)`.
    """
    message = {"examId": exam_id, "agentId": agent_id}
    return _salt(signer, book, "SheetSalt", _SALT_FIELDS[:2], message)


def key_salt(signer: Signer, book: Book, exam_id: int, agent_id: int, section: int) -> Bytes32:
    """The salt of an examiner's key, derived likewise.

    keccak256 of the EIP-712 signature of
    `KeySalt(uint256 examId,uint256 agentId,uint256 section)`.
    """
    message = {"examId": exam_id, "agentId": agent_id, "section": section}
    return _salt(signer, book, "KeySalt", _SALT_FIELDS, message)


def _salt(
    signer: Signer, book: Book, name: str, fields: list[dict[str, str]], message: dict[str, int]
) -> Bytes32:
    typed = {
        "types": {"EIP712Domain": DOMAIN_TYPE, name: fields},
        "primaryType": name,
        "domain": {
            "name": "Assay",
            "version": "1",
            "chainId": book.chain_id,
            "verifyingContract": book.address,
        },
        "message": message,
    }
    return Bytes32(keccak(signer.sign_typed(typed)))


def _packed(words: Sequence[bytes]) -> bytes:
    return b"".join(_word(word) for word in words)


def _hash(kinds: list[str], values: list[object]) -> Bytes32:
    return Bytes32(keccak(encode(kinds, values)))


def _word(value: bytes) -> bytes:
    if len(value) != 32:
        raise MessageError(f"Digests, hashes and salts have 32 bytes, not {len(value)}.")
    return bytes(value)
