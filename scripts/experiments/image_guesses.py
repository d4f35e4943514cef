"""Guesses of an output by somebody who did not run the model, as whitened features.

Whoever guesses knows the recipe and many earlier outputs, hence guesses features outright and need
not draw a picture that has them. A guess about a task never uses the outputs of that task: tasks
are cut into FOLDS parts, and what is learned for one part is learned from the others.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scripts.experiments.image_plan import CONDITIONS, ImageTask
from verifier.digest.whitening import CLIP, Features

__all__ = ["GUESSES", "Known", "earlier", "noise_features", "rounded"]

FOLDS = 4
NEAR = 3  # conditions that count as near
SIDE = 128  # of the noise
FREQUENCIES = 24  # of the noise, on either axis, that the linear model sees
RIDGE = 300.0

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Known:
    """What can be known of tasks: honest outputs' features `int16[n, count]`, and of each task its
    condition and what its seed makes of noise, `float64[n, FREQUENCIES²]`."""

    features: Features
    conditions: NDArray[np.int64]
    noise: Floats


def noise_features(tasks: Sequence[ImageTask]) -> Floats:
    """Low frequencies of the noise that the model begins from, each of variance 1."""
    waves = np.cos(np.pi * (2 * np.arange(SIDE) + 1) * np.arange(FREQUENCIES)[:, None] / (2 * SIDE))
    rows = np.empty((len(tasks), FREQUENCIES**2))
    for row, task in zip(rows, tasks, strict=True):
        noise = np.random.default_rng(task.seed).standard_normal((SIDE, SIDE), dtype=np.float32)
        row[:] = (waves @ noise @ waves.T).ravel()
    deviations: Floats = rows / np.maximum(rows.std(axis=0), 1e-9)
    return deviations


def earlier(known: Known) -> Iterator[tuple[Rows, Rows]]:
    """Rows of the tasks of a part, and rows of what may be used for them; part after part."""
    # Not by the number itself: conditions go by it.
    parts = np.random.default_rng(3).permutation(len(known.features)) % FOLDS
    for part in range(FOLDS):
        yield np.flatnonzero(parts == part), np.flatnonzero(parts != part)


def mean_of_all(known: Known) -> Floats:
    """The mean of many outputs."""
    guesses = np.empty(known.features.shape)
    for tasks, learned in earlier(known):
        guesses[tasks] = known.features[learned].mean(axis=0)
    return guesses


def mean_of_near(known: Known) -> Floats:
    """The mean of outputs whose condition is at most NEAR away."""
    guesses = mean_of_all(known)
    for tasks, learned in earlier(known):
        for task in tasks:
            apart = np.abs(known.conditions[learned] - known.conditions[task])
            if (apart <= NEAR).any():
                guesses[task] = known.features[learned[apart <= NEAR]].mean(axis=0)
    return guesses


def linear_model(known: Known) -> Floats:
    """A model thousands of times cheaper: features by ridge regression on the noise."""
    level = (known.conditions / CONDITIONS - 0.5) * 4
    inputs = np.column_stack((known.noise, level, level**2))
    guesses = np.empty(known.features.shape)
    for tasks, learned in earlier(known):
        given, wanted = inputs[learned], known.features[learned].astype(np.float64)
        centre, mean = given.mean(axis=0), wanted.mean(axis=0)
        given, wanted = given - centre, wanted - mean
        square = given.T @ given + RIDGE * np.eye(given.shape[1])
        guesses[tasks] = mean + (inputs[tasks] - centre) @ np.linalg.solve(square, given.T @ wanted)
    return guesses


def cached_neighbour(known: Known) -> Floats:
    """The earlier output that is nearest to what the linear model expects of this task."""
    return _nearest(known, linear_model(known))


def nearest_of_all(known: Known) -> Floats:
    """The earlier output that is nearest to the honest one, as only an oracle would know."""
    return _nearest(known, known.features.astype(np.float64))


GUESSES: dict[str, Callable[[Known], Floats]] = {
    "mean of all earlier outputs": mean_of_all,
    "mean of earlier outputs of about that condition": mean_of_near,
    "linear model of the noise": linear_model,
    "earlier output that the linear model finds nearest": cached_neighbour,
    "earlier output that is nearest (by an oracle)": nearest_of_all,
}
"""Each gives `float64[n, count]`, a guess per task; see `rounded`."""


def rounded(guesses: Floats) -> Features:
    """As features of a digest."""
    features: Features = np.clip(np.rint(guesses), -CLIP, CLIP).astype(np.int16)
    return features


def _nearest(known: Known, wanted: Floats) -> Floats:
    """For each task the output of other tasks that has the least angle to its row of `wanted`."""
    unit = known.features / np.linalg.norm(known.features, axis=1, keepdims=True)
    found = np.empty(known.features.shape)
    for tasks, learned in earlier(known):
        best = (wanted[tasks] @ unit[learned].T).argmax(axis=1)
        found[tasks] = known.features[learned[best]]
    return found
