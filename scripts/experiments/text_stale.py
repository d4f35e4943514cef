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

from scripts.experiments.text_logprobs import FEATURES, Records, key_for, raised
from verifier import digest
from verifier.calibration import Case
from verifier.calibration.atomic import write_whole
from verifier.digest import Words
from verifier.digest.logprobs import Logprobs

__all__ = ["guess_distances", "stale_cases"]

SUFFIX = FEATURES["suffix"]
JUDGES = ("torch-f32", "torch-bf16")
MEAN = "the population's mean: frequent tokens at every position"
BORROWED = "the record of another output"
STALE = "the record from before the key was drawn, the suffix guessed"


@dataclass(frozen=True, slots=True)
class _Population:
    """tokens: those that are likeliest most often; weights: how far above the last, by rank."""

    tokens: NDArray[np.uint32]
    weights: NDArray[np.int16]


def guess_distances(records: Records, family: Logprobs) -> dict[str, NDArray[np.uint16]]:
    """By kind of guess, distances `uint16[tasks, 1, judges]` to the judges' honest digests."""
    found: dict[str, list[NDArray[np.int64]]] = {}
    before: Words | None = None
    for task, made in _guesses(records, family):
        key = key_for(task)
        honest = [records.array("honest", judge, task, family.top) for judge in JUDGES]
        wanted = family.digest_records(honest, key)
        claimed = family.digest_records(list(made.values()), key)
        rows = dict(zip(made, claimed[:, None], strict=True))
        if before is not None:
            rows["the honest digest of another round"] = before
        for words, row in rows.items():
            found.setdefault(words, []).append(digest.distances(row, wanted))
        before = wanted[:1]
    return {words: np.array(rows, dtype=np.uint16)[:, None] for words, rows in found.items()}


def stale_cases(records: Records, family: Logprobs) -> Iterator[Case]:
    """Claims of providers that ran the claimed model before the key was drawn, and not since."""
    for task, made in _guesses(records, family):
        content = made[STALE].tobytes()
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


def _guesses(records: Records, family: Logprobs) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """For each task, records made up for it."""
    tasks = records.tasks("honest", *JUDGES)
    arrays = [records.array("honest", JUDGES[0], task, family.top) for task in tasks]
    population = _population(arrays, family) if arrays else None
    for number, task in enumerate(tasks):
        assert population is not None
        true, other = arrays[number], arrays[number - 1]
        yield (
            task,
            {
                MEAN: _spread(true, population),
                BORROWED: _borrowed(true, other),
                STALE: np.concatenate((true[:-SUFFIX], _spread(true[-SUFFIX:], population))),
            },
        )


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
