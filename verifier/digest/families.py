"""The table of digest families. A family is added in the module of its class and here.

The class says how a recipe's `features` are read and how contents become digests; the docstring of
its module is the specification, from which `scripts/digest_docs.py` writes `docs/digests.md`. A row
adds what the rest of the system must know: the value in the contracts, the names of the content's
form, and the largest tolerance.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, Self

from chain.types import Family as Kind
from verifier.digest.bits import Words
from verifier.digest.exact import Exact
from verifier.digest.image_perceptual import ImagePerceptual
from verifier.digest.logprobs import Logprobs, implausible_digest
from verifier.digest.params import Feature
from verifier.digest.text_minhash import TextMinhash
from verifier.digest.tokens import Tokens
from verifier.digest.vector_hyperplane import VectorHyperplane

__all__ = ["FAMILIES", "Digester", "Family"]


class Digester(Protocol):
    """A family with the parameters of one profile."""

    FEATURES: ClassVar[tuple[Feature, ...]]

    @classmethod
    def parse(cls, features: Mapping[str, Any], max_bytes: int) -> Self:
        """The digester of a recipe; ProfileError for features that the family does not have."""
        ...

    def digest(self, contents: Sequence[bytes], key: bytes) -> Words:
        """Digests `uint64[n, 4]` of `contents` under a key of 32 bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Family:
    """One row of the table.

    kind: its value in the contracts; canonicalisations: what a recipe may name, the form in which
    an output of the family is bytes; max_tolerance: the largest a recipe may ask for; digester: the
    class that reads features and digests contents; void(key): a digest that stands for no content
    and must never be taken for agreement, None where the family has none.
    """

    kind: Kind
    canonicalisations: tuple[str, ...]
    max_tolerance: int
    digester: type[Digester]
    void: Callable[[bytes], bytes] | None = None

    @property
    def name(self) -> str:
        """What recipes call it."""
        return self.kind.label

    @property
    def features(self) -> tuple[Feature, ...]:
        """What a recipe of the family must say, each with its range."""
        return self.digester.FEATURES

    @property
    def specification(self) -> str:
        """Markdown: a line that says what it is, then enough to write it in another language."""
        return sys.modules[self.digester.__module__].__doc__ or ""


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        family.name: family
        for family in (
            Family(Kind.EXACT, ("bytes", "utf8-nfc"), 0, Exact),
            Family(Kind.TEXT_MINHASH, ("utf8-nfc",), 255, TextMinhash),
            Family(Kind.VECTOR_HYPERPLANE, ("float32-le",), 255, VectorHyperplane),
            Family(Kind.IMAGE_PERCEPTUAL, ("png-8bit",), 255, ImagePerceptual),
            Family(Kind.TOKENS, ("uint32-le",), 255, Tokens),
            Family(Kind.LOGPROBS, ("logprobs-le",), 255, Logprobs, implausible_digest),
        )
    }
)
