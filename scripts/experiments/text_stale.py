"""Guesses at log-probabilities: records made up without running the claimed model on all of it.

The given tokens are public, the suffix too once the key is drawn. What a provider may have besides
is how often the model names which token at all, a record of another output, or a record of this
output from before the key was drawn, which lacks the suffix.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scripts.experiments.text_logprobs import FEATURES, JUDGE, Records, key_for
from verifier import digest
from verifier.digest.logprobs import Logprobs

__all__ = ["guess_distances"]

SUFFIX = FEATURES["suffix"]


@dataclass(frozen=True, slots=True)
class _Population:
    """tokens: those that are likeliest most often; weights: how far above the last, by rank."""

    tokens: NDArray[np.uint32]
    weights: NDArray[np.int16]


def guess_distances(
    records: Records, family: Logprobs, judges: Sequence[str]
) -> dict[str, NDArray[np.uint16]]:
    """By kind of guess, distances `uint16[tasks, 1, judges]` to the judges' honest digests."""
    tasks = records.tasks("honest", *judges)
    arrays = {task: records.array("honest", JUDGE, task, family.top) for task in tasks}
    population = _population(list(arrays.values()), family)
    found: dict[str, list[list[int]]] = {}
    for number, task in enumerate(tasks):
        true, key = arrays[task], key_for(task)
        other = arrays[tasks[(number + 1) % len(tasks)]]
        made = {
            "the population's mean: frequent tokens at every position": _spread(true, population),
            "the record of another output": _borrowed(true, other),
            "the record from before the key was drawn, the suffix guessed": np.concatenate(
                (true[:-SUFFIX], _spread(true[-SUFFIX:], population))
            ),
        }
        wanted = np.concatenate(
            [
                family.digest_records([records.array("honest", judge, task, family.top)], key)
                for judge in judges
            ]
        )
        for words, guess in made.items():
            claimed = family.digest_records([guess], key)
            row = digest.distances(claimed, wanted).tolist()
            found.setdefault(words, []).append(row)
        reused = family.digest_records([other], key_for(tasks[(number + 1) % len(tasks)]))
        row = digest.distances(reused, wanted).tolist()
        found.setdefault("a digest of another round", []).append(row)
    return {words: np.array(rows, dtype=np.uint16)[:, None] for words, rows in found.items()}


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
    return _plausible(guess)


def _borrowed(true: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The given tokens, and the alternatives of another record, repeated where it is shorter."""
    guess = true.copy()
    guess["top"] = other["top"][np.arange(len(true)) % len(other)]
    return _plausible(guess)


def _plausible(record: np.ndarray) -> np.ndarray:
    """The given token as the likeliest everywhere, and what is equally likely in rising order."""
    tokens = record["top"]["token"]
    found = tokens == record["given"][:, None]
    place = np.where(found.any(axis=1), found.argmax(axis=1), 0)
    rows = np.arange(len(record))
    tokens[rows, place] = tokens[:, 0]
    tokens[:, 0] = record["given"]
    record["top"]["logprob"][:, 0] = np.maximum(record["top"]["logprob"][:, 0], -1)
    order = np.lexsort((record["top"]["token"], -record["top"]["logprob"].astype(int)), axis=1)
    record["top"] = np.take_along_axis(record["top"], order, axis=1)
    return record
