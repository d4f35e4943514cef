"""Golden vectors of `verifier.votes`: openings and the verdict on them; for pytest and forge."""

from typing import Any

from scripts.golden_common import hexed, noise
from verifier.digest.logprobs import implausible_digest
from verifier.votes import majority, tally

TOLERANCE = 20
CASES = 120


def flipped(digest: bytes, bits: int) -> bytes:
    """`digest` with its lowest `bits` bits the other way round."""
    return (int.from_bytes(digest, "big") ^ ((1 << bits) - 1)).to_bytes(32, "big")


def case(index: int) -> dict[str, Any]:
    """Seats around the claim, around one another and around the void digest, some not opened."""
    draws = noise(f"votes {index}", 64)
    key = noise(f"votes key {index}", 32)
    void = implausible_digest(key) if index % 3 else None
    centres = (noise(f"votes claim {index}", 32), noise("votes other", 32), implausible_digest(key))
    digests: list[bytes | None] = []
    for draw in draws[: 3 + 2 * (index % 3)]:
        centre = centres[(0, 0, 0, 1, 1, 2, 2)[draw % 7]]
        digests.append(None if draw % 11 == 0 else flipped(centre, draw % 24))
    claim = None if draws[-1] % 9 == 0 else flipped(centres[0 if index % 4 else 2], draws[-2] % 24)
    found = tally(claim, digests, TOLERANCE, void)
    return {
        "agreeing": mask(found.agreeing),
        "claim": hexed(claim or bytes(32)),
        "claimed": claim is not None,
        "cluster": mask(found.cluster),
        "digests": [hexed(digest or bytes(32)) for digest in digests],
        "key": hexed(key),
        "opened": mask(found.opened),
        "quorum": majority(len(digests)),
        "tolerance": TOLERANCE,
        "verdict": int(found.verdict),
        "voids": void is not None,
    }


def mask(seats: tuple[int, ...]) -> int:
    """Bit i is seat i."""
    return sum(1 << seat for seat in seats)


def votes() -> dict[str, Any]:
    return {"schema": "assay/golden-votes/1", "votes": [case(index) for index in range(CASES)]}
