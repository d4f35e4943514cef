"""Family `exact`: two outputs are equal or not; the tolerance is 0.

    digest = keccak256( key ‖ content )

over the output's bytes as they are; keccak256 is Ethereum's. It is the one family that a contract
recomputes, so nothing is canonicalised here: a profile may say that the content is `bytes` or
`utf8-nfc`, which is a duty of the engine. Refused: empty content; more than the profile's
`maxBytes` (at most 2^25).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from verifier.canonical import keccak256
from verifier.digest.bits import Words, to_words
from verifier.digest.keystream import check_key
from verifier.digest.params import Feature, integer, read
from verifier.errors import DigestError

__all__ = ["MAX_BYTES", "Exact"]

MAX_BYTES = 1 << 25


@dataclass(frozen=True, slots=True)
class Exact:
    """max_bytes: the largest content, in bytes."""

    FEATURES: ClassVar[tuple[Feature, ...]] = ()
    max_bytes: int

    @classmethod
    def parse(cls, features: Mapping[str, Any], max_bytes: int) -> Self:
        """The `features` of a recipe of this family: none."""
        read(features, cls.FEATURES)
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
