"""Family `logprobs`: what a model thinks of *given* tokens, without generating them.

With k = `top`, s = `suffix`, V = `vocabulary`, c = `clip`, C = `shortfallCap`. The content is one
record per position, at most `maxBytes` (at most 2^24) bytes: the given token (uint32), then k pairs
of token (uint32) and log-probability (int16, in 1/256 nat, rounded half to even, clipped to
−32768..0), sorted by falling log-probability, then by rising token; all little-endian. Sums and
products are modulo 2^64, but for the weights and the shortfalls.

1. **Suffix.** The given tokens are those of the output, then the s tokens
   `words("logprobs/suffix", key, s)[i] mod V`: nobody can have their log-probabilities before the
   key is drawn. Refuse a record that does not end with them or holds nothing else, a token not
   below V or twice at one position, log-probabilities that rise or exceed 0, tokens of equal
   log-probability that do not rise.
2. **Plausibility.** At each of the n positions before the suffix, the given token falls short of
   the likeliest by `ℓ_i,first − ℓ_i,given`, at most C; by C if it is not among the k. If 256 times
   the sum is more than `shortfallLimit`·n, the digest is keccak256("implausible" ‖ key).
   (`shortfallCap` is in 1/256 nat, `shortfallLimit` in 1/65536 nat per token.)
3. **Weights.** For alternative j at position i: `min(ℓ_ij − ℓ_i,last, c)`, and 0 if it is the
   given token. What is public weighs nothing, so a guess without the model has nothing to go by.
4. **Signs.** With `A = words("logprobs/element", key, 2)` and `L = words("logprobs/lanes", key,
   4)`, token t at position i (from 0, the suffix included) has
   `x = mix64(A[0]·(i + 1) + A[1]·(t + 1))`; its sign in lane 64·w + b is + where bit b of
   `mix64(x + L[w])` is set, else −.
5. **Bits.** Bit i is 1 iff the weights, each with its sign in lane i, sum to more than 0.

**What it estimates.** The angle θ between two models' weights: E[distance] = 256·θ/π. It proves
that the claimed model was run over the output, not that the output came from it: step 2 is for
that.

**Void digests.** All implausible outputs have one digest, which anybody can compute, so it is
*void*: a claim within the profile's tolerance of it (not only one equal to it, or a flipped bit
would do) counts before the court as **not opened**, and a seat's as a vote against the claim that
earns nothing, so that it never pays to say so unseen. `verifier.digest.is_void` says whether one
is. A provider's node refuses to claim it; a verifier that finds an output implausible says so.

**Which tokens.** The given tokens are the ids that were generated, the end of text included, not
what a tokenizer makes of the text: engines differ in that, at line breaks before digits for one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from verifier.canonical import keccak256
from verifier.digest.bits import BITS, Words, pack, to_words
from verifier.digest.keystream import check_key
from verifier.digest.keystream import words as key_words
from verifier.digest.minwise import mix
from verifier.digest.params import Feature, integer, read
from verifier.errors import DigestError

__all__ = ["UNITS_PER_NAT", "Logprobs", "encode", "implausible_digest", "record_type"]

MAX_BYTES = 1 << 24
UNITS_PER_NAT = 256
LOWEST = -(1 << 15)
IMPLAUSIBLE = b"implausible"
BLOCK_POSITIONS = 512  # bounds the memory for signs

Records = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Logprobs:
    """top: alternatives per position; suffix: key-derived tokens at the end; vocabulary: token ids
    are below it; clip: largest weight, in 1/256 nat; shortfall_cap: most that a token falls short
    of the likeliest, in 1/256 nat; shortfall_limit: the largest mean of that, in 1/65536 nat."""

    FEATURES: ClassVar[tuple[Feature, ...]] = (
        Feature("top", 2, 64),
        Feature("suffix", 0, 256),
        Feature("vocabulary", 2, 1 << 24),
        Feature("clip", 1, 1 << 14),
        Feature("shortfallCap", 1, 1 << 14),
        Feature("shortfallLimit", 0, 1 << 22),
    )

    max_bytes: int
    top: int
    suffix: int
    vocabulary: int
    clip: int
    shortfall_cap: int
    shortfall_limit: int

    @classmethod
    def parse(cls, features: Mapping[str, Any], max_bytes: int) -> Self:
        """The `features` of a recipe of this family."""
        values = read(features, cls.FEATURES)
        return cls(integer({"maxBytes": max_bytes}, "maxBytes", 1, MAX_BYTES), *values)

    def suffix_tokens(self, key: bytes) -> list[int]:
        """The tokens to append to the given ones before the prefill."""
        drawn = key_words("logprobs/suffix", check_key(key), self.suffix)
        return [int(word) % self.vocabulary for word in drawn]

    def digest(self, contents: Sequence[bytes], key: bytes) -> Words:
        """Digests `uint64[n, 4]` of records written by `encode`."""
        return self.digest_records([self._read(content) for content in contents], key)

    def digest_records(self, batch: Sequence[Records], key: bytes) -> Words:
        """Digests `uint64[n, 4]` of arrays of `record_type(top)`, a row for each position."""
        check_key(key)
        for records in batch:
            self._check(records, key)
        rows = [self._one(records, key) for records in batch]
        return np.concatenate(rows) if rows else np.empty((0, 4), dtype=np.uint64)

    def _one(self, records: Records, key: bytes) -> Words:
        output = records[: len(records) - self.suffix]
        if UNITS_PER_NAT * int(self.shortfalls(output).sum()) > self.shortfall_limit * len(output):
            return to_words([implausible_digest(key)])
        weights, tokens = self.weights(records), records["top"]["token"]
        sums = np.zeros(BITS)
        for first in range(0, len(records), BLOCK_POSITIONS):
            block = slice(first, first + BLOCK_POSITIONS)
            sums += weights[block].ravel() @ _signs(tokens[block], first, key)
        return pack(sums[None] > 0)

    def shortfalls(self, records: Records) -> NDArray[np.int64]:
        """`int64[positions]`, 0..shortfall_cap: how far the given token is below the likeliest."""
        values = records["top"]["logprob"].astype(np.int64)
        found = records["top"]["token"] == records["given"][:, None]
        short = values[:, 0] - (values * found).sum(axis=1)
        return np.where(
            found.any(axis=1), np.minimum(short, self.shortfall_cap), self.shortfall_cap
        )

    def weights(self, records: Records) -> NDArray[np.float64]:
        """`float64[positions, top]` of integers 0..clip: above the last of the top; 0 if given."""
        values = records["top"]["logprob"].astype(np.float64)
        weights = np.minimum(values - values[:, -1:], self.clip)
        weights[records["top"]["token"] == records["given"][:, None]] = 0.0
        return weights

    def _read(self, content: bytes) -> Records:
        kind = record_type(self.top)
        if len(content) > self.max_bytes:
            raise DigestError(
                f"The record has {len(content)} bytes; this profile allows {self.max_bytes}."
            )
        if len(content) % kind.itemsize or len(content) <= self.suffix * kind.itemsize:
            raise DigestError(
                f"The record has {len(content)} bytes; it must have {kind.itemsize} for each "
                f"position, and more than {self.suffix} positions."
            )
        return np.frombuffer(content, dtype=kind)

    def _check(self, records: Records, key: bytes) -> None:
        if records.dtype != record_type(self.top) or len(records) <= self.suffix:
            raise DigestError(
                f"The record must have {self.top} alternatives at each position, and more than "
                f"{self.suffix} positions."
            )
        tokens, values = records["top"]["token"], records["top"]["logprob"]
        if max(int(tokens.max()), int(records["given"].max())) >= self.vocabulary:
            raise DigestError(f"The record has a token that is not below {self.vocabulary}.")
        falling = values[:, :-1] >= values[:, 1:]
        if not falling.all() or values.max() > 0:
            raise DigestError("The record's log-probabilities must fall, and none be above 0.")
        if ((tokens[:, :-1] >= tokens[:, 1:]) & (values[:, :-1] == values[:, 1:])).any():
            raise DigestError("The record's tokens of equal log-probability must rise.")
        ordered = np.sort(tokens, axis=1)
        if (ordered[:, 1:] == ordered[:, :-1]).any():
            raise DigestError("The record names a token twice at one position.")
        if records["given"][len(records) - self.suffix :].tolist() != self.suffix_tokens(key):
            raise DigestError("The record does not end with the suffix of this key; prefill again.")


def implausible_digest(key: bytes) -> bytes:
    """The one digest, under `key`, of all implausible outputs; void, see the module."""
    return keccak256(IMPLAUSIBLE + check_key(key))


def record_type(top: int) -> np.dtype[np.void]:
    """One position: the given token, then `top` tokens with their log-probability in 1/256 nat."""
    entry = np.dtype([("token", "<u4"), ("logprob", "<i2")])
    return np.dtype([("given", "<u4"), ("top", entry, (top,))])


def encode(
    given: NDArray[np.integer[Any]],
    tokens: NDArray[np.integer[Any]],
    logprobs: NDArray[np.floating[Any]],
) -> bytes:
    """The content for `[n]` given tokens and `[n, top]` likeliest ones with natural logarithms.

    Rounded to 1/256 nat; sorted by falling log-probability, then by token.
    """
    if not np.isfinite(logprobs).all():
        raise DigestError("A log-probability is not finite; run the model again.")
    units = np.rint(np.asarray(logprobs, dtype=np.float64) * UNITS_PER_NAT)
    values = np.clip(units, LOWEST, 0).astype(np.int16)
    order = np.lexsort((tokens, -values.astype(np.int32)), axis=1)
    records = np.empty(len(given), dtype=record_type(tokens.shape[1]))
    records["given"] = given
    records["top"]["token"] = np.take_along_axis(tokens, order, axis=1)
    records["top"]["logprob"] = np.take_along_axis(values, order, axis=1)
    return records.tobytes()


def _signs(tokens: NDArray[np.uint32], first: int, key: bytes) -> NDArray[np.float64]:
    """`float64[positions·top, 256]` of +1 and -1, by position (counted from `first`) and token.

    x = mix(A[0]·(position + 1) + A[1]·(token + 1)), modulo 2^64; lane 64·w + b is bit b of
    mix(x + L[w]).
    """
    factors = key_words("logprobs/element", key, 2)
    lanes = key_words("logprobs/lanes", key, BITS // 64)
    position = np.arange(first + 1, first + len(tokens) + 1, dtype=np.uint64)[:, None]
    element = mix(factors[0] * position + factors[1] * (tokens.astype(np.uint64) + np.uint64(1)))
    words = mix(element.reshape(-1, 1) + lanes).astype("<u8")
    bits = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
    return 2.0 * bits.astype(np.float64) - 1.0
