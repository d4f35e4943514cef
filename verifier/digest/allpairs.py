"""Distances of every digest of one set to every digest of another, by the thousand million.

Compiled where numba is installed (the extra `fast`), else in NumPy by blocks; equal results. With
numba, work is shared by `numba.get_num_threads()` threads.
"""

from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from verifier.digest.bits import BITS, Words, distances
from verifier.digest.fast import kernels
from verifier.errors import DigestError

__all__ = ["Pairs", "count_within", "histogram", "pairs_within"]

ENOUGH_PAIRS = 1 << 22
"""From so many pairs on the compiled kernels are worth loading."""

BLOCK_PAIRS = 1 << 20
BAND_ROWS = 1 << 13  # compiled kernels take so many rows of a at a time
SHARDS = 64  # of a histogram, each with bins of its own

Counts = NDArray[np.int64]


class Pairs(NamedTuple):
    """Pairs within a tolerance: row of a, row of b, distance; sorted by the first two."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    distance: NDArray[np.uint16]


def count_within(a: Words, b: Words, tolerance: int) -> Counts:
    """`int64[n]`: for each digest of `a` how many of `b` are at most `tolerance` away.

    a, b: `uint64[n, 4]` and `uint64[m, 4]`; tolerance: 0..256.
    """
    _check(a, b, tolerance)
    fast = kernels(len(a) * len(b), ENOUGH_PAIRS)
    if fast is None:
        blocks = [(block <= tolerance).sum(axis=1) for _, block in _blocks(a, b)]
        return np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.int64)
    columns_b = _columns(b)
    counts = np.zeros(len(a), dtype=np.int64)
    for start, _, tiles in _tiles(fast, a, columns_b, tolerance):
        counts[start : start + len(tiles)] = tiles.sum(axis=1)
    return counts


def pairs_within(a: Words, b: Words, tolerance: int) -> Pairs:
    """All pairs of a digest of `a` and one of `b` that are at most `tolerance` apart.

    Memory is 18 bytes per pair found: count first if there may be very many.
    """
    _check(a, b, tolerance)
    fast = kernels(len(a) * len(b), ENOUGH_PAIRS)
    if fast is None:
        return _pairs(a, b, tolerance)
    columns_b, parts = _columns(b), []
    for start, rows, tiles in _tiles(fast, a, columns_b, tolerance):
        counts = tiles.sum(axis=1)
        second = np.empty(counts.sum(), dtype=np.int64)
        apart = np.empty(counts.sum(), dtype=np.uint16)
        starts = np.cumsum(counts) - counts
        fast.list_within(rows, columns_b, np.uint64(tolerance), tiles, starts, second, apart)
        parts.append((np.repeat(np.arange(start, start + len(tiles)), counts), second, apart))
    return _joined(parts)


def histogram(a: Words, b: Words) -> Counts:
    """`int64[257]`: how many pairs of `a` and `b` there are at each distance."""
    _check(a, b, 0)
    fast = kernels(len(a) * len(b), ENOUGH_PAIRS)
    total: Counts
    if fast is None:
        total = np.zeros(BITS + 1, dtype=np.int64)
        for _, block in _blocks(a, b):
            total += np.bincount(block.ravel(), minlength=BITS + 1)
        return total
    bins = np.zeros((SHARDS, BITS + 1), dtype=np.int64)
    fast.histogram(_columns(a), _columns(b), bins)
    total = bins.sum(axis=0)
    return total


def _check(a: Words, b: Words, tolerance: int) -> None:
    for words in (a, b):
        if words.ndim != 2 or words.shape[1] != 4 or words.dtype != np.uint64:
            raise DigestError("Digests in an array are uint64 of shape [n, 4]; see to_words().")
    if not 0 <= tolerance <= BITS:
        raise DigestError(f"A tolerance is 0 to {BITS}, not {tolerance}.")


def _columns(words: Words) -> Words:
    return np.ascontiguousarray(words.T)


def _blocks(a: Words, b: Words) -> Iterator[tuple[int, NDArray[np.uint16]]]:
    """Distances of a few rows of `a` at a time to all of `b`, with the first row's number."""
    step = max(1, BLOCK_PAIRS // max(1, len(b)))
    for start in range(0, len(a), step):
        yield start, distances(a[start : start + step, None], b[None])


def _tiles(
    fast: ModuleType, a: Words, columns_b: Words, tolerance: int
) -> Iterator[tuple[int, Words, NDArray[np.int32]]]:
    """A band of rows of `a` at a time: its first row, its columns, its hits in each tile of b."""
    tiles = -(-columns_b.shape[1] // fast.TILE)
    for start in range(0, len(a), BAND_ROWS):
        rows = _columns(a[start : start + BAND_ROWS])
        counts = np.zeros((rows.shape[1], tiles), dtype=np.int32)
        fast.count_within(rows, columns_b, np.uint64(tolerance), counts)
        yield start, rows, counts


def _pairs(a: Words, b: Words, tolerance: int) -> Pairs:
    return _joined(
        [
            (start + rows, columns, block[rows, columns])
            for start, block in _blocks(a, b)
            for rows, columns in [np.nonzero(block <= tolerance)]
        ]
    )


def _joined(parts: list[tuple[Any, Any, Any]]) -> Pairs:
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        return Pairs(nothing, nothing, np.zeros(0, dtype=np.uint16))
    first, second, apart = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Pairs(first, second, apart)
