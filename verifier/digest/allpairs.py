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
LINE_WORDS = 8  # 64 bytes
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
    tiles = _tiled(fast, b)
    counts = np.zeros(len(a), dtype=np.int64)
    for start, rows, hits in _bands(fast, a, tiles, len(b), tolerance):
        counts[start : start + len(rows)] = hits.sum(axis=1)
    return counts


def pairs_within(a: Words, b: Words, tolerance: int) -> Pairs:
    """All pairs of a digest of `a` and one of `b` that are at most `tolerance` apart.

    Memory is 18 bytes per pair found: count first if there may be very many.
    """
    _check(a, b, tolerance)
    fast = kernels(len(a) * len(b), ENOUGH_PAIRS)
    if fast is None:
        return _pairs(a, b, tolerance)
    tiles, parts = _tiled(fast, b), []
    for start, rows, hits in _bands(fast, a, tiles, len(b), tolerance):
        counts = hits.sum(axis=1)
        second = np.empty(counts.sum(), dtype=np.int64)
        apart = np.empty(counts.sum(), dtype=np.uint16)
        starts = np.cumsum(counts) - counts
        fast.list_within(rows, tiles, len(b), np.uint64(tolerance), hits, starts, second, apart)
        parts.append((np.repeat(np.arange(start, start + len(rows)), counts), second, apart))
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
    fast.histogram(np.ascontiguousarray(a), _tiled(fast, b), len(b), bins)
    total = bins.sum(axis=0)
    return total


def _check(a: Words, b: Words, tolerance: int) -> None:
    for words in (a, b):
        if words.ndim != 2 or words.shape[1] != 4 or words.dtype != np.uint64:
            raise DigestError("Digests in an array are uint64 of shape [n, 4]; see to_words().")
    if not 0 <= tolerance <= BITS:
        raise DigestError(f"A tolerance is 0 to {BITS}, not {tolerance}.")


def _tiled(fast: ModuleType, words: Words) -> Words:
    """Digests side by side, `uint64[tiles, 4, TILE]`: word w of digest i is at
    [i div TILE, w, i mod TILE]. It begins at a cache line: vectors that span two cost double."""
    count = -(-len(words) // fast.TILE)
    room = np.zeros(count * 4 * fast.TILE + LINE_WORDS, dtype=np.uint64)
    first = -(room.ctypes.data // 8) % LINE_WORDS
    tiles = room[first : first + count * 4 * fast.TILE].reshape(count, 4, fast.TILE)
    for number in range(count):
        part = words[number * fast.TILE : (number + 1) * fast.TILE]
        tiles[number, :, : len(part)] = part.T
    return tiles


def _blocks(a: Words, b: Words) -> Iterator[tuple[int, NDArray[np.uint16]]]:
    """Distances of a few rows of `a` at a time to all of `b`, with the first row's number."""
    step = max(1, BLOCK_PAIRS // max(1, len(b)))
    for start in range(0, len(a), step):
        yield start, distances(a[start : start + step, None], b[None])


def _bands(
    fast: ModuleType, a: Words, tiles: Words, count: int, tolerance: int
) -> Iterator[tuple[int, Words, NDArray[np.int32]]]:
    """A band of rows of `a` at a time: its first row, its digests, their hits in each tile."""
    for start in range(0, len(a), BAND_ROWS):
        rows = np.ascontiguousarray(a[start : start + BAND_ROWS])
        hits = np.zeros((len(rows), len(tiles)), dtype=np.int32)
        fast.count_within(rows, tiles, count, np.uint64(tolerance), hits)
        yield start, rows, hits


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
