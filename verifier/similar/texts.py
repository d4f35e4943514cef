"""Texts like one text, by the sketches of `sketches`.

datasketch's MinHashLSH cuts a sketch into bands: what shares a band with the query is a candidate,
and candidates are ranked by how much of the whole sketch they share. A text of Jaccard similarity J
is a candidate with probability 1 − (1 − J^rows)^bands. MinHashLSHForest looks for the k most alike
instead, by ever shorter prefixes of the bands.
"""

import operator
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from datasketch import MinHashLSH, MinHashLSHForest

from verifier.errors import SimilarError
from verifier.similar.sketches import Sketch, Sketching, similarities
from verifier.similar.storage import MEMORY, Storage

__all__ = ["BANDS", "Alike", "TextForest", "TextIndex", "most_alike"]

BANDS = 32
"""Of 4 numbers each with 128 permutations: finds 99 % of what is 0.62 alike, 87 % at 0.5."""

TREES = 8
MORE = 4
"""The forest is asked for so many times more than wanted, and the most alike are taken."""


class Alike(NamedTuple):
    """A text that was found: its id, and the estimate of its Jaccard similarity, 0..1."""

    id: str
    similarity: float


class TextIndex:
    """Texts over MinHashLSH; in memory, or in the Redis that `storage` names.

    An index on a storage that holds one already continues it: give it the same sketching and bands.
    """

    def __init__(
        self,
        sketching: Sketching | None = None,
        bands: int = BANDS,
        storage: Storage = MEMORY,
    ) -> None:
        self.sketching = sketching or Sketching()
        rows, rest = divmod(self.sketching.permutations, bands) if bands > 1 else (0, 1)
        if rest or not rows:
            raise SimilarError(
                f"{self.sketching.permutations} permutations cannot be cut into {bands} bands; "
                "give a number that divides them, 2 or more."
            )
        self.bands, self._storage = bands, storage
        with storage.answering():
            self._lsh = MinHashLSH(
                num_perm=self.sketching.permutations,
                params=(bands, rows),
                storage_config=storage.config(),
                prepickle=False,  # what a Redis gives back is never unpickled
            )

    def __len__(self) -> int:
        with self._storage.answering():
            return int(self._lsh.keys.size())

    def add(self, items: Iterable[tuple[str, Sketch]]) -> None:
        """Adds texts by id and sketch; an id must not be in the index already."""
        with self._storage.answering(), self._lsh.insertion_session() as session:
            for id, sketch in items:
                minhash = self.sketching.minhash(sketch)
                session.insert(id.encode(), minhash, check_duplication=False)

    def alike(self, query: Sketch, least: float = 0.5, limit: int | None = None) -> list[Alike]:
        """Texts of at least `least` similarity that the bands name, the most alike first."""
        with self._storage.answering():
            ids = self._lsh.query(self.sketching.minhash(query))
            stored = self._lsh.keys.getmany(*ids)
        found = _ranked(ids, stored, query)
        return [one for one in found if one.similarity >= least][:limit]

    def drop(self) -> None:
        """Takes everything of the index out of its storage."""
        self._storage.drop([self._lsh.keys, *self._lsh.hashtables])


class TextForest:
    """Texts over MinHashLSHForest, in memory: for the k most alike, however little that is."""

    def __init__(self, items: Iterable[tuple[str, Sketch]], sketching: Sketching | None = None):
        self.sketching = sketching or Sketching()
        self._forest = MinHashLSHForest(num_perm=self.sketching.permutations, l=TREES)
        for id, sketch in items:
            self._forest.add(id.encode(), self.sketching.minhash(sketch))
        self._forest.index()

    def __len__(self) -> int:
        return len(self._forest.keys)

    def nearest(self, query: Sketch, count: int) -> list[Alike]:
        """About the `count` texts most like `query`, the most alike first."""
        ids = self._forest.query(self.sketching.minhash(query), MORE * count)
        stored = [self._forest.keys[id] for id in ids]
        return _ranked(ids, stored, query)[:count]


def most_alike(
    ids: Sequence[str], sketches: Sketch, query: Sketch, least: float = 0.0, limit: int = 10
) -> list[Alike]:
    """The texts whose sketches, `uint32[n, p]`, are most like `query`; compares with every one."""
    found = similarities(sketches, query)
    order = np.argsort(-found, kind="stable")[:limit]
    return [Alike(ids[row], float(found[row])) for row in order if found[row] >= least]


def _ranked(ids: Sequence[bytes], stored: Sequence[Sequence[Any]], query: Sketch) -> list[Alike]:
    """Candidates by similarity; what datasketch stores of each are its bands, byte-swapped."""
    if not ids:
        return []
    sketches = [b"".join(bands) for bands in stored]
    if {len(sketch) for sketch in sketches} != {query.nbytes}:
        raise SimilarError("The store holds sketches that are not of this index; build it again.")
    rows = np.frombuffer(b"".join(sketches), dtype=np.uint32).byteswap().reshape(len(ids), -1)
    found = similarities(rows, query)
    named = [Alike(id.decode(), float(one)) for id, one in zip(ids, found, strict=True)]
    return sorted(named, key=operator.attrgetter("similarity"), reverse=True)
