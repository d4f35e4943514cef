"""256 keyed 1-bit minwise hashes of sets of 32-bit integers, for many sets at once.

Integers are hashes already (see `mix`), so a multiply-add modulo 2^32 with an odd multiplier, a
permutation of them, is random enough for its minimum to be: E[distance] = 128 (1 - Jaccard) over
keys. b-bit minwise hashing: Li and König, WWW 2010.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from verifier.digest.bits import BITS, Words, pack
from verifier.digest.fast import kernels
from verifier.digest.keystream import words as key_words

__all__ = ["Grouped", "bits_of", "digest_sets", "minima_of", "mix", "permutations"]

ENOUGH_VALUES = 1 << 12
"""From so many integers on the compiled kernel is worth loading."""

Lanes = NDArray[np.uint32]


class Grouped(NamedTuple):
    """Integers of many sets, one after the other; `starts[i]` is where those of set i begin.

    Every set has at least one.
    """

    values: NDArray[np.uint32]
    starts: NDArray[np.intp]


def digest_sets(kinds: list[Grouped], tag: str, key: bytes) -> Words:
    """Digests `uint64[n, 4]` of n sets, each the union over `kinds` of its integers there."""
    constants = permutations(tag, key)
    fast = kernels(sum(len(kind.values) for kind in kinds), ENOUGH_VALUES)
    if fast is not None and len(kinds) == 1:
        words = np.empty((len(kinds[0].starts), 4), dtype=np.uint64)
        fast.digest_sets(kinds[0].values, kinds[0].starts, constants, words)
        return words
    minima = minima_of(kinds[0], constants)
    for kind in kinds[1:]:
        np.minimum(minima, minima_of(kind, constants), out=minima)
    return pack(bits_of(minima))


def permutations(tag: str, key: bytes) -> Lanes:
    """`uint32[2, 256]`: an odd multiplier and an offset for each of 256 permutations."""
    drawn = key_words(tag, key, BITS)
    multipliers = drawn.astype(np.uint32) | np.uint32(1)
    return np.stack((multipliers, (drawn >> np.uint64(32)).astype(np.uint32)))


def mix(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The 64-bit finalizer of MurmurHash3, a bijection."""
    value = value ^ (value >> np.uint64(33))
    value = value * np.uint64(0xFF51AFD7ED558CCD)
    value = value ^ (value >> np.uint64(33))
    value = value * np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))


def minima_of(sets: Grouped, constants: Lanes) -> Lanes:
    """`uint32[256, n]`: min over x of (a_j x + b_j) mod 2^32 for permutation j, set i."""
    minima = np.empty((BITS, len(sets.starts)), dtype=np.uint32)
    scratch = np.empty_like(sets.values)
    for lane in range(BITS):
        np.multiply(sets.values, constants[0, lane], out=scratch)
        np.add(scratch, constants[1, lane], out=scratch)
        np.minimum.reduceat(scratch, sets.starts, out=minima[lane])
    return minima


def bits_of(minima: Lanes) -> NDArray[np.bool_]:
    """`bool[n, 256]`: the lowest bit of MurmurHash3's 32-bit finalizer of each minimum."""
    value = minima ^ (minima >> np.uint32(16))
    value *= np.uint32(0x85EBCA6B)
    value ^= value >> np.uint32(13)
    value *= np.uint32(0xC2B2AE35)
    value ^= value >> np.uint32(16)
    return (value & np.uint32(1)).astype(np.bool_).T
