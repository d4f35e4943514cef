"""Rates of acceptance from distances, with both intervals."""

import numpy as np
from numpy.typing import NDArray

from scripts.experiments.image_search import deciding
from verifier.calibration.intervals import bootstrap, clopper_pearson
from verifier.calibration.result import Rate

__all__ = ["by_majority", "by_one", "over_keys", "rate"]

Lengths = NDArray[np.uint16]


def by_one(distances: Lengths, tolerance: int) -> Rate:
    """How often one verifier accepts; distances: `[tasks, keys, 3]`."""
    return rate(distances <= tolerance)


def by_majority(distances: Lengths, tolerance: int) -> Rate:
    """How often two of three verifiers accept; distances: `[tasks, keys, 3]`."""
    return rate(deciding(distances)[:, :, None] <= tolerance)


def over_keys(accepted: NDArray[np.bool_]) -> tuple[float, float]:
    """The exact interval of `bool[tasks, keys]`, where each task has keys of its own.

    Of given tasks: keys are drawn independently, so every comparison is a trial. It says nothing of
    tasks that were not tried; `rate` does.
    """
    return clopper_pearson(int(accepted.sum()), accepted.size)


def rate(happened: NDArray[np.bool_]) -> Rate:
    """Of `bool[tasks, keys, ...]`; one key of each task, its first value, is the task's trial."""
    tasks, keys = happened.shape[:2]
    events = happened.reshape(tasks, -1).sum(axis=1)
    pairs = np.full(tasks, happened[0].size)
    first = happened.reshape(tasks, keys, -1)[np.arange(tasks), np.arange(tasks) % keys, 0]
    return Rate(
        events=int(events.sum()),
        pairs=int(pairs.sum()),
        bootstrap=bootstrap(events, pairs),
        trial_events=int(first.sum()),
        trials=tasks,
        exact=clopper_pearson(int(first.sum()), tasks),
    )
