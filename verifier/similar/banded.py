"""The bands of `digests` in datasketch's storage, for indexes that many processes share in a Redis.

Under a band's value stands the set of digests that have it, each with its id, so a search needs one
round of reads. It is exact, for distances up to MOST_DISTANCE.
"""

import operator
from collections.abc import Iterable

import numpy as np
from datasketch.storage import unordered_storage

from verifier.digest.bits import DIGEST_BYTES, distance, to_words
from verifier.errors import SimilarError
from verifier.similar.digests import BANDS, Near, bands_of, flips
from verifier.similar.storage import MEMORY, Storage

__all__ = ["MOST_DISTANCE", "BandedDigests"]

MOST_DISTANCE = 3 * BANDS - 1
"""Two flipped bits a band, 137 values in each: beyond, most of the index would be read."""


class BandedDigests:
    """Digests in memory or in the Redis that `storage` names; continues what is there."""

    def __init__(self, storage: Storage = MEMORY) -> None:
        self._storage = storage
        config = storage.config()
        base = config.get("basename", b"")
        with storage.answering():
            self._tables = [
                unordered_storage(config, name=b"%b:band:%d" % (base, band))
                for band in range(BANDS)
            ]

    def is_empty(self) -> bool:
        """Whether the storage holds nothing of the index."""
        with self._storage.answering():
            return not self._tables[0].size()

    def add(self, items: Iterable[tuple[str, bytes]]) -> None:
        """Adds digests (32 bytes) by id."""
        with self._storage.answering():
            for id, digest in items:
                for table, value in zip(self._tables, bands_of(to_words([digest]))[0], strict=True):
                    table.insert(_key(value), digest + id.encode(), buffer=True)
            for table in self._tables:
                table.empty_buffer()

    def within(self, query: bytes, radius: int, limit: int | None = None) -> list[Near]:
        """All digests at most `radius` (0..MOST_DISTANCE) from `query`, the nearest first."""
        if not 0 <= radius <= MOST_DISTANCE:
            raise SimilarError(
                f"An index in a Redis is searched up to a distance of {MOST_DISTANCE}, not "
                f"{radius}; build it in a file for more."
            )
        members: set[bytes] = set()
        with self._storage.answering():
            for table, value in zip(self._tables, bands_of(to_words([query]))[0], strict=True):
                keys = [_key(one) for one in value ^ flips(radius // BANDS)]
                members.update(*table.getmany(*keys))
        found = [
            Near(member[DIGEST_BYTES:].decode(), distance(member[:DIGEST_BYTES], query))
            for member in members
        ]
        near = [one for one in found if one.distance <= radius]
        return sorted(near, key=operator.attrgetter("distance", "id"))[:limit]

    def drop(self) -> None:
        """Takes everything of the index out of its storage."""
        self._storage.drop(self._tables)


def _key(value: np.uint16) -> bytes:
    return int(value).to_bytes(2)
