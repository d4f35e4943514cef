"""Golden vectors of the families whose contents are arrays: vector-hyperplane, tokens, logprobs."""

from typing import Any

import numpy as np

from scripts.golden_common import hexed, noise
from verifier import digest
from verifier.digest.logprobs import Logprobs, encode
from verifier.digest.tokens import Tokens
from verifier.digest.vector_hyperplane import VectorHyperplane

KEYS = (bytes(32), b"\xff" * 32, noise("array key 2", 32))


def numbers(label: str, count: int, most: int) -> np.ndarray:
    """`int64[count]`, each below `most`, that depend on `label` only."""
    drawn = np.frombuffer(noise(label, 8 * count), dtype="<u8")
    return (drawn % np.uint64(most)).astype(np.int64)


def one(family: Any, content: bytes, key: bytes) -> str:
    return hexed(digest.from_words(family.digest([content], key))[0])


def vector_features() -> dict[str, Any]:
    """A made-up whitening of 24 dimensions."""
    return {
        "dimension": 24,
        "exponent": 12,
        "mean": [(index % 5 - 2) * 40 for index in range(24)],
        "scale": [40_000 + 7000 * index for index in range(24)],
    }


def vector_cases() -> list[dict[str, Any]]:
    family = VectorHyperplane.parse(vector_features(), 96)
    vectors = [(numbers(f"vector {i}", 24, 2001) - 1000) / np.float32(1024) for i in range(10)]
    vectors += [
        np.eye(24)[3],
        -np.eye(24)[3],
        np.full(24, 1e-30),  # rounds to zero, and is not zero
        np.full(24, 1e30),  # clipped
        np.arange(24) / 2 - 6,  # halves: rounding to even
        np.array([-0.0] * 23 + [1.0]),
    ]
    return [
        {"content": hexed(raw), "digest": one(family, raw, key), "key": hexed(key)}
        for key in KEYS
        for raw in (np.asarray(vector, dtype="<f4").tobytes() for vector in vectors)
    ]


def token_cases() -> list[dict[str, Any]]:
    sequences = [numbers(f"tokens {size}", size, 49_152) for size in (1, 2, 7, 8, 9, 64, 300)]
    sequences += [np.zeros(5), np.full(5, 2**32 - 1), np.arange(40), np.arange(40)[::-1]]
    cases = []
    for key in KEYS[1:]:
        for bucket in (1, 8):
            family = Tokens(1 << 20, bucket)
            for sequence in sequences:
                raw = np.asarray(sequence).astype("<u4").tobytes()
                cases.append(
                    {
                        "bucket": bucket,
                        "content": hexed(raw),
                        "digest": one(family, raw, key),
                        "key": hexed(key),
                    }
                )
    return cases


def logprob_features() -> dict[str, int]:
    return {
        "clip": 1024,
        "shortfallCap": 512,
        "shortfallLimit": 50_000,
        "suffix": 3,
        "top": 5,
        "vocabulary": 1000,
    }


def logprob_content(label: str, positions: int, first_choices: int, suffix: list[int]) -> bytes:
    """A record in which `first_choices` of the output's tokens are the likeliest."""
    count = positions + len(suffix)
    tokens = np.stack(
        [
            np.argsort(numbers(f"{label} {i}", 1000, 1 << 40), kind="stable")[:5]
            for i in range(count)
        ]
    )
    gaps = numbers(f"{label} gaps", 5 * count, 700).reshape(count, 5) / 256
    logprobs = -np.cumsum(gaps, axis=1)
    given = np.concatenate(
        (
            np.where(
                np.arange(positions) < first_choices, tokens[:positions, 0], tokens[:positions, 2]
            ),
            suffix,
        )
    )
    return encode(given, tokens, logprobs)


def logprob_cases() -> list[dict[str, Any]]:
    family = Logprobs.parse(logprob_features(), 1 << 20)
    sizes = [(1, 1), (1, 0), (2, 1), (4, 1), (4, 2), (8, 8), (16, 9), (20, 20), (24, 12), (24, 11)]
    sizes += [(3, 3), (5, 4), (6, 3), (12, 12)]
    cases = []
    for key in KEYS:
        suffix = family.suffix_tokens(key)
        for positions, first in sizes:
            raw = logprob_content(f"logprobs {positions} {first}", positions, first, suffix)
            cases.append(
                {"content": hexed(raw), "digest": one(family, raw, key), "key": hexed(key)}
            )
    return cases


def array_digests() -> dict[str, Any]:
    """The parts of digests.json that are made here."""
    return {
        "logprobs": logprob_cases(),
        "logprobs-features": logprob_features(),
        "tokens": token_cases(),
        "vector-features": vector_features(),
        "vector-hyperplane": vector_cases(),
    }
