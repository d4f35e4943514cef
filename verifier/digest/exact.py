"""Family `exact`: keccak256(key ‖ bytes). Two outputs are equal or not; the tolerance is 0.

It is the only family that a contract recomputes, over the published bytes as they are, so nothing
is canonicalised here: an engine makes its text NFC before it becomes an output.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from verifier.canonical import keccak256, require_fields
from verifier.digest.bits import Words, to_words
from verifier.digest.keystream import check_key
from verifier.digest.params import integer
from verifier.errors import DigestError, ProfileError

__all__ = ["MAX_BYTES", "Exact"]

MAX_BYTES = 1 << 25


@dataclass(frozen=True, slots=True)
class Exact:
    """max_bytes: the largest content, in bytes."""

    max_bytes: int

    @classmethod
    def parse(cls, features: Mapping[str, Any], max_bytes: int) -> Self:
        """The `features` of a recipe of this family: none."""
        require_fields(features, "profile's features", (), ProfileError)
        return cls(integer({"maxBytes": max_bytes}, "maxBytes", 1, MAX_BYTES))

    def digest(self, contents: Sequence[bytes], key: bytes) -> Words:
        """Digests `uint64[n, 4]` of any bytes but none."""
        check_key(key)
        for content in contents:
            if not content:
                raise DigestError("The output is empty; there is nothing to compare.")
            if len(content) > self.max_bytes:
                raise DigestError(
                    f"The output has {len(content)} bytes; "
                    f"this profile allows at most {self.max_bytes}."
                )
        return to_words([keccak256(key + content) for content in contents])
