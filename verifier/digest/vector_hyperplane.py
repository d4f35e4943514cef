"""Family `vector-hyperplane`: signs of 256 keyed ±1 projections of a quantised, whitened embedding.

For two vectors at angle θ (after whitening), E[distance] = 256 θ/π over keys.
Specification: `docs/digests.md`. Random hyperplanes: Charikar, STOC 2002.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from verifier.canonical import require_fields
from verifier.digest.bits import Words
from verifier.digest.keystream import check_key
from verifier.digest.params import integer
from verifier.digest.projection import project
from verifier.digest.whitening import BOUND, Features, Whitening
from verifier.errors import DigestError, ProfileError

__all__ = ["MAX_DIMENSION", "VectorHyperplane"]

MAX_DIMENSION = 4096
FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True, eq=False)
class VectorHyperplane:
    """dimension: of a vector; exponent: a value x counts as x·2^exponent, rounded to an integer."""

    dimension: int
    exponent: int
    whitening: Whitening

    @classmethod
    def parse(cls, features: Mapping[str, Any], max_bytes: int) -> Self:
        """The `features` of a recipe of this family; `max_bytes` must fit one vector exactly."""
        names = ("dimension", "exponent", "mean", "scale")
        require_fields(features, "profile's features", names, ProfileError)
        dimension = integer(features, "dimension", 1, MAX_DIMENSION)
        if max_bytes != FLOAT_BYTES * dimension:
            raise ProfileError(
                f"The profile's maxBytes must be {FLOAT_BYTES * dimension}, "
                f"the size of a vector of {dimension} values."
            )
        return cls(
            dimension,
            integer(features, "exponent", -32, 64),
            Whitening.parse(features, dimension),
        )

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
