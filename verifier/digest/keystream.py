"""Everything random in a digest comes from here: SHAKE-256 of a domain tag and the round's key.

    stream(tag, key, size) = SHAKE-256( UTF-8(tag) ‖ 0x00 ‖ key )[:size]

A tag never contains a zero byte, so two tags never yield the same message. Integers are read from
the stream little-endian.
"""

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from verifier.errors import DigestError

__all__ = ["KEY_BYTES", "check_key", "signs", "stream", "words"]

KEY_BYTES = 32
PREFIX = "assay/digest/1/"


def check_key(key: bytes) -> bytes:
    """`key`, refused unless it is 32 bytes."""
    if not isinstance(key, bytes) or len(key) != KEY_BYTES:
        size = len(key) if isinstance(key, bytes | bytearray | str) else "no"
        raise DigestError(f"A digest key is {KEY_BYTES} bytes; this one has {size}.")
    return key


def stream(tag: str, key: bytes, size: int) -> bytes:
    """The first `size` bytes of the key stream of `tag`."""
    return hashlib.shake_256((PREFIX + tag).encode() + b"\0" + check_key(key)).digest(size)


@lru_cache(maxsize=64)
def words(tag: str, key: bytes, count: int) -> NDArray[np.uint64]:
    """`count` 64-bit integers of the key stream of `tag`; read-only."""
    values = np.frombuffer(stream(tag, key, 8 * count), dtype="<u8").astype(np.uint64)
    values.flags.writeable = False
    return values


@lru_cache(maxsize=8)  # of up to 4 MiB each
def signs(tag: str, key: bytes, rows: int, columns: int) -> NDArray[np.float32]:
    """A `rows` x `columns` matrix of +1 and -1; read-only.

    Entry (i, k) is +1 if bit `i * columns + k` of the stream is set (bit 0 is the lowest bit of the
    first byte). It is float32 so that products run on BLAS; sums of integers below 2^24 are exact.
    """
    count = rows * columns
    raw = np.frombuffer(stream(tag, key, -(-count // 8)), dtype=np.uint8)
    bits = np.unpackbits(raw, count=count, bitorder="little")
    matrix = (2.0 * bits - 1.0).astype(np.float32).reshape(rows, columns)
    matrix.flags.writeable = False
    return matrix
