"""Texts and digests for tests of look-alike search."""

import numpy as np

from verifier.digest.bits import Words, from_words


def text(seed: int, words: int = 60, changed: int = 0) -> bytes:
    """A text of random words; `changed` of them, spread over it, differ from those of its seed."""
    drawn = np.random.default_rng(seed).integers(0, 3000, words)
    for place in np.linspace(0, words - 1, changed, dtype=int):
        drawn[place] += 5000
    return " ".join(f"w{word}" for word in drawn).encode()


def random_words(count: int, seed: int = 1) -> Words:
    """Random digests `uint64[count, 4]`."""
    return np.random.default_rng(seed).integers(0, 2**64, (count, 4), dtype=np.uint64)


def flipped(words: Words, row: int, bits: int, seed: int = 1) -> bytes:
    """Digest `row` with so many of its bits flipped."""
    places = np.random.default_rng(seed).permutation(256)[:bits].tolist()
    value = int.from_bytes(from_words(words[row : row + 1])[0])
    return (value ^ sum(1 << place for place in places)).to_bytes(32)
