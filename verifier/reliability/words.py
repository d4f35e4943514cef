"""Sixteen scores in one 256-bit word: what `ReliabilityAnchor` keeps for contracts to read.

Score i of a word is the int16 in bits 16·i and up: the lower bound in basis points, −1 where
unknown.
"""

from collections.abc import Sequence

from verifier.canonical import keccak256
from verifier.errors import ReliabilityError

__all__ = ["PER_WORD", "UNKNOWN", "pack", "unpack", "words_hash"]

PER_WORD = 16
UNKNOWN = -1
BITS = 16
MAX_SCORE = 10_000


def pack(scores: Sequence[int | None]) -> list[bytes]:
    """The words of `scores` in their order, the last one filled up with unknown ones."""
    if any(score is not None and not 0 <= score <= MAX_SCORE for score in scores):
        raise ReliabilityError(f"A packed score is from 0 to {MAX_SCORE} basis points, or unknown.")
    words = []
    for start in range(0, len(scores), PER_WORD):
        some = list(scores[start : start + PER_WORD])
        some += [None] * (PER_WORD - len(some))
        word = sum(
            ((UNKNOWN if score is None else score) & 0xFFFF) << BITS * place
            for place, score in enumerate(some)
        )
        words.append(word.to_bytes(32, "big"))
    return words


def unpack(words: Sequence[bytes]) -> list[int | None]:
    """The scores in `words`."""
    scores: list[int | None] = []
    for word in words:
        number = int.from_bytes(word, "big")
        for place in range(PER_WORD):
            value = number >> BITS * place & 0xFFFF
            scores.append(None if value == UNKNOWN & 0xFFFF else value)
    return scores


def words_hash(words: Sequence[bytes]) -> bytes:
    """keccak256 of the words one after another; what an epoch's header says of them."""
    return keccak256(b"".join(words))
