"""Search for a different text whose digest passes, with the key known.

The provider starts from a text that is not the honest one and appends words. Each word adds a few
shingles, which win a few of the 256 minima; it keeps the word that brings the digest nearest to the
honest one's, again and again. What a text adds is the least of its own minima and those of what it
is appended to, so a word costs no more to try than its few shingles.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verifier.digest.minwise import bits_of, minima_of, permutations
from verifier.digest.shingles import shingle
from verifier.digest.text_minhash import TextMinhash

__all__ = ["Found", "Search", "vocabulary"]

POOL = 4096  # endings tried at each step
TAIL = 4  # words of the text that shingles of an ending can reach

Minima = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Found:
    """text: the best that was found; distance: of its digest to the honest one's, in bits, under
    the known key; first: the distance of the text that it began with; tries: endings tried."""

    text: str
    distance: int
    first: int
    tries: int


def vocabulary(texts: Sequence[str]) -> list[str]:
    """The words of `texts`, in order of their first use."""
    return list(dict.fromkeys(word for text in texts for word in text.split()))


class Search:
    """For texts that pass for others under one key. words: what endings are made of."""

    def __init__(self, family: TextMinhash, key: bytes, words: Sequence[str], seed: int) -> None:
        self._family, self._key, self._words = family, key, words
        self._constants = permutations("text-minhash/permutations", key)
        self._rng = np.random.default_rng(seed)

    def run(self, honest: str, start: str, tolerance: int, limit: int) -> Found:
        """Appends to `start` until it passes for `honest`, or `limit` endings have been tried."""
        wanted = bits_of(self._minima([honest]))
        text, minima = start, self._minima([start])
        first = best = int((bits_of(minima) != wanted).sum())
        tries = 1
        while best > tolerance and tries < limit:
            endings = self._endings(min(POOL, limit - tries))
            tail = " ".join(text.split()[-TAIL:])
            extended = np.minimum(minima, self._minima([f"{tail} {word}" for word in endings]))
            apart = (bits_of(extended) != wanted).sum(axis=1)
            tries += len(endings)
            chosen = int(apart.argmin())
            if apart[chosen] < best:
                best, text = int(apart[chosen]), f"{text} {endings[chosen]}"
                minima = extended[:, chosen : chosen + 1]
        return Found(text, best, first, tries)

    def _minima(self, texts: Sequence[str]) -> Minima:
        """`uint32[256, n]`: the least of each permutation over the shingles of each text."""
        kinds = shingle(texts, self._family.word, self._family.character, self._key)
        return np.minimum.reduce([minima_of(kind, self._constants) for kind in kinds])

    def _endings(self, count: int) -> list[str]:
        """One or two words each."""
        drawn = self._rng.integers(len(self._words), size=(count, 2))
        single = self._rng.random(count) < 0.5
        return [
            self._words[a] if one else f"{self._words[a]} {self._words[b]}"
            for (a, b), one in zip(drawn.tolist(), single.tolist(), strict=True)
        ]
