"""Binomial and beta-binomial probabilities: exact sums in double precision, any p from 0 to 1."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "at_least", "beta_binomial", "binomial", "trinomial"]

Floats = NDArray[np.float64]


def binomial(n: int, p: float) -> Floats:
    """P(X = k) for k = 0..n, `float64[n + 1]`."""
    k = np.arange(n + 1)
    if p in (0.0, 1.0):
        return np.where(k == n * p, 1.0, 0.0)
    logs: Floats = _log_choose(n) + k * np.log(p) + (n - k) * np.log1p(-p)
    return _exp(logs)


def at_least(terms: Floats, least: int) -> float:
    """P(X ≥ least) of the probabilities `terms` of 0, 1, 2, …; smallest terms are added first."""
    return float(np.sort(terms[max(least, 0) :]).sum())


def beta_binomial(n: int, mean: float, correlation: float) -> Floats:
    """P(X = k) where every two of n trials of probability `mean` correlate by `correlation`.

    The trials share one hidden probability, Beta(a, b) with a + b = 1/correlation − 1. Skellam,
    J. R. Statist. Soc. B 10 (1948) 257-261. Correlation 0 is the binomial.
    """
    if correlation == 0 or n < 2 or mean in (0.0, 1.0):
        return binomial(n, mean)
    total = 1 / correlation - 1
    good = _log_rising(mean * total, n)
    bad = _log_rising((1 - mean) * total, n)
    return _exp(_log_choose(n) + good + bad[::-1] - _log_rising(total, n)[n])


def trinomial(n: int, p: float, q: float) -> Floats:
    """P(X = i, Y = j) of n trials that are X with p and Y with q, `float64[n + 1, n + 1]`."""
    table = np.zeros((n + 1, n + 1))
    for i, chance in enumerate(binomial(n, p)):
        rest = n - i
        table[i, : rest + 1] = chance * binomial(rest, min(1.0, q / (1 - p)) if p < 1 else 0.0)
    return table


def _log_choose(n: int) -> Floats:
    logs = _log_rising(1.0, n)
    choose: Floats = logs[n] - logs - logs[::-1]
    return choose


def _log_rising(start: float, n: int) -> Floats:
    """log(start · (start + 1) ⋯ (start + k − 1)) for k = 0..n."""
    return np.concatenate(([0.0], np.cumsum(np.log(start + np.arange(n)))))


def _exp(logs: Floats) -> Floats:
    return np.asarray(np.exp(logs))
