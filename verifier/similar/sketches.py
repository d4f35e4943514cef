"""Sketches of texts: the standard MinHash of datasketch 2 over shingles of words, unkeyed.

A sketch is what this gives, and nothing else, so sketches made elsewhere are comparable:

    words = NFC (Unicode 14.0) of the text, split at white space
    shingles = each run of `shingle` words joined by single spaces, as UTF-8;
               a text of fewer words is one shingle
    datasketch.MinHash(num_perm=permutations, seed=1, scheme="affine32").update_batch(shingles)
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from datasketch import MinHash
from numpy.typing import NDArray

from verifier.digest.nfc import decode_text
from verifier.digest.shingles import WHITE_SPACE
from verifier.errors import SimilarError

__all__ = ["MAX_BYTES", "SCHEME", "SEED", "Sketch", "Sketching", "similarities"]

MAX_BYTES = 1 << 20
SCHEME = "affine32"
SEED = 1
SPACES = re.compile(f"[{''.join(map(chr, WHITE_SPACE))}]+")
BLOCK_ROWS = 1 << 12

Sketch = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Sketching:
    """shingle: words in one (1..16); permutations: numbers in a sketch (16..1024)."""

    shingle: int = 3
    permutations: int = 128

    def __post_init__(self) -> None:
        for name, value, least, most in (
            ("shingle", self.shingle, 1, 16),
            ("permutations", self.permutations, 16, 1024),
        ):
            if type(value) is not int or not least <= value <= most:
                raise SimilarError(f"The {name} of a sketch is {least} to {most}, not {value!r}.")

    def sketch(self, content: bytes) -> Sketch:
        """`uint32[permutations]` of a UTF-8 text; DigestError for what is none."""
        values: Sketch = self.minhash(None, self.shingles(content)).hashvalues
        return values

    def shingles(self, content: bytes) -> list[bytes]:
        """The set of shingles of a UTF-8 text, in no particular order, at least one."""
        words = [word for word in SPACES.split(decode_text(content, MAX_BYTES)) if word]
        if not words:
            raise SimilarError("The text is blank; there is nothing to compare.")
        count = max(1, len(words) - self.shingle + 1)
        return list({" ".join(words[i : i + self.shingle]).encode() for i in range(count)})

    def minhash(self, sketch: Sketch | None, shingles: list[bytes] | None = None) -> Any:
        """datasketch's object of a sketch, or of shingles."""
        found = MinHash(
            num_perm=self.permutations,
            hashvalues=sketch,
            permutations=_permutations(self.permutations),
            scheme=SCHEME,
        )
        if shingles is not None:
            found.update_batch(shingles)
        return found


def similarities(sketches: Sketch, query: Sketch) -> NDArray[np.float64]:
    """`float64[n]`: the estimate of Jaccard similarity, 0..1, of each of `uint32[n, p]` to `query`.

    Its standard error is √(J·(1 − J) / p): at most 0.044 for 128 permutations.
    """
    equal = np.empty(len(sketches), dtype=np.int64)
    for first in range(0, len(sketches), BLOCK_ROWS):
        block = slice(first, first + BLOCK_ROWS)
        equal[block] = np.count_nonzero(sketches[block] == query, axis=1)
    return equal / len(query)


@lru_cache(maxsize=8)
def _permutations(count: int) -> Any:
    return MinHash(num_perm=count, seed=SEED, scheme=SCHEME).permutations
