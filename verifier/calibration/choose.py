"""Receiver operating characteristic of a tolerance, and the choice of one.

Everything comes from histograms of distances, `int64[257]`: those at most T are accepted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verifier.digest import BITS

__all__ = ["Choice", "accepted", "choose", "histogram"]

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Choice:
    """tolerance: what was chosen; least, most: the range over which calibration could not tell it
    from its neighbours; limit_met: whether false accepts stay within the limit there."""

    tolerance: int
    least: int
    most: int
    limit_met: bool


def histogram(distances: NDArray[np.uint16]) -> Counts:
    """`int64[257]`: how many distances there are of each size; sizes above 256 mean absent."""
    return np.bincount(distances[distances <= BITS].ravel(), minlength=BITS + 1)


def accepted(counts: Counts) -> Floats:
    """`float64[257]`: the share within each tolerance; 0 where there are no distances at all."""
    total = max(1, int(counts.sum()))
    share: Floats = np.cumsum(counts) / total
    return share


def choose(same: Counts, different: Sequence[Counts], limit: float, most: int) -> Choice:
    """The middle of the best tolerances.

    same: distances of honest claims; different: of dishonest ones, one histogram per variant;
    limit: the largest share of any of those that may be accepted; most: the largest tolerance that
    the family admits. Of the tolerances within the limit those are best that accept most honest
    claims; the middle of them keeps equal room for honest engines that were not measured and for
    dishonest outputs that were not. Where none is within the limit, 0 is left.
    """
    worst = np.max([accepted(counts) for counts in different], axis=0)[: most + 1]
    allowed = np.flatnonzero(worst <= limit)
    if not len(allowed):
        return Choice(0, 0, 0, False)
    right = accepted(same)[: allowed[-1] + 1]
    best = np.flatnonzero(right == right[-1])
    least, largest = int(best[0]), int(best[-1])
    return Choice((least + largest) // 2, least, largest, True)
