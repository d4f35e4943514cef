"""The two forms of a digest, and the only metric.

bytes form: 32 bytes, big-endian, the `bytes32` a contract sees. Array form: `uint64[4]` words,
little-endian: word 0 holds bits 0..63. Bit i is bit i of the 256-bit integer, lowest first.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from verifier.errors import DigestError

__all__ = [
    "BITS",
    "DIGEST_BYTES",
    "Words",
    "distance",
    "distances",
    "from_words",
    "pack",
    "to_words",
]

BITS = 256
DIGEST_BYTES = 32
Words = NDArray[np.uint64]


def distance(a: bytes, b: bytes) -> int:
    """Hamming distance of two digests, 0..256."""
    if len(a) != DIGEST_BYTES or len(b) != DIGEST_BYTES:
        raise DigestError(
            f"A digest is {DIGEST_BYTES} bytes; these have {len(a)} and {len(b)} bytes."
        )
    return (int.from_bytes(a) ^ int.from_bytes(b)).bit_count()


def to_words(digests: Sequence[bytes]) -> Words:
    """Digests as `uint64[n, 4]`."""
    for digest in digests:
        if len(digest) != DIGEST_BYTES:
            raise DigestError(f"A digest is {DIGEST_BYTES} bytes; this one has {len(digest)}.")
    raw = np.frombuffer(b"".join(digests), dtype=">u8").reshape(len(digests), 4)
    return np.ascontiguousarray(raw[:, ::-1], dtype=np.uint64)


def from_words(words: Words) -> list[bytes]:
    """The rows of `uint64[n, 4]` as digests of 32 bytes."""
    raw = np.ascontiguousarray(words[:, ::-1], dtype=">u8").tobytes()
    return [raw[start : start + DIGEST_BYTES] for start in range(0, len(raw), DIGEST_BYTES)]


def pack(bits: NDArray[np.bool_]) -> Words:
    """`bool[n, 256]` (column i is bit i) as `uint64[n, 4]`."""
    packed = np.ascontiguousarray(np.packbits(bits, axis=1, bitorder="little"))
    return packed.view("<u8").astype(np.uint64).reshape(len(bits), 4)


def distances(a: Words, b: Words) -> NDArray[np.uint16]:
    """Hamming distance of each row of `a` to the same row of `b` (broadcasting), 0..256."""
    counts = np.bitwise_count(np.bitwise_xor(a, b))
    total: NDArray[np.uint16] = counts.sum(axis=-1, dtype=np.uint16)
    return total
