"""Sealed outputs: ciphertext that only who knows the round's salt can read.

    "ASSAYSEAL" ‖ version (1 byte, 1) ‖ nonce (12 bytes) ‖ AES-256-GCM ciphertext and tag

key = HKDF-SHA256(salt, info "assay/seal/1/key"); the header is authenticated. The nonce is
HKDF-SHA256(salt, info "assay/seal/1/nonce" ‖ SHA-256(content))[:12]: the same output sealed again
after a crash is the same file, and another output under the same salt gets another nonce.
"""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from verifier.errors import SealError

__all__ = ["MAGIC", "VERSION", "seal", "unseal"]

MAGIC = b"ASSAYSEAL"
VERSION = 1
SALT_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = len(MAGIC) + 1 + NONCE_BYTES


def seal(content: bytes, salt: bytes) -> bytes:
    """`content` encrypted under `salt` (32 secret bytes, those of the outputHash)."""
    nonce = _derive(salt, b"nonce" + hashlib.sha256(content).digest(), NONCE_BYTES)
    header = MAGIC + bytes([VERSION]) + nonce
    return header + AESGCM(_derive(salt, b"key", 32)).encrypt(nonce, content, header)


def unseal(sealed: bytes, salt: bytes) -> bytes:
    """What `seal` encrypted under `salt`; SealError for another salt or an altered file."""
    if len(sealed) < HEADER_BYTES + TAG_BYTES or not sealed.startswith(MAGIC):
        raise SealError("This is not a sealed output; fetch it from the artifact store again.")
    version = sealed[len(MAGIC)]
    if version != VERSION:
        raise SealError(f"The output is sealed by version {version}; this version reads {VERSION}.")
    header = sealed[:HEADER_BYTES]
    try:
        return AESGCM(_derive(salt, b"key", 32)).decrypt(
            header[-NONCE_BYTES:], sealed[HEADER_BYTES:], header
        )
    except InvalidTag:
        raise SealError(
            "The output cannot be opened with this salt, or it was altered; use the salt of the "
            "round that published it."
        ) from None


def _derive(salt: bytes, purpose: bytes, size: int) -> bytes:
    if len(salt) != SALT_BYTES:
        raise SealError(f"A salt is {SALT_BYTES} bytes; this one has {len(salt)}.")
    return HKDF(SHA256(), size, salt=None, info=b"assay/seal/1/" + purpose).derive(salt)
