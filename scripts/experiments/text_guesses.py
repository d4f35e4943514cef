"""Lazy guesses: digests that a provider could claim without running the model.

Every guess is compared with the honest digest under keys of its own; the goal is that at most one
in a thousand is accepted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verifier import digest
from verifier.calibration import key_of
from verifier.digest import Words
from verifier.digest.bits import BITS, pack
from verifier.profiles import Profile

__all__ = ["Guess", "guesses"]

Distances = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Guess:
    """words: what is claimed; distances: `uint16[tasks, keys]` to the honest digest."""

    words: str
    distances: Distances


def guesses(
    contents: Mapping[str, bytes], alike: Mapping[str, Sequence[str]], profile: Profile, keys: int
) -> list[Guess]:
    """What guessing gets. contents: the honest output of each task; alike: for each task, others
    whose prompts are on the same topic; keys: how many keys each guess is tried under."""
    names = list(contents)
    place = {name: row for row, name in enumerate(names)}
    near = [[place[other] for other in alike[name] if other in place] for name in names]
    columns: dict[str, list[Distances]] = {}
    before: Words | None = None
    for number in range(keys):
        key = key_of("guesses", number)
        words = digest.digest_batch(list(contents.values()), profile, key)
        found = {
            "the population's mean: the majority of each bit over all other outputs": _mean(words),
            "another output, drawn by chance": digest.distances(words, np.roll(words, 1, axis=0)),
            "the output for another prompt on the same topic": _first(words, near),
            "the nearest of all other outputs, as if an oracle had told": _nearest(words),
        }
        if before is not None:
            found["the honest digest, under the key of another round"] = digest.distances(
                words, before
            )
        for name, row in found.items():
            columns.setdefault(name, []).append(row.astype(np.uint16))
        before = words
    return [Guess(name, np.stack(rows, axis=1)) for name, rows in columns.items()]


def _mean(words: Words) -> NDArray[np.int64]:
    bits = np.unpackbits(words.astype("<u8").view(np.uint8), axis=1, bitorder="little")
    ones = bits.sum(axis=0, dtype=np.int64)[None] - bits  # without the task's own
    guess = pack(2 * ones > len(words) - 1)
    return digest.distances(words, guess)


def _first(words: Words, near: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """To the first of those that are alike; to the next task's where there is none."""
    chosen = [rows[0] if rows else (row + 1) % len(near) for row, rows in enumerate(near)]
    return digest.distances(words, words[chosen])


def _nearest(words: Words) -> NDArray[np.int64]:
    least = np.full(len(words), BITS, dtype=np.int64)
    for shift in range(1, len(words)):
        np.minimum(least, digest.distances(words, np.roll(words, shift, axis=0)), out=least)
    return least
