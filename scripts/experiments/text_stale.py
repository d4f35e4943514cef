"""Guesses at log-probabilities: records made up without running the claimed model on all of it.

The given tokens are public, the suffix too once the key is drawn. What a provider may have besides
is how often the model names which token at all, a record of another output, or a record of this
output from before the key was drawn, which lacks the suffix.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from scripts.experiments.text_logprobs import (
    FEATURES,
    SUFFIX_ENGINE,
    Records,
    key_for,
    raised,
)
from verifier import digest
from verifier.calibration import Case
from verifier.calibration.atomic import write_whole
from verifier.digest.logprobs import Logprobs

__all__ = ["guess_distances", "stale_cases"]

SUFFIX = FEATURES["suffix"]
MEAN = "the population's mean: frequent tokens at every position"
BORROWED = "the record of another output"
STALE = "the record from before the key was drawn, the suffix guessed"
REUSED = "the honest digest, under the key of another round"


@dataclass(frozen=True, slots=True)
class _Population:
    """tokens: those that are likeliest most often; weights: how far above the last, by rank."""

    tokens: NDArray[np.uint32]
    weights: NDArray[np.int16]


def guess_distances(records: Records, family: Logprobs) -> dict[str, NDArray[np.uint16]]:
    """By kind of guess, distances `uint16[tasks, keys]` to the honest digest under each key."""
    tasks = [task for task in records.tasks("honest", SUFFIX_ENGINE) if task in records.suffixes]
    honest = [records.under_all_keys(task, family.top) for task in tasks]
    population = _population([made[0] for made in honest], family) if honest else None
    found: dict[str, list[list[int]]] = {}
    for row, task in enumerate(tasks):
        assert population is not None
        before = family.digest_records(honest[row][-1:], key_for(task, len(honest[row]) - 1))
        columns: dict[str, list[int]] = {}
        for number, true in enumerate(honest[row]):
            guesses = _guesses(true, honest[row - 1][number], population)
            words = family.digest_records([true, *guesses.values()], key_for(task, number))
            claims = {**dict(zip(guesses, words[1:, None], strict=True)), REUSED: before}
            for kind, claim in claims.items():
                apart = int(digest.distances(words[:1], claim)[0])
                columns.setdefault(kind, []).append(apart)
            before = words[:1]
        for kind, aparts in columns.items():
            found.setdefault(kind, []).append(aparts)
    return {kind: np.array(rows, dtype=np.uint16) for kind, rows in found.items()}


def stale_cases(records: Records, family: Logprobs) -> Iterator[Case]:
    """Claims of providers that ran the claimed model before the key was drawn, and not since."""
    tasks = records.tasks("honest", SUFFIX_ENGINE)
    arrays = [records.array("honest", SUFFIX_ENGINE, task, family.top) for task in tasks]
    population = _population(arrays, family) if arrays else None
    for task, true in zip(tasks, arrays, strict=True):
        assert population is not None
        content = _stale(true, population).tobytes()
        name = f"{task}.{sha256(content).hexdigest()[:16]}.bin"
        path = f"outputs/records/stale.{family.top}/{name}"
        if not (records.work / path).exists():
            (records.work / path).parent.mkdir(parents=True, exist_ok=True)
            write_whole(records.work / path, content)
        seats = tuple(
            records.file("honest", judge, task, family.top)
            for judge in records.seats(task, but="llama-q4_1")
        )
        yield Case(task, "different", STALE, path, seats, True, key_for(task))


def _guesses(true: np.ndarray, other: np.ndarray, population: _Population) -> dict[str, np.ndarray]:
    """Records made up for one task; other: the record of another output."""
    return {
        MEAN: _spread(true, population),
        BORROWED: _borrowed(true, other),
        STALE: _stale(true, population),
    }


def _stale(true: np.ndarray, population: _Population) -> np.ndarray:
    """What was known of the output before the key was drawn, and the population's suffix."""
    return np.concatenate((true[:-SUFFIX], _spread(true[-SUFFIX:], population)))


def _population(arrays: Sequence[np.ndarray], family: Logprobs) -> _Population:
    counts = Counter[int]()
    for array in arrays:
        counts.update(array["top"]["token"][:, 1:].ravel().tolist())
    tokens = [token for token, _ in counts.most_common(family.top)]
    values = np.concatenate([array["top"]["logprob"] for array in arrays]).astype(np.int64)
    return _Population(np.array(tokens, dtype=np.uint32), np.median(values, axis=0).astype("<i2"))


def _spread(true: np.ndarray, population: _Population) -> np.ndarray:
    """The given tokens, and the population's alternatives everywhere."""
    guess = true.copy()
    guess["top"]["token"] = population.tokens
    guess["top"]["logprob"] = population.weights
    return raised(guess)


def _borrowed(true: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The given tokens, and the alternatives of another record, repeated where it is shorter."""
    guess = true.copy()
    guess["top"] = other["top"][np.arange(len(true)) % len(other)]
    return raised(guess)
