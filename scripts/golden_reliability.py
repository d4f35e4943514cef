"""Golden vectors of `verifier.reliability`: leaves, proofs, packed words; for pytest and forge."""

from typing import Any

import numpy as np

from scripts.golden_common import hexed, noise
from verifier import reputation
from verifier.reliability import words
from verifier.reliability.epoch import Entry, scored
from verifier.reliability.merkle import Tree

POLICY = reputation.Policy(30 * 86_400)
DAY = 86_400
SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 33)


def entry(label: str, index: int) -> Entry:
    """Evidence of up to about 1000 observations, some of it below what a score needs."""
    draws = [int(each) for each in np.frombuffer(noise(f"{label} {index}", 32), dtype="<u8")]
    scale = reputation.OBSERVATION * 10 ** (draws[3] % 4)
    at = draws[2] % (1000 * DAY)
    evidence = reputation.Evidence(draws[0] % scale, draws[1] % scale, at)
    domain = noise(f"{label} domain {index % 3}", 32)
    return scored((index * 7, domain), evidence, at + draws[3] % (60 * DAY), POLICY)


def trees() -> list[dict[str, Any]]:
    """Of each size the proofs of the first, the middle and the last entry."""
    cases = []
    for size in SIZES:
        entries = [entry(f"tree {size}", index) for index in range(size)]
        tree = Tree([each.leaf for each in entries])
        for place in sorted({0, size // 3, size // 2, size - 1}):
            chosen = entries[place]
            cases.append(
                {
                    "alpha": chosen.evidence.alpha,
                    "beta": chosen.evidence.beta,
                    "domain": hexed(chosen.domain),
                    "known": chosen.score.known,
                    "leaf": hexed(chosen.leaf),
                    "lowerBps": chosen.score.lower_bps,
                    "meanBps": chosen.score.mean_bps,
                    "proof": [hexed(each) for each in tree.proof(chosen.leaf)],
                    "root": hexed(tree.root),
                    "source": chosen.source,
                    "updatedAt": chosen.evidence.updated_at,
                }
            )
    return cases


def packed() -> list[dict[str, Any]]:
    """Words with known and unknown scores at every place; unknown is written −1."""
    cases = []
    for index in range(10):
        drawn = np.frombuffer(noise(f"words {index}", 64), dtype="<u4") % 10_002
        scores = [
            None if each > 10_000 or index == place else int(each)
            for place, each in enumerate(drawn[:16])
        ]
        (word,) = words.pack(scores)
        cases.append(
            {
                "scores": [words.UNKNOWN if each is None else each for each in scores],
                "word": hexed(word),
            }
        )
    return cases


def reliabilities() -> dict[str, Any]:
    return {"packed": packed(), "schema": "assay/golden-reliability/1", "trees": trees()}
