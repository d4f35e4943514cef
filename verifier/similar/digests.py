"""256-bit digests within a distance of one, or nearest to it, exactly; in memory.

Multi-index hashing (Norouzi, Punjani and Fleet, CVPR 2012): a digest is cut into BANDS bands of 16
bits. Two digests at most r apart differ by at most ⌊r / BANDS⌋ bits in some band, so it is enough
to look at the digests that share, up to so many flipped bits, a band with the query. Beyond one
flipped bit, or among few digests, comparing with all is sooner; so that is done: the answer is the
same.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from verifier.canonical import keccak256
from verifier.digest.bits import BITS, Words, to_words
from verifier.errors import SimilarError

__all__ = ["BANDS", "SEARCH_KEY", "WIDTH", "DigestIndex", "Near", "bands_of", "flips"]

SEARCH_KEY = keccak256(b"assay/similar/1")
"""Digests to search by are made under this key, which is no secret and votes never use."""

BANDS = 16
WIDTH = BITS // BANDS
VALUES = 1 << WIDTH
MOST_FLIPS = 1
"""With 2, the bands name 3 % of any index, and a digest so named costs thirty that are scanned."""

ENOUGH_DIGESTS = 1 << 16
"""From so many digests on looking the bands up is sooner than scanning."""

Rows = NDArray[np.int64]


class Near(NamedTuple):
    """A digest that was found: its id, and its Hamming distance to the query."""

    id: str
    distance: int


class DigestIndex:
    """An index of `words`, `uint64[n, 4]`, of which row i is called `ids[i]`.

    Building takes about 0.7 µs and 100 bytes per digest, and 8 MB whatever their number.
    """

    def __init__(self, ids: Sequence[str], words: Words) -> None:
        if words.ndim != 2 or words.shape[1] != BITS // 64 or words.dtype != np.uint64:
            raise SimilarError("Digests to index are uint64 of shape [n, 4]; see to_words().")
        if len(ids) != len(words):
            raise SimilarError(f"There are {len(words)} digests and {len(ids)} ids; give one each.")
        self.ids = ids
        self._columns = np.ascontiguousarray(words.T)
        values = bands_of(words)
        order = np.argsort(values, axis=0, kind="stable")
        self._order = np.ascontiguousarray(order.T.astype(np.uint32))
        counts = np.stack([np.bincount(values[:, band], minlength=VALUES) for band in range(BANDS)])
        self._counts, self._ends = counts.astype(np.uint32), counts.cumsum(axis=1, dtype=np.uint32)

    def __len__(self) -> int:
        return len(self.ids)

    def within(self, query: bytes, radius: int, limit: int | None = None) -> list[Near]:
        """All digests at most `radius` (0..256) from `query` (32 bytes), the nearest first.

        Ties stand in the order of the index; `limit`: the first so many only.
        """
        if not 0 <= radius <= BITS:
            raise SimilarError(f"A distance is 0 to {BITS}, not {radius}.")
        rows = self._candidates(query, radius)
        return self._nearest(to_words([query])[0], rows, radius, limit)

    def nearest(self, query: bytes, count: int) -> list[Near]:
        """The `count` digests nearest to `query` (32 bytes), the nearest first."""
        return self.within(query, BITS, count)

    def _candidates(self, query: bytes, radius: int) -> Rows | None:
        """Rows that the bands name for a radius; None where scanning all is less work."""
        if radius // BANDS > MOST_FLIPS or len(self) < ENOUGH_DIGESTS:
            return None
        values = bands_of(to_words([query]))[0][:, None] ^ flips(radius // BANDS)[None]
        bands = np.arange(BANDS)[:, None]
        counts = self._counts[bands, values].ravel().astype(np.int64)
        # The numbers of all members of all buckets, one after the other.
        begins = self._ends[bands, values].ravel() - counts
        skipped = np.repeat(begins - np.cumsum(counts) + counts, counts)
        band_of = np.repeat(np.repeat(np.arange(BANDS), values.shape[1]), counts)
        rows = self._order[band_of, np.arange(len(band_of)) + skipped]
        return np.unique(rows).astype(np.int64)

    def _nearest(
        self, query: Words, rows: Rows | None, radius: int, limit: int | None
    ) -> list[Near]:
        columns = self._columns if rows is None else self._columns[:, rows]
        apart = np.zeros(columns.shape[1], dtype=np.uint16)
        for column, word in zip(columns, query, strict=True):
            apart += np.bitwise_count(column ^ word)
        near = np.flatnonzero(apart <= radius)
        if limit is not None and len(near) > limit > 0:
            farthest = np.partition(apart[near], limit - 1)[limit - 1]
            near = near[apart[near] <= farthest]
        near = near[np.argsort(apart[near], kind="stable")][:limit]
        named = near if rows is None else rows[near]
        return [Near(self.ids[row], int(d)) for row, d in zip(named, apart[near], strict=True)]


def bands_of(words: Words) -> NDArray[np.uint16]:
    """`uint16[n, BANDS]` of `uint64[n, 4]`: band i holds bits 16i..16i + 15."""
    return np.ascontiguousarray(words, dtype="<u8").view("<u2").astype(np.uint16)


@lru_cache(maxsize=4)
def flips(bits: int) -> NDArray[np.uint16]:
    """All 16-bit numbers with at most `bits` bits set."""
    masks = [
        sum(1 << place for place in places)
        for count in range(bits + 1)
        for places in combinations(range(WIDTH), count)
    ]
    return np.array(masks, dtype=np.uint16)
