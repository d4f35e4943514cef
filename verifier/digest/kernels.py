"""Loops of the digests compiled by numba; each has an equal in NumPy beside its family.

Casts to uint32 are explicit because numba widens products to 64 bits.
"""

from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

__all__ = [
    "cell_sums",
    "count_within",
    "digest_sets",
    "digest_texts",
    "histogram",
    "list_within",
]

Words32 = NDArray[np.uint32]
Words64 = NDArray[np.uint64]
U32, U64 = np.uint32, np.uint64
LANES = 256
SPACE = U64(0x20)
BAND = 64  # rows of a per unit of work
TILE = 1024  # digests of b side by side, 32 KB
STRIP = 64  # of a tile, looked through one by one where one of them is a hit


def _popcount(typing: Any, word: Any) -> Any:  # noqa: ARG001 - numba's convention
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


popcount: Any = intrinsic(_popcount)
"""Set bits of a 64-bit word, by the processor's own instruction."""


@numba.njit(nogil=True, cache=True)
def mix(value: Any) -> Any:
    """MurmurHash3's 64-bit finalizer."""
    value ^= value >> U64(33)
    value *= U64(0xFF51AFD7ED558CCD)
    value ^= value >> U64(33)
    value *= U64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> U64(33))


@numba.njit(nogil=True, cache=True)
def lower(minima: Words32, shingles: Words32, count: int, permutations: Words32) -> None:
    """minima[j] = the least of it and of permutation j of the first `count` > 0 shingles.

    Eight shingles pass at a time, so that a lane's constants are loaded once for them; the last one
    stands in where fewer are left, which changes no minimum.
    """
    multipliers, offsets = permutations[0], permutations[1]
    last = count - 1
    for first in range(0, count, 8):
        x0, x1 = shingles[first], shingles[min(first + 1, last)]
        x2, x3 = shingles[min(first + 2, last)], shingles[min(first + 3, last)]
        x4, x5 = shingles[min(first + 4, last)], shingles[min(first + 5, last)]
        x6, x7 = shingles[min(first + 6, last)], shingles[min(first + 7, last)]
        for lane in range(LANES):
            a, b = multipliers[lane], offsets[lane]
            m01 = min(U32(a * x0 + b), U32(a * x1 + b))
            m23 = min(U32(a * x2 + b), U32(a * x3 + b))
            m45 = min(U32(a * x4 + b), U32(a * x5 + b))
            m67 = min(U32(a * x6 + b), U32(a * x7 + b))
            minima[lane] = min(minima[lane], min(min(m01, m23), min(m45, m67)))


@numba.njit(nogil=True, cache=True)
def lower_by_windows(
    minima: Words32,
    values: Words64,
    count: int,
    factors: Words64,
    permutations: Words32,
    sums: Words64,
    shingles: Words32,
) -> None:
    """Lowers `minima` by each window of the first `count` values; see `shingles._windows`.

    sums, shingles: scratch of at least `count` and one. The inner loop runs over windows, not over
    the few steps of one, so that the compiler takes eight windows at a time.
    """
    size = min(len(factors), count)
    windows = count - size + 1
    for start in range(windows):
        sums[start] = factors[0] * values[start]
    for step in range(1, size):
        factor = factors[step]
        for start in range(windows):
            sums[start] += factor * values[start + step]
    for start in range(windows):
        shingles[start] = U32(mix(sums[start]) >> U64(32))
    lower(minima, shingles, windows, permutations)


@numba.njit(nogil=True, cache=True)
def keep_bits(minima: Words32, digest: Words64) -> None:
    """Fills `digest`, `uint64[4]`, with the lowest bit of the mixed minimum of each lane."""
    for lane in range(LANES):
        value = minima[lane]
        value = U32((value ^ (value >> U32(16))) * U32(0x85EBCA6B))
        value = U32((value ^ (value >> U32(13))) * U32(0xC2B2AE35))
        minima[lane] = (value ^ (value >> U32(16))) & U32(1)
    for word in range(4):
        bits = U64(0)
        for lane in range(64):
            bits |= U64(minima[64 * word + lane]) << U64(lane)
        digest[word] = bits


