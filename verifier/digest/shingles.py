"""Word and character shingles of texts as keyed 32-bit integers, for a whole batch at once.

All arithmetic is modulo 2^64 on unsigned integers. `docs/digests.md` is the specification; the
names here are the names there.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from verifier.digest.keystream import words as key_words
from verifier.digest.minwise import Grouped, mix

__all__ = ["ASCII_SOLID", "PIECE", "WHITE_SPACE", "shingle", "solid_places"]

PIECE = 64
"""A word of more code points than this counts as several words of this length."""

WHITE_SPACE = (
    *range(0x09, 0x0E),
    0x20,
    0x85,
    0xA0,
    0x1680,
    *range(0x2000, 0x200B),
    0x2028,
    0x2029,
    0x202F,
    0x205F,
    0x3000,
)
SPACE = 0x20

Integers = NDArray[np.uint64]
Indices = NDArray[np.intp]

SOLID = np.ones(max(WHITE_SPACE) + 2, dtype=np.uint8)
"""By code point: 0 for white space, else 1; the last entry stands for all above."""
SOLID[list(WHITE_SPACE)] = 0

ASCII_SOLID = SOLID[:256].tobytes()
"""The same for `bytes.translate` of ASCII."""


def shingle(texts: Sequence[str], word: int, character: int, key: bytes) -> list[Grouped]:
    """The shingles of each text, one `Grouped` per kind asked for.

    word, character: how many words or code points make a shingle; 0 for none of that kind. Each
    text must hold at least one code point that is not white space.
    """
    codes, spaces, text_of = _code_points(texts)
    first = np.flatnonzero(~spaces & np.concatenate(([True], spaces[:-1])))
    grouped = []
    if word:
        values, owners = _words(codes, spaces, text_of, first, key)
        grouped.append(_windows(values, owners, word, "text-minhash/word-window", key))
    if character:
        values, owners = _characters(codes, spaces, text_of, first)
        grouped.append(_windows(values, owners, character, "text-minhash/character-window", key))
    return grouped


def solid_places(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """0 where a code point is white space, else 1."""
    return SOLID[np.minimum(codes, len(SOLID) - 1)]


def _code_points(
    texts: Sequence[str],
) -> tuple[Integers, NDArray[np.bool_], Indices]:
    """Code points of all texts, a space after each text, and which text each belongs to."""
    lengths = np.array([len(text) + 1 for text in texts], dtype=np.intp)
    joined = " ".join(texts) + " "
    codes = np.frombuffer(joined.encode("utf-32-le"), dtype="<u4")
    spaces = solid_places(codes) == 0
    return codes.astype(np.uint64), spaces, np.repeat(np.arange(len(texts)), lengths)


def _words(
    codes: Integers, spaces: NDArray[np.bool_], text_of: Indices, first: Indices, key: bytes
) -> tuple[Integers, Indices]:
    """One integer per piece of at most PIECE code points: mix(Σ A[i]·(c_i + 1))."""
    solid = np.flatnonzero(~spaces)
    word_of = np.cumsum(np.isin(solid, first, assume_unique=True)) - 1
    position = (solid - first[word_of]) % PIECE
    terms = key_words("text-minhash/word", key, PIECE)[position] * (codes[solid] + np.uint64(1))
    begins = np.flatnonzero(position == 0)
    return mix(np.add.reduceat(terms, begins)), text_of[solid[begins]]


def _characters(
    codes: Integers, spaces: NDArray[np.bool_], text_of: Indices, first: Indices
) -> tuple[Integers, Indices]:
    """Code points plus one of the words joined by single spaces."""
    keep = ~spaces
    joints = first[1:][text_of[first[1:]] == text_of[first[:-1]]] - 1
    keep[joints] = True
    values = np.where(spaces, np.uint64(SPACE), codes)[keep] + np.uint64(1)
    return values, text_of[keep]


def _windows(values: Integers, owners: Indices, size: int, tag: str, key: bytes) -> Grouped:
    """Σ M[t]·v[i+t] over each window of `size` neighbours in one text, mixed, upper 32 bits.

    A text of fewer than `size` values has one window, in which what is missing counts as 0.
    """
    multipliers = key_words(tag, key, size)
    count = len(values)
    begins = np.flatnonzero(np.concatenate(([True], owners[1:] != owners[:-1])))
    ends = np.append(begins[1:], count)
    left = np.repeat(ends, ends - begins) - np.arange(
        count
    )  # values left in the text, this included
    sums = values * multipliers[0]
    for offset in range(1, min(size, count)):
        inside = left[: count - offset] > offset
        sums[: count - offset] += np.where(
            inside, values[offset:] * multipliers[offset], np.uint64(0)
        )
    whole = left >= size
    whole[begins] = True
    starts = np.concatenate(([0], np.cumsum(np.add.reduceat(whole, begins, dtype=np.intp))[:-1]))
    return Grouped((mix(sums[whole]) >> np.uint64(32)).astype(np.uint32), starts)
