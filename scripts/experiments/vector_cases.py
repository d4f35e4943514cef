"""Makes the embeddings of a plan, the recipe that whitens them, and the cases for calibration."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.experiments.vector_models import DIMENSION, load
from scripts.experiments.vector_plan import (
    ANOTHER_TEXT,
    HONEST,
    NEAREST_TEXT,
    VARIANTS,
    Plan,
    Words,
)
from verifier.calibration import Case
from verifier.calibration.atomic import write_whole
from verifier.digest.whitening import SCALE_BITS

__all__ = ["NAME", "cases_of", "make", "recipe"]

NAME = "vector-hyperplane-minilm"
CHUNK = 128  # texts that are embedded before they are written
EXPONENT = 20
UNIT = 32  # a standard deviation of a feature, after whitening
WHITENED = "whitening"
PLAIN = "float32"

Say = Callable[[str], None]


def task_name(number: int) -> str:
    """The id of task `number`."""
    return f"v{number:04d}"


def path_of(variant: str, number: int) -> str:
    """Where an embedding is, within the work folder: 384 values of float32, little-endian."""
    return f"outputs/{variant}/{task_name(number)}.f32"


def make(plan: Plan, words: Sequence[Words], work: Path, say: Say) -> None:
    """Makes all embeddings of `plan` that are missing; words: tasks, then those for whitening."""
    for variant in VARIANTS:
        texts = {
            path_of(variant.name, number): variant.edit(words[number], words[number + 1])
            for number in range(plan.tasks)
            if plan.has(variant, number)
        }
        _embed(texts, variant.model, work, f"{variant.name}", say)
    texts = {
        path_of(WHITENED, number): VARIANTS[0].edit(words[number], words[number])
        for number in range(plan.tasks, len(words))
    }
    _embed(texts, PLAIN, work, WHITENED, say)


def _embed(texts: dict[str, str], model: str, work: Path, what: str, say: Say) -> None:
    missing = [path for path in texts if not (work / path).exists()]
    if not missing:
        return
    (work / missing[0]).parent.mkdir(parents=True, exist_ok=True)
    embed = load(model)
    for first in range(0, len(missing), CHUNK):
        some = missing[first : first + CHUNK]
        for path, vector in zip(some, embed([texts[path] for path in some]), strict=True):
            write_whole(work / path, vector.astype("<f4").tobytes())
    say(f"{what}: {len(missing)} embeddings")


def recipe(plan: Plan, work: Path) -> dict[str, Any]:
    """The recipe, whitened on texts that are no tasks; its tolerance 0 until it is calibrated."""
    numbers = range(plan.tasks, plan.tasks + plan.whitening)
    raw = np.rint(np.ldexp(_read(work, WHITENED, numbers).astype(np.float64), EXPONENT))
    deviation = raw.std(axis=0)
    # Three of the model's values are the same for every text: scaled to nothing.
    varies = deviation >= 1
    scale = np.where(varies, UNIT * 2**SCALE_BITS / np.where(varies, deviation, 1), 1)
    return {
        "schema": "assay/profile/1",
        "name": NAME,
        "version": 1,
        "modality": "any",
        "family": "vector-hyperplane",
        "canonicalisation": "float32-le",
        "maxBytes": 4 * DIMENSION,
        "features": {
            "dimension": DIMENSION,
            "exponent": EXPONENT,
            "mean": np.rint(raw.mean(axis=0)).astype(int).tolist(),
            "scale": np.rint(scale).astype(int).tolist(),
        },
        "tolerance": 0,
        "environment": {"pins": {"model": "all-MiniLM-L6-v2"}, "variesWith": []},
    }


def cases_of(plan: Plan, work: Path) -> Iterator[Case]:
    """A case per embedding of the plan, and two per task that claim another task's."""
    nearest = _nearest(_read(work, PLAIN, range(plan.tasks)))
    for number in range(plan.tasks):
        for variant in VARIANTS:
            if plan.has(variant, number):
                claim = path_of(variant.name, number)
                label = "same" if variant.honest else "different"
                yield _case(number, label, variant.words, claim, variant.goal, variant.name)
        other = (number + 1) % plan.tasks
        for words, row, goal in (
            (ANOTHER_TEXT, other, True),
            (NEAREST_TEXT, int(nearest[number]), False),
        ):
            yield _case(number, "different", words, path_of(PLAIN, row), goal, PLAIN)


def _case(number: int, label: str, words: str, claim: str, goal: bool, but: str) -> Case:
    """Judged by three honest settings, none of them `but`."""
    seats = tuple(path_of(name, number) for name in HONEST if name != but)[-3:]
    return Case(task_name(number), label, words, claim, seats, goal)


def _read(work: Path, variant: str, numbers: range) -> NDArray[np.float32]:
    raw = b"".join((work / path_of(variant, number)).read_bytes() for number in numbers)
    return np.frombuffer(raw, dtype="<f4").reshape(len(numbers), DIMENSION)


def _nearest(vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """For each, the row of the nearest other one by cosine."""
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1)
    return np.argmax(cosines, axis=1)
