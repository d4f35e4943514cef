"""Whitening: each coefficient centred and scaled by constants of the profile, in integers.

The constants are measured on real outputs and part of the recipe, so the population mean is the
zero vector, whose digest (all bits 0) is no nearer to an output's than chance, and no coefficient
outshouts the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from verifier.digest.params import Feature, integers

__all__ = ["BOUND", "MEAN", "SCALE", "SCALE_BITS", "Features", "Whitening"]

SCALE_BITS = 20
CLIP = 127
BOUND = 1 << 24
"""Coefficients and means are at most this large."""

MEAN = Feature("mean", -BOUND, BOUND, listed=True)
SCALE = Feature("scale", 1, 1 << 30, listed=True)

Features = NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """mean, scale: `int64[count]`. A scale of 32·2^20/σ makes a standard deviation 32."""

    mean: NDArray[np.int64]
    scale: NDArray[np.int64]

    @classmethod
    def parse(cls, features: Mapping[str, Any], count: int) -> Self:
        """The lists `mean` and `scale` of a recipe's features, each of `count` integers."""
        return cls(
            np.array(integers(features, MEAN, count), dtype=np.int64),
            np.array(integers(features, SCALE, count), dtype=np.int64),
        )

    def __len__(self) -> int:
        return len(self.mean)

    def apply(self, raw: NDArray[np.int64]) -> Features:
        """`int16[..., count]`, each clip(((raw - mean)·scale + 2^19) >> 20, -127, 127)."""
        scaled = ((raw - self.mean) * self.scale + (1 << (SCALE_BITS - 1))) >> SCALE_BITS
        clipped: Features = np.clip(scaled, -CLIP, CLIP).astype(np.int16)
        return clipped
