"""Family `text-minhash`: 256 keyed 1-bit minwise hashes of word and character shingles.

For two texts whose shingle sets have Jaccard similarity J, E[distance] = 128 (1 - J) over keys:
equal minima (probability J) give equal bits, different minima give fair coins.
Specification: `docs/digests.md`. b-bit minwise hashing: Li and König, WWW 2010.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Self

import numpy as np

from verifier.canonical import require_fields
from verifier.digest.bits import Words
from verifier.digest.fast import kernels
from verifier.digest.keystream import words as key_words
from verifier.digest.minwise import digest_sets, permutations
from verifier.digest.nfc import decode_text
from verifier.digest.params import integer
from verifier.digest.shingles import IS_SPACE, PIECE, WHITE_SPACE, shingle
from verifier.errors import DigestError, ProfileError

__all__ = ["MAX_BYTES", "TextMinhash"]

MAX_BYTES = 1 << 20
BLOCK_CODE_POINTS = 1 << 16
"""Texts are worked on in blocks of about this size, which bounds memory and stays in cache."""

ENOUGH_TEXTS = 64
"""From so many texts in a block on the compiled kernel is worth loading."""

BLANK = "".join(map(chr, WHITE_SPACE))


@dataclass(frozen=True, slots=True)
class TextMinhash:
    """wordShingle, characterShingle: words or code points per shingle, 0 for none of that kind."""

    max_bytes: int
    word: int
    character: int

    @classmethod
    def parse(cls, features: Mapping[str, Any], max_bytes: int) -> Self:
        """The `features` of a recipe of this family."""
        require_fields(
            features, "profile's features", ("wordShingle", "characterShingle"), ProfileError
        )
        word = integer(features, "wordShingle", 0, 16)
        character = integer(features, "characterShingle", 0, 64)
        if not word and not character:
            raise ProfileError("The profile's features use no shingles; give at least one size.")
        return cls(integer({"maxBytes": max_bytes}, "maxBytes", 1, MAX_BYTES), word, character)

    def digest(self, contents: Sequence[bytes], key: bytes) -> Words:
        """Digests `uint64[n, 4]` of UTF-8 texts; DigestError for what is not a text."""
        texts = [decode_text(content, self.max_bytes) for content in contents]
        for text in texts:
            if not text.strip(BLANK):
                raise DigestError("The text is blank; there is nothing to compare.")
        blocks = [self._block(block, key) for block in _blocks(texts)]
        return np.concatenate(blocks) if blocks else np.empty((0, 4), dtype=np.uint64)

    def _block(self, texts: Sequence[str], key: bytes) -> Words:
        fast = kernels(len(texts), ENOUGH_TEXTS)
        if fast is not None:
            return self._compiled(fast, texts, key)
        kinds = shingle(texts, self.word, self.character, key)
        return digest_sets(kinds, "text-minhash/permutations", key)

    def _compiled(self, fast: ModuleType, texts: Sequence[str], key: bytes) -> Words:
        words = np.empty((len(texts), 4), dtype=np.uint64)
        fast.digest_texts(
            np.frombuffer("".join(texts).encode("utf-32-le"), dtype="<u4"),
            np.cumsum([len(text) for text in texts]),
            IS_SPACE,
            key_words("text-minhash/word", key, PIECE),
            key_words("text-minhash/word-window", key, self.word),
            key_words("text-minhash/character-window", key, self.character),
            permutations("text-minhash/permutations", key),
            words,
        )
        return words


def _blocks(texts: Sequence[str]) -> list[list[str]]:
    blocks: list[list[str]] = []
    size = BLOCK_CODE_POINTS
    for text in texts:
        if size + len(text) > BLOCK_CODE_POINTS:
            blocks.append([])
            size = 0
        blocks[-1].append(text)
        size += len(text)
    return blocks
