"""Keyed 256-bit locality-sensitive digests; the only metric is Hamming distance.

    digest(content, profile, key)        -> 32 bytes, as a contract sees them
    digest_batch(contents, profile, key) -> uint64[n, 4]
    distance(a, b)                       -> 0..256
    is_void(digest, profile, key)        -> whether it is no claim, and earns no seat a fee

`docs/digests.md` specifies every family well enough to write it in another language.
"""

from collections.abc import Sequence
from typing import Protocol

from verifier.digest.bits import BITS, Words, distance, distances, from_words, to_words
from verifier.digest.families import FAMILIES, Digester, Family
from verifier.digest.keystream import KEY_BYTES, check_key
from verifier.errors import DigestError

__all__ = [
    "BITS",
    "FAMILIES",
    "KEY_BYTES",
    "Digester",
    "Family",
    "Words",
    "digest",
    "digest_batch",
    "distance",
    "distances",
    "from_words",
    "is_void",
    "to_words",
]


class _HasDigester(Protocol):
    """What of a `verifier.profiles.Profile` is needed here."""

    @property
    def digester(self) -> Digester: ...


class _HasFamily(Protocol):
    @property
    def family(self) -> Family: ...

    @property
    def tolerance(self) -> int: ...


def digest(content: bytes, profile: _HasDigester, key: bytes) -> bytes:
    """The digest (32 bytes) of `content` under `key` (32 bytes), by the profile's recipe.

    Raises DigestError, with a sentence, for content that the recipe does not admit.
    """
    return from_words(digest_batch([content], profile, key))[0]


def digest_batch(contents: Sequence[bytes], profile: _HasDigester, key: bytes) -> Words:
    """Digests `uint64[n, 4]` of `contents` under one key; bad content raises DigestError."""
    for content in contents:
        if not isinstance(content, bytes):
            raise DigestError(f"Content to digest is bytes, not {type(content).__name__}.")
    return profile.digester.digest(contents, check_key(key))


def is_void(digest: bytes, profile: _HasFamily, key: bytes) -> bool:
    """Whether `digest` lies within the tolerance of the one that stands for no content.

    Anybody can compute that one without doing any work, so a claim near it counts as not opened.
    """
    void = profile.family.void
    return void is not None and distance(digest, void(check_key(key))) <= profile.tolerance
