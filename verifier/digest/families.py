"""The table of digest families. A family is added here, in `docs/digests.md`, and nowhere else.

A family is a class that reads the `features` of a recipe and digests contents; everything else
about it (shingles, coefficients, projections) is its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from chain.types import Family as Kind
from verifier.digest.bits import Words
from verifier.digest.exact import Exact
from verifier.digest.image_perceptual import ImagePerceptual
from verifier.digest.logprobs import Logprobs
from verifier.digest.text_minhash import TextMinhash
from verifier.digest.tokens import Tokens
from verifier.digest.vector_hyperplane import VectorHyperplane

__all__ = ["FAMILIES", "Digester", "Family"]


class Digester(Protocol):
    """A family with the parameters of one profile."""

    def digest(self, contents: Sequence[bytes], key: bytes) -> Words:
        """Digests `uint64[n, 4]` of `contents` under a key of 32 bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Family:
    """One row of the table.

    kind: its value in the contracts; canonicalisations: what a recipe may name, the
    form in which an output of the family is bytes; parse(features, max_bytes): the digester;
    max_tolerance: the largest a recipe may ask for.
    """

    kind: Kind
    canonicalisations: tuple[str, ...]
    max_tolerance: int
    parse: Callable[[Mapping[str, Any], int], Digester]

    @property
    def name(self) -> str:
        """What recipes call it."""
        return self.kind.label


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        family.name: family
        for family in (
            Family(Kind.EXACT, ("bytes", "utf8-nfc"), 0, Exact.parse),
            Family(Kind.TEXT_MINHASH, ("utf8-nfc",), 255, TextMinhash.parse),
            Family(Kind.VECTOR_HYPERPLANE, ("float32-le",), 255, VectorHyperplane.parse),
            Family(Kind.IMAGE_PERCEPTUAL, ("png-8bit",), 255, ImagePerceptual.parse),
            Family(Kind.LOGPROBS, ("logprobs-le",), 255, Logprobs.parse),
            Family(Kind.TOKENS, ("uint32-le",), 255, Tokens.parse),
        )
    }
)
