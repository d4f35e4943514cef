"""What is done to a tensor of weights to make another model, or another precision, of it."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Change", "Weights", "brain", "half", "noised", "pruned"]

Weights = NDArray[np.float32]
Change = Callable[[Weights], Weights]


def half(values: Weights) -> Weights:
    """Rounded to IEEE half precision."""
    return values.astype(np.float16).astype(np.float32)


def brain(values: Weights) -> Weights:
    """Rounded to bfloat16, halves to even."""
    bits = np.ascontiguousarray(values).view(np.uint32).astype(np.uint64)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return rounded.astype(np.uint32).view(np.float32).reshape(values.shape)


def pruned(share: float) -> Change:
    """Sets the smallest `share` of each tensor of weights to 0 (biases and norms stay)."""

    def cut(values: Weights) -> Weights:
        sizes = np.abs(values)
        kept: Weights = np.where(sizes < np.quantile(sizes, share), np.float32(0), values)
        return kept if values.ndim > 1 else values

    return cut


def noised(level: float, seed: int) -> Change:
    """Adds normal noise of `level` standard deviations of each tensor of weights to it."""
    rng = np.random.default_rng(seed)

    def shake(values: Weights) -> Weights:
        if values.ndim < 2:
            return values
        noise = rng.standard_normal(values.shape, dtype=np.float32)
        shaken: Weights = values + noise * np.float32(level * values.std())
        return shaken

    return shake
