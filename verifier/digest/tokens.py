"""Family `tokens`: 256 keyed 1-bit minwise hashes of the set of (position bucket, token).

With b = `bucket`. The content is token ids, uint32, little-endian, at least one, at most `maxBytes`
(at most 2^22) bytes. Sums and products are modulo 2^64.

1. With `A = words("tokens/element", key, 2)`, token t at position i (from 0) gives
   `x = mix64(A[0]·(⌊i/b⌋ + 1) + A[1]·(t + 1)) >> 32`.
2. Minima and bits as steps 5 and 6 of `text-minhash`, with
   `words("tokens/permutations", key, 256)`.

**What it estimates.** For decodes with a fixed seed, what they share up to where they diverge:
E[distance] = 128·(1 − J), J the Jaccard similarity of the sets of (bucket, token). Decodes that
part after s of n tokens have J of about s/(2n − s). **Limits.** Order within a bucket does not
count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from verifier.digest.bits import Words
from verifier.digest.keystream import check_key
from verifier.digest.keystream import words as key_words
from verifier.digest.minwise import Grouped, digest_sets, mix
from verifier.digest.params import Feature, integer, read
from verifier.errors import DigestError

__all__ = ["MAX_BYTES", "Tokens"]

MAX_BYTES = 1 << 22
TOKEN_BYTES = 4


@dataclass(frozen=True, slots=True)
class Tokens:
    """bucket: how many neighbouring positions count as one."""

    FEATURES: ClassVar[tuple[Feature, ...]] = (Feature("bucket", 1, 1 << 16),)

    max_bytes: int
    bucket: int

    @classmethod
    def parse(cls, features: Mapping[str, Any], max_bytes: int) -> Self:
        """The `features` of a recipe of this family."""
        [bucket] = read(features, cls.FEATURES)
        return cls(integer({"maxBytes": max_bytes}, "maxBytes", TOKEN_BYTES, MAX_BYTES), bucket)

    def digest(self, contents: Sequence[bytes], key: bytes) -> Words:
        """Digests `uint64[n, 4]` of token ids written as uint32, little-endian."""
        for content in contents:
            if not content or len(content) % TOKEN_BYTES:
                raise DigestError(
                    f"The token list has {len(content)} bytes; it must have {TOKEN_BYTES} for each "
                    "token, and at least one token."
                )
            if len(content) > self.max_bytes:
                raise DigestError(
                    f"The token list has {len(content)} bytes; "
                    f"this profile allows at most {self.max_bytes}."
                )
        return self.digest_tokens([np.frombuffer(c, dtype="<u4") for c in contents], key)

    def digest_tokens(self, sequences: Sequence[NDArray[np.uint32]], key: bytes) -> Words:
        """Digests `uint64[n, 4]` of sequences of token ids, each `uint32[length > 0]`.

        x = mix(A[0]·(bucket number + 1) + A[1]·(token + 1)) >> 32, modulo 2^64.
        """
        check_key(key)
        if not sequences:
            return np.empty((0, 4), dtype=np.uint64)
        lengths = np.array([len(sequence) for sequence in sequences])
        starts = np.cumsum(lengths) - lengths
        position = np.arange(lengths.sum()) - np.repeat(starts, lengths)
        factors = key_words("tokens/element", key, 2)
        number = (position // self.bucket).astype(np.uint64) + np.uint64(1)
        token = np.concatenate(sequences).astype(np.uint64) + np.uint64(1)
        x = (mix(factors[0] * number + factors[1] * token) >> np.uint64(32)).astype(np.uint32)
        return digest_sets([Grouped(x, starts)], "tokens/permutations", key)