@numba.njit(nogil=True, cache=True)
def digest_sets(
    values: Words32, starts: NDArray[np.int64], permutations: Words32, digests: Words64
) -> None:
    """Fills `digests`, `uint64[n, 4]`, of sets of integers; see `minwise.digest_sets`."""
    row = np.empty(LANES, U32)
    for index in range(len(starts)):
        end = starts[index + 1] if index + 1 < len(starts) else len(values)
        row[:] = U32(0xFFFFFFFF)
        lower(row, values[starts[index] : end], end - starts[index], permutations)
        keep_bits(row, digests[index])


@numba.njit(nogil=True, cache=True)
def split_words(codes: Any, solid: NDArray[np.uint8], letters: Words64, words: Words64) -> Any:
    """Fills `words` with the hash of each piece of a text, and returns how many there are.

    Where a word ends cannot be predicted, so there is no branch on it: masks clear the sum, and the
    sum so far is written at every code point, the whole one last. Unsigned integers throughout,
    because an index that might be negative costs a test.
    """
    zero, one, full = U64(0), U64(1), U64(len(letters))
    count, length, total, before = zero, zero, zero, zero
    for index in range(len(codes)):
        inside = U64(solid[index])
        if length == full:  # a word so long goes on as another piece
            count += inside
            length *= one - inside
            total *= one - inside
        count += before & ~inside
        before = inside
        mask = zero - inside
        total = (total + letters[length & (full - one)] * (U64(codes[index]) + one)) & mask
        length = (length + one) & mask
        words[count] = total
    count += before
    for index in range(count):
        words[index] = mix(words[index])
    return np.int64(count)


@numba.njit(nogil=True, cache=True)
def join_words(codes: Any, solid: NDArray[np.uint8], characters: Words64) -> Any:
    """Fills `characters` with the code points of a text plus one, runs of white space within it as
    one space and none around it, and returns how many there are."""
    zero, one = U64(0), U64(1)
    count, before = zero, zero
    for index in range(len(codes)):
        inside = U64(solid[index])
        characters[count] = inside * U64(codes[index]) + (one - inside) * SPACE + one
        count += inside | before
        before = inside
    return np.int64(count - (one - before))


@numba.njit(nogil=True, cache=True)
def digest_texts(
    codes: Any,
    ends: NDArray[np.int64],
    solid: NDArray[np.uint8],
    letters: Words64,
    by_word: Words64,
    by_character: Words64,
    permutations: Words32,
    digests: Words64,
) -> None:
    """Fills `digests`, `uint64[n, 4]`, of texts whose code points lie in `codes` back to back.

    codes: `uint8` where all are ASCII, else `uint32`; ends: where each text ends; solid: 0 where a
    code point is white space, else 1; letters, by_word, by_character: multipliers (a power of two
    of the first, none of the others for no such shingles); permutations: `uint32[2, 256]`,
    multipliers and offsets. No text may be blank.
    """
    values = np.empty(len(codes) + 1, U64)
    sums = np.empty(len(codes) + 1, U64)
    shingles = np.empty(len(codes) + 1, U32)
    row = np.empty(LANES, U32)
    start = 0
    for text in range(len(ends)):
        part, inside = codes[start : ends[text]], solid[start : ends[text]]
        start = ends[text]
        row[:] = U32(0xFFFFFFFF)
        if len(by_word):
            count = split_words(part, inside, letters, values)
            lower_by_windows(row, values, count, by_word, permutations, sums, shingles)
        if len(by_character):
            count = join_words(part, inside, values)
            lower_by_windows(row, values, count, by_character, permutations, sums, shingles)
        keep_bits(row, digests[text])


