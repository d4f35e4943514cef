"""How good an answer is, in nano: three of the functions that an attribution can be given."""

import unicodedata
from collections.abc import Callable, Sequence
from math import isqrt

from verifier.contribution.game import ONE
from verifier.digest import distance
from verifier.errors import ContributionError

__all__ = ["agreement_with", "committee_agreement", "embedding_similarity"]

MAX_COMPONENT = 2**31


def agreement_with(reference: str) -> Callable[[str], int]:
    """1 for the reference answer, up to case, white space and Unicode composition; else 0."""
    wanted = _folded(reference)
    if not wanted:
        raise ContributionError("The reference answer is empty; give the text to agree with.")
    return lambda answer: ONE if _folded(answer) == wanted else 0


def committee_agreement(
    verdict: bytes, tolerance: int, digest: Callable[[bytes], bytes]
) -> Callable[[bytes], int]:
    """1 for an answer whose digest is within `tolerance` of the committee's, else 0.

    verdict: the digest (32 bytes) at the centre of the majority; `digest`: the round's family and
    key.
    """
    if not 0 <= tolerance < 256:
        raise ContributionError(f"A tolerance is from 0 to 255 bits, not {tolerance}.")
    return lambda answer: ONE if distance(digest(answer), verdict) <= tolerance else 0


def embedding_similarity(reference: Sequence[int]) -> Callable[[Sequence[int]], int]:
    """Cosine with the reference, −1 to 1, of embeddings quantised to integers; rounded towards 0.

    A vector of zeros has no direction: similarity 0.
    """
    wanted = _components(reference)
    size = sum(value * value for value in wanted)
    if not size:
        raise ContributionError("The reference embedding is zero; there is nothing to resemble.")

    def similarity(answer: Sequence[int]) -> int:
        vector = _components(answer)
        if len(vector) != len(wanted):
            raise ContributionError(
                f"The answer's embedding has {len(vector)} components, the reference's "
                f"{len(wanted)}; embed both with the same model."
            )
        own = sum(value * value for value in vector)
        if not own:
            return 0
        product = sum(a * b for a, b in zip(vector, wanted, strict=True))
        cosine = isqrt(product * product * ONE * ONE // (own * size))
        return cosine if product >= 0 else -cosine

    return similarity


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _components(vector: Sequence[int]) -> list[int]:
    values = [int(value) for value in vector]
    if any(value != given for value, given in zip(values, vector, strict=True)) or any(
        abs(value) > MAX_COMPONENT for value in values
    ):
        raise ContributionError("Embeddings are integers of 32 bits here: quantise them first.")
    return values
