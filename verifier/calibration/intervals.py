"""What a number of trials says about a rate: exact binomial bounds, bootstrap over tasks, majority.

Clopper and Pearson, Biometrika 26 (1934): each bound is the rate at which what was seen, or worse,
has a probability of 2.5 %. Found by bisection on the binomial sum itself, with its terms built from
ratios in logarithms: exact to rounding for a million trials, and no library for one quantile.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CONFIDENCE",
    "bootstrap",
    "clopper_pearson",
    "majority_of_three",
    "rule_of_three",
    "trials_needed",
]

CONFIDENCE = 0.95
RESAMPLES = 2000
STEPS = 60  # halvings of an interval of length 1: below the rounding of a double

Floats = NDArray[np.float64]


def clopper_pearson(events: int, trials: int) -> tuple[float, float]:
    """The two-sided 95 % interval of the rate behind `events` of `trials` independent trials."""
    if not 0 <= events <= trials:
        raise ValueError(f"{events} events of {trials} trials")
    tail = (1 - CONFIDENCE) / 2
    choose = _log_choose(trials, events)

    def at_most(most: int, rate: float) -> float:
        return _at_most(most, trials, choose, rate)

    low = 0.0 if events == 0 else _solve(lambda p: 1 - at_most(events - 1, p), tail, True)
    high = 1.0 if events == trials else _solve(lambda p: at_most(events, p), tail, False)
    return low, high


def rule_of_three(trials: int) -> float:
    """The rate that no event in `trials` independent trials excludes with 95 % (one-sided): 3/n."""
    return 1.0 if trials == 0 else 1 - (1 - CONFIDENCE) ** (1 / trials)


def trials_needed(rate: float) -> int:
    """How many independent trials without an event show with 95 % that the rate is below `rate`."""
    return math.ceil(math.log(1 - CONFIDENCE) / math.log1p(-rate))


def majority_of_three(rate: float) -> float:
    """How often two or three of three happen that are independent and each have this rate."""
    return rate * rate * (3 - 2 * rate)


def bootstrap(events: NDArray[np.int64], trials: NDArray[np.int64]) -> tuple[float, float]:
    """The 95 % percentile interval of sum(events) / sum(trials) over tasks drawn with replacement.

    events, trials: `int64[tasks]`. Tasks are what is independent; pairs of one task are not. Where
    nothing happened it is [0, 0] and says nothing: see the exact interval.
    """
    # Most tasks are alike, so what is drawn is how many there are of each kind: the same law.
    kinds, counts = np.unique(np.stack((events, trials)), axis=1, return_counts=True)
    rng = np.random.default_rng(20)
    drawn = rng.multinomial(len(trials), counts / len(trials), size=RESAMPLES)
    sums = drawn @ kinds.T
    rates = sums[:, 0] / np.maximum(1, sums[:, 1])
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(rates, [tail, 100 - tail])
    return float(low), float(high)


def _log_choose(trials: int, most: int) -> Floats:
    """`float64[most + 1]`: log of the binomial coefficients, so far as they are wanted."""
    steps = np.arange(1, most + 1, dtype=np.float64)
    return np.concatenate(([0.0], np.cumsum(np.log((trials - steps + 1) / steps))))


def _at_most(events: int, trials: int, log_choose: Floats, rate: float) -> float:
    """Probability of at most so many events in so many trials; 0 < rate < 1."""
    counts = np.arange(events + 1)
    rest = trials - counts
    logs = log_choose[: events + 1] + counts * math.log(rate) + rest * math.log1p(-rate)
    return float(np.exp(logs).sum())


def _solve(probability: Callable[[float], float], target: float, rising: bool) -> float:
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        if (probability(middle) < target) == rising:
            low = middle
        else:
            high = middle
    return (low + high) / 2
