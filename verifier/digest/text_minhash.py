"""Family `text-minhash`: 256 keyed 1-bit minwise hashes of word and character shingles.

With W = `wordShingle` and C = `characterShingle`, not both 0. Sums and products are modulo 2^64.

1. **Text.** Decode UTF-8 (refuse what is not), at most `maxBytes` (at most 2^20) bytes. Normalise
   to **NFC of Unicode 14.0**: a code point that Unicode 14.0 leaves unassigned stays where it is,
   and the pieces between such code points are normalised each by itself, so later versions of
   Unicode give the same result. Case and punctuation stay.
2. **Words.** Split at runs of white space: U+0009–000D, 0020, 0085, 00A0, 1680, 2000–200A, 2028,
   2029, 202F, 205F, 3000. Refuse a text without words. A word of more than 64 code points counts
   as several words of 64 (the last one shorter).
3. **Word shingles** (if W > 0). With `A = words("text-minhash/word", key, 64)`, the hash of a word
   of code points c_0, c_1, … is `h = mix64(Σ A[i]·(c_i + 1))`. With
   `M = words("text-minhash/word-window", key, W)`, the shingle at word i is
   `mix64(Σ_t M[t]·h_{i+t}) >> 32`, for every i with i + W ≤ number of words. A text of fewer than W
   words has one shingle, at i = 0, in which what is missing counts as 0.
4. **Character shingles** (if C > 0). Join the words of step 2 (before the split into 64s) by single
   spaces U+0020. The same windows over the values c + 1 of its code points, of size C, with
   `words("text-minhash/character-window", key, C)`.
5. **Minima.** x runs over all shingles of both kinds (32-bit integers).
   `P = words("text-minhash/permutations", key, 256)`; a_j = the lower 32 bits of P[j] with bit 0
   set, b_j = its upper 32 bits; m_j = min over x of (a_j·x + b_j) mod 2^32.
6. **Bits.** Bit j is the lowest bit of mix32(m_j).

`mix64` and `mix32` are the finalizers of MurmurHash3:

    mix64(v): v ^= v>>33; v *= 0xFF51AFD7ED558CCD; v ^= v>>33; v *= 0xC4CEB9FE1A85EC53; v ^= v>>33
    mix32(v): v ^= v>>16; v *= 0x85EBCA6B; v ^= v>>13; v *= 0xC2B2AE35; v ^= v>>16     (mod 2^32)

**What it estimates.** The set of shingles is hashed by a keyed multilinear function (two different
shingles collide with probability about 2^-32 over keys), then by 256 keyed permutations; the bit
says one bit about the element that came first (b-bit minwise hashing, Li and König, WWW 2010). For
Jaccard similarity J of the two sets, equal minima have probability J and other bits are fair coins:
E[distance] = 128·(1 − J), with the spread of a binomial, measured in
`tests/verifier/test_text_minhash.py`.

**Limits.** Short texts have few shingles, so one changed word moves much; in long ones it moves
little: use `exact` where a single word must not pass. Order of distant passages hardly matters.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from verifier.digest.bits import Words
from verifier.digest.fast import kernels
from verifier.digest.keystream import words as key_words
from verifier.digest.minwise import digest_sets, permutations
from verifier.digest.nfc import decode_text
from verifier.digest.params import Feature, integer, read
from verifier.digest.shingles import ASCII_SOLID, PIECE, WHITE_SPACE, shingle, solid_places
from verifier.errors import DigestError, ProfileError

__all__ = ["MAX_BYTES", "TextMinhash"]

MAX_BYTES = 1 << 20
BLOCK_BYTES = 1 << 16
"""Texts are worked on in blocks of about this size, which bounds memory and stays in cache."""

ENOUGH_TEXTS, LONG_BYTES = 64, 1 << 12
"""From so many texts on the compiled kernel is worth loading; LONG_BYTES count as one more."""

Sizes = NDArray[np.int64]
Codes = NDArray[np.uint8] | NDArray[np.uint32]

BLANK = "".join(map(chr, WHITE_SPACE))


@dataclass(frozen=True, slots=True)
class TextMinhash:
    """word, character: how many words or code points make a shingle, 0 for none of that kind."""

    FEATURES: ClassVar[tuple[Feature, ...]] = (
        Feature("wordShingle", 0, 16),
        Feature("characterShingle", 0, 64),
    )

    max_bytes: int
    word: int
    character: int

    @classmethod
    def parse(cls, features: Mapping[str, Any], max_bytes: int) -> Self:
        """The `features` of a recipe of this family."""
        word, character = read(features, cls.FEATURES)
        if not word and not character:
            raise ProfileError("The profile's features use no shingles; give at least one size.")
        return cls(integer({"maxBytes": max_bytes}, "maxBytes", 1, MAX_BYTES), word, character)

    def digest(self, contents: Sequence[bytes], key: bytes) -> Words:
        """Digests `uint64[n, 4]` of UTF-8 texts; DigestError for what is not a text."""
        sizes = np.fromiter(map(len, contents), dtype=np.int64, count=len(contents))
        fast = kernels(len(contents) + int(sizes.sum()) // LONG_BYTES, ENOUGH_TEXTS)
        blocks = [
            self._block(fast, contents[first:end], sizes[first:end], key)
            for first, end in _blocks(sizes)
        ]
        return np.concatenate(blocks) if blocks else np.empty((0, 4), dtype=np.uint64)

    def _block(
        self, fast: ModuleType | None, contents: Sequence[bytes], sizes: Sizes, key: bytes
    ) -> Words:
        if fast is not None:
            joined = b"".join(contents)
            if joined.isascii() and self._well_formed(contents, sizes):
                # ASCII is its own NFC and its bytes are its code points: nothing to decode.
                solid = np.frombuffer(joined.translate(ASCII_SOLID), dtype=np.uint8)
                codes = np.frombuffer(joined, dtype=np.uint8)
                return self._compiled(fast, codes, solid, sizes, key)
        texts = [self._text(content) for content in contents]
        if fast is not None:
            points = np.frombuffer("".join(texts).encode("utf-32-le"), dtype="<u4")
            lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
            return self._compiled(fast, points, solid_places(points), lengths, key)
        kinds = shingle(texts, self.word, self.character, key)
        return digest_sets(kinds, "text-minhash/permutations", key)

    def _well_formed(self, contents: Sequence[bytes], sizes: Sizes) -> bool:
        """Whether `_text` would refuse none of these ASCII texts."""
        return (
            int(sizes.min()) > 0
            and int(sizes.max()) <= self.max_bytes
            and not any(map(bytes.isspace, contents))
        )

    def _text(self, content: bytes) -> str:
        text = decode_text(content, self.max_bytes)
        if not text.strip(BLANK):
            raise DigestError("The text is blank; there is nothing to compare.")
        return text

    def _compiled(
        self,
        fast: ModuleType,
        codes: Codes,
        solid: NDArray[np.uint8],
        lengths: Sizes,
        key: bytes,
    ) -> Words:
        """codes: the code points of all texts; lengths: how many of them each text has."""
        words = np.empty((len(lengths), 4), dtype=np.uint64)
        fast.digest_texts(
            codes,
            np.cumsum(lengths),
            solid,
            key_words("text-minhash/word", key, PIECE),
            key_words("text-minhash/word-window", key, self.word),
            key_words("text-minhash/character-window", key, self.character),
            permutations("text-minhash/permutations", key),
            words,
        )
        return words


def _blocks(sizes: Sizes) -> Iterator[tuple[int, int]]:
    """First row and end of blocks of about BLOCK_BYTES; of at least one text."""
    ends = np.cumsum(sizes)
    first, done = 0, 0
    while first < len(sizes):
        end = max(first + 1, int(np.searchsorted(ends, done + BLOCK_BYTES, side="right")))
        yield first, end
        first, done = end, int(ends[end - 1])
