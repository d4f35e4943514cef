"""Lazy guesses: digests that a provider could claim without running the model.

Every guess at a task is compared with its honest digest under keys of that task's own, which nobody
else's are; the goal is that at most one in a thousand is accepted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verifier import digest
from verifier.calibration import key_of
from verifier.digest import Words
from verifier.digest.bits import pack
from verifier.profiles import Profile

__all__ = ["ORACLE", "Guess", "guesses"]

POPULATION = 256  # other outputs that a provider has
ORACLE = "the nearest of those, as if an oracle had told"

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
    whose prompts are on the same topic; keys: how many keys of its own each task is tried under."""
    names = list(contents)
    if len(names) < 2:
        return []  # nothing to guess from
    rng = np.random.default_rng(1)
    columns: dict[str, list[list[int]]] = {}
    for row, name in enumerate(names):
        others = np.delete(np.arange(len(names)), row)
        near = [other for other in alike[name] if other in contents]
        population = rng.permutation(others)[:POPULATION]
        following = names[(row + 1) % len(names)]
        chosen = [name, near[0] if near else following, *(names[other] for other in population)]
        rows = [contents[other] for other in chosen]
        for number in range(keys):
            key, earlier = (key_of(f"{kind} {name}", number) for kind in ("guess at", "before"))
            words = digest.digest_batch(rows, profile, key)
            before = digest.digest_batch(rows[:1], profile, earlier)
            for kind, apart in _compare(words, before).items():
                columns.setdefault(kind, [[] for _ in names])[row].append(apart)
    return [Guess(kind, np.array(rows, dtype=np.uint16)) for kind, rows in columns.items()]


def _compare(words: Words, before: Words) -> dict[str, int]:
    """Distances to the first of `words`; then come the one on the same topic, and others."""
    apart = digest.distances(words[:1], words)
    return {
        "the population's mean: the majority of each bit over other outputs": int(
            digest.distances(words[:1], _mean(words[2:]))[0]
        ),
        "another output, drawn by chance": int(apart[2]),
        "the output for another prompt on the same topic": int(apart[1]),
        ORACLE: int(apart[2:].min()),
        "the honest digest, under the key of another round": int(
            digest.distances(words[:1], before)[0]
        ),
    }


def _mean(words: Words) -> Words:
    """`uint64[1, 4]`: what most have, bit by bit."""
    bits = np.unpackbits(words.astype("<u8").view(np.uint8), axis=1, bitorder="little")
    return pack(2 * bits.sum(axis=0, dtype=np.int64)[None] > len(words))
