"""Family `vector-hyperplane`: signs of 256 keyed projections of a quantised, whitened embedding.

With D = `dimension`, E = `exponent`, and `mean`, `scale` lists of D integers. Signed integers. The
content is D values of IEEE float32, little-endian; `maxBytes` is 4·D.

1. Refuse another length, a value that is not finite, and the zero vector.
2. `F_k = x_k·2^E`, rounded to the nearest integer, halves to even, then clipped to ±2^24. Both
   steps are exact in float64 on every machine.
3. `q_k = clip( ((F_k − mean_k)·scale_k + 2^19) >> 20, −127, 127 )`.
4. With `S = signs("vector-hyperplane/projections", key, 256, D)`, bit i is 1 iff
   Σ_k S[i, k]·q_k > 0.

**What it estimates.** The angle θ after whitening: E[distance] = 256·θ/π over keys (random
hyperplanes, Charikar, STOC 2002). **Limits.** Rounding in the last digits of an embedding moves few
bits; another model's embedding of the same text is as far as chance unless it was trained to agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from verifier.digest.bits import Words
from verifier.digest.keystream import check_key
from verifier.digest.params import Feature, read
from verifier.digest.projection import project
from verifier.digest.whitening import BOUND, MEAN, SCALE, Features, Whitening
from verifier.errors import DigestError, ProfileError

__all__ = ["MAX_DIMENSION", "VectorHyperplane"]

MAX_DIMENSION = 4096
FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True, eq=False)
class VectorHyperplane:
    """dimension: of a vector; exponent: a value x counts as x·2^exponent, rounded to an integer."""

    FEATURES: ClassVar[tuple[Feature, ...]] = (
        Feature("dimension", 1, MAX_DIMENSION),
        Feature("exponent", -32, 64),
        MEAN,
        SCALE,
    )

    dimension: int
    exponent: int
    whitening: Whitening

    @classmethod
    def parse(cls, features: Mapping[str, Any], max_bytes: int) -> Self:
        """The `features` of a recipe of this family; `max_bytes` must fit one vector exactly."""
        dimension, exponent = read(features, cls.FEATURES)
        if max_bytes != FLOAT_BYTES * dimension:
            raise ProfileError(
                f"The profile's maxBytes must be {FLOAT_BYTES * dimension}, "
                f"the size of a vector of {dimension} values."
            )
        return cls(dimension, exponent, Whitening.parse(features, dimension))

    def digest(self, contents: Sequence[bytes], key: bytes) -> Words:
        """Digests `uint64[n, 4]` of vectors written as float32, little-endian."""
        for content in contents:
            if len(content) != FLOAT_BYTES * self.dimension:
                raise DigestError(
                    f"The vector has {len(content)} bytes; {self.dimension} values of float32 "
                    f"are {FLOAT_BYTES * self.dimension}."
                )
        raw = np.frombuffer(b"".join(contents), dtype="<f4")
        return self.digest_vectors(raw.reshape(len(contents), self.dimension), key)

    def digest_vectors(self, vectors: NDArray[np.float32], key: bytes) -> Words:
        """Digests `uint64[n, 4]` of `float32[n, dimension]`."""
        features = self.features(vectors)
        return project(features, "vector-hyperplane/projections", check_key(key))

    def features(self, vectors: NDArray[np.float32]) -> Features:
        """Whitened features `int16[n, dimension]`, each -127..127.

        Multiplying by a power of two and rounding to even are exact in float64 on every machine.
        """
        if vectors.ndim != 2 or vectors.shape[1] != self.dimension:
            raise DigestError(
                f"The vectors have shape {vectors.shape}; this profile wants [n, {self.dimension}]."
            )
        if not np.isfinite(vectors).all():
            raise DigestError("A vector holds a value that is not finite; embed the text again.")
        if not vectors.any(axis=1).all():
            raise DigestError("A vector is all zeros and has no direction; embed the text again.")
        scaled = np.rint(np.ldexp(vectors.astype(np.float64), self.exponent))
        return self.whitening.apply(np.clip(scaled, -BOUND, BOUND).astype(np.int64))