@numba.njit(nogil=True, cache=True)
def cell_sums(plane: NDArray[np.uint8], side: int, sums: NDArray[np.int64]) -> None:
    """Fills `sums`, `int64[side, side]`: see `pixels.area_resample`, before the division."""
    height, width = plane.shape
    line = np.empty(width, np.int32)  # at most 255 · height, below 2^21
    for row in range(side):
        line[:] = 0
        top, bottom = row * height, (row + 1) * height
        for y in range(top // side, (bottom + side - 1) // side):
            weight = np.int32(min(bottom, (y + 1) * side) - max(top, y * side))
            for x in range(width):
                line[x] += np.int32(weight * plane[y, x])
        for column in range(side):
            left, right = column * width, (column + 1) * width
            total = 0
            for x in range(left // side, (right + side - 1) // side):
                total += (min(right, (x + 1) * side) - max(left, x * side)) * line[x]
            sums[row, column] = total


@numba.njit(nogil=True, cache=True, parallel=True)
def count_within(
    a: Words64, tiles: Words64, count: int, tolerance: Any, counts: NDArray[np.int32]
) -> None:
    """counts[i, t] = how many columns of tile t are within `tolerance` (uint64) of row i of `a`.

    a: `uint64[n, 4]`; tiles: `uint64[t, 4, TILE]`, see `allpairs._tiled`, of which the first
    `count` columns are taken. A contiguous line per word lets the compiler take eight columns at a
    time; a tile stays in cache while many rows of `a` pass. Their least distance takes one
    instruction for eight columns, counting takes three: most tiles hold no hit to count.
    """
    for band in numba.prange((len(a) + BAND - 1) // BAND):
        for number in range(len(tiles)):
            end = min(TILE, count - number * TILE)
            b0, b1, b2, b3 = (
                tiles[number, 0],
                tiles[number, 1],
                tiles[number, 2],
                tiles[number, 3],
            )
            for i in range(band * BAND, min(len(a), (band + 1) * BAND)):
                w0, w1, w2, w3 = a[i, 0], a[i, 1], a[i, 2], a[i, 3]
                least = U64(4 * 64)
                for j in range(end):
                    d = popcount(w0 ^ b0[j]) + popcount(w1 ^ b1[j])
                    least = min(least, d + popcount(w2 ^ b2[j]) + popcount(w3 ^ b3[j]))
                found = U64(0)
                if least <= tolerance:
                    for j in range(end):
                        d = popcount(w0 ^ b0[j]) + popcount(w1 ^ b1[j])
                        d += popcount(w2 ^ b2[j]) + popcount(w3 ^ b3[j])
                        found += U64(d <= tolerance)
                counts[i, number] = np.int32(found)


@numba.njit(nogil=True, cache=True, parallel=True)
def list_within(
    a: Words64,
    tiles: Words64,
    count: int,
    tolerance: Any,
    counts: NDArray[np.int32],
    starts: NDArray[np.int64],
    columns: NDArray[np.int64],
    distances: NDArray[np.uint16],
) -> None:
    """Fills the hits of row i of `a` from starts[i] on, looking only where there are any."""
    for i in numba.prange(len(a)):
        place = starts[i]
        w0, w1, w2, w3 = a[i, 0], a[i, 1], a[i, 2], a[i, 3]
        for number in range(len(tiles)):
            if not counts[i, number]:
                continue
            end = min(TILE, count - number * TILE)
            b0, b1, b2, b3 = (
                tiles[number, 0],
                tiles[number, 1],
                tiles[number, 2],
                tiles[number, 3],
            )
            for first in range(0, end, STRIP):
                # Unsigned: places counted from the end would keep it from taking eight at a time.
                here, last = U64(first), U64(min(end, first + STRIP))
                least = U64(4 * 64)
                for j in range(here, last):
                    d = popcount(w0 ^ b0[j]) + popcount(w1 ^ b1[j])
                    least = min(least, d + popcount(w2 ^ b2[j]) + popcount(w3 ^ b3[j]))
                if least > tolerance:
                    continue
                for j in range(here, last):
                    d = popcount(w0 ^ b0[j]) + popcount(w1 ^ b1[j])
                    d += popcount(w2 ^ b2[j]) + popcount(w3 ^ b3[j])
                    if d <= tolerance:
                        columns[place] = number * TILE + np.int64(j)
                        distances[place] = np.uint16(d)
                        place += 1


@numba.njit(nogil=True, cache=True, parallel=True)
def histogram(a: Words64, tiles: Words64, count: int, bins: NDArray[np.int64]) -> None:
    """Adds to bins[s, d], `int64[shards, 257]`, how many pairs of shard s are at distance d."""
    shards = len(bins)
    for shard in numba.prange(shards):
        for i in range(shard, len(a), shards):
            w0, w1, w2, w3 = a[i, 0], a[i, 1], a[i, 2], a[i, 3]
            for number in range(len(tiles)):
                for j in range(min(TILE, count - number * TILE)):
                    d = popcount(w0 ^ tiles[number, 0, j]) + popcount(w1 ^ tiles[number, 1, j])
                    d += popcount(w2 ^ tiles[number, 2, j]) + popcount(w3 ^ tiles[number, 3, j])
                    bins[shard, d] += 1
