"""Signs of 256 keyed ±1 projections of small integer features (random hyperplanes)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from verifier.digest.bits import BITS, Words, pack
from verifier.digest.keystream import signs

__all__ = ["project"]


def project(features: NDArray[np.integer[Any]], tag: str, key: bytes) -> Words:
    """Digests `uint64[n, 4]` of integer features `[n, count]`.

    Bit i is 1 iff Σ_k S[i, k]·features[k] > 0 (a sum of exactly 0 gives 0), S = `signs(tag, key)`.
    Sums must stay below 2^24 in size, where float32 is exact: |feature|·count < 2^24.
    """
    matrix = signs(tag, key, BITS, features.shape[1])
    return pack(features.astype(np.float32) @ matrix.T > 0)
