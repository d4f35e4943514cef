"""Golden vectors of `verifier.reputation`, for pytest and for the contract's tests."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from eth_utils.crypto import keccak

from scripts.golden_common import noise
from verifier import reputation

HALF_LIFE = 30 * 86_400
DAY = 86_400
START = 1_700_000_000
"""Where histories begin, give or take some seconds: no multiple of a step of decay."""
ONE = reputation.OBSERVATION
HISTORIES: tuple[tuple[tuple[int, int, int], ...], ...] = (
    ((0, 0, 0),),
    ((0, ONE // 2 - 1, 0),),
    ((0, ONE // 2, 0),),
    ((0, 0, ONE // 2),),
    ((0, ONE, 0),),
    ((0, 0, ONE),),
    ((0, ONE, ONE),),
    ((0, 1, ONE),),
    ((0, ONE, 0), (HALF_LIFE, 0, 0)),
    ((0, ONE, 0), (HALF_LIFE - 1, 0, 0)),
    ((0, ONE, 0), (HALF_LIFE + 1, 0, 0)),
    ((0, ONE, 0), (1, 0, 0)),
    ((0, 100 * ONE, 0), (63 * HALF_LIFE, 0, 0)),
    ((0, 100 * ONE, 0), (64 * HALF_LIFE, 0, 0)),
    ((0, 100 * ONE, 0), (2**40 - 1, 0, 0)),
    ((0, 1000 * ONE, 0),),
    ((0, 1000 * ONE, ONE),),
    ((0, 0, 1000 * ONE),),
    ((0, 9 * ONE, ONE), (10 * DAY, ONE, 0), (20 * DAY, 0, ONE)),
    ((0, 2**52 - 1, 2**52 - 1),),
    ((0, 2**52, 3), (DAY, 3, 2**51)),
)


def random_history(index: int) -> tuple[tuple[int, int, int], ...]:
    """1 to 8 steps, up to about two half-lives apart."""
    draws = np.frombuffer(noise(f"history {index}", 8 * 25), dtype="<u8").astype(object)
    steps = 1 + int(draws[0]) % 8
    return tuple(
        (
            int(draws[3 * step + 1]) % (2 * HALF_LIFE),
            int(draws[3 * step + 2]) % (3 * ONE),
            int(draws[3 * step + 3]) % (2 * ONE),
        )
        for step in range(steps)
    )


def history(
    start: int, steps: tuple[tuple[int, int, int], ...], policy: reputation.Policy
) -> dict[str, Any]:
    evidence = reputation.replay(steps, policy, start)
    score = reputation.score(evidence, evidence.updated_at, policy)
    return {
        "final": {
            "alpha": score.alpha,
            "beta": score.beta,
            "effectiveN": score.effective_n,
            "known": score.known,
            "lowerBps": score.lower_bps,
            "meanBps": score.mean_bps,
        },
        "start": start,
        "steps": [{"alpha": alpha, "beta": beta, "dt": dt} for dt, alpha, beta in steps],
    }


def decays() -> list[dict[str, int]]:
    """Single decays, with other half-lives too."""
    cases = []
    for half_life in (1, 7, 3600, HALF_LIFE, 2**40 - 1):
        elapsed = {
            0,
            1,
            half_life // 2,
            half_life - 1,
            half_life,
            half_life + 1,
            9 * half_life // 4,
        }
        for start in (0, START):
            for amount in (1, ONE, 2**53 - 1):
                for dt in sorted(elapsed):
                    steps = reputation.steps_between(start, start + dt, half_life)
                    cases.append(
                        {
                            "amount": amount,
                            "from": start,
                            "halfLife": half_life,
                            "result": reputation.decay(amount, steps),
                            "to": start + dt,
                        }
                    )
    return cases


def reputations() -> dict[str, Any]:
    policy = reputation.Policy(HALF_LIFE)
    chosen = (*HISTORIES, *(random_history(index) for index in range(40)))
    return {
        "decays": decays(),
        "histories": [
            history(START + 7 * index, steps, policy) for index, steps in enumerate(chosen)
        ],
        "policy": {
            "halfLife": policy.half_life,
            "minimum": policy.minimum,
            "prior": policy.prior,
            "zSquared": reputation.Z_SQUARED,
        },
        "schema": "assay/golden-reputation/1",
    }


def derived_history(index: int) -> tuple[int, tuple[tuple[int, int, int], ...]]:
    """When history `index` begins, and its steps: what contracts/test/libraries derives too."""
    word = int.from_bytes(keccak(index.to_bytes(32, "big")), "big")
    start = word >> 8 & 0xFFFFFFFF
    steps = []
    for _ in range(1 + word % 8):
        word = int.from_bytes(keccak(word.to_bytes(32, "big")), "big")
        elapsed = (word & 2**64 - 1) % (2 * HALF_LIFE) >> (word >> 64 & 0xFF) % 23
        steps.append((elapsed, word >> 128 & 0xFFFFFFFF, word >> 192 & 0xFFFFFFFF))
    return start, tuple(steps)


def running_hash(count: int) -> bytes:
    """What `count` derived histories come to, chained by keccak256."""
    policy = reputation.Policy(HALF_LIFE)
    running = bytes(32)
    for index in range(count):
        start, steps = derived_history(index)
        found = reputation.replay(steps, policy, start)
        score = reputation.score(found, found.updated_at, policy)
        numbers = ((found.alpha, 8), (found.beta, 8), (score.mean_bps, 2), (score.lower_bps, 2))
        running = keccak(running + b"".join(n.to_bytes(size, "big") for n, size in numbers))
    return running


def running_hashes(counts: Iterable[int]) -> dict[str, str]:
    """Count → hash as 0x…: tests/golden/histories.json."""
    return {str(count): "0x" + running_hash(count).hex() for count in counts}
