"""The verdict on a round's openings, by the same rule as the contract's.

n seats were drawn, M = n // 2 + 1, T is the tolerance, A the opened seats within T of the claim.
Expired if fewer than M seats opened; else Rejected if the provider did not open; else Accepted if
|A| ≥ M; else Rejected if some opened seat outside A has at least M opened seats outside A, itself
included, within T; else Inconclusive.
The paid cluster is A when Accepted. When Rejected by a majority it is the largest set around a
centre outside A; ties go to the least total distance, then to the lowest seat. Else it is empty.

Where the family has a void digest, which anybody can compute, a claim within T of it counts as not
opened; a seat within T of it votes like any other, and is not paid.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chain.types import Verdict
from verifier.digest import distance

__all__ = ["Tally", "majority", "tally"]


@dataclass(frozen=True, slots=True)
class Tally:
    """verdict; opened, agreeing, cluster: seat numbers in rising order; distances: one per seat, to
    the claim (None where the seat or the provider did not open)."""

    verdict: Verdict
    opened: tuple[int, ...]
    agreeing: tuple[int, ...]
    cluster: tuple[int, ...]
    distances: tuple[int | None, ...]


def majority(seats: int) -> int:
    """M: the least number of seats that is more than half of those drawn."""
    return seats // 2 + 1


def tally(
    claim: bytes | None,
    digests: Sequence[bytes | None],
    tolerance: int,
    void: bytes | None = None,
) -> Tally:
    """The verdict. claim: the provider's digest; digests: one per seat drawn; None: not opened.

    void: the digest that stands for no answer under the round's key, None if there is none.
    """
    if void is not None and claim is not None and distance(claim, void) <= tolerance:
        claim = None
    found = _plain(claim, digests, tolerance)
    if void is None:
        return found
    paid = tuple(
        seat
        for seat in found.cluster
        if (digest := digests[seat]) is not None and distance(digest, void) > tolerance
    )
    return replace(found, cluster=paid)


def _plain(claim: bytes | None, digests: Sequence[bytes | None], tolerance: int) -> Tally:
    needed = majority(len(digests))
    opened = tuple(seat for seat, digest in enumerate(digests) if digest is not None)
    distances = tuple(
        None if claim is None or digest is None else distance(claim, digest) for digest in digests
    )
    agreeing = tuple(
        seat for seat in opened if (d := distances[seat]) is not None and d <= tolerance
    )
    if len(opened) < needed:
        return Tally(Verdict.EXPIRED, opened, agreeing, (), distances)
    if claim is not None and len(agreeing) >= needed:
        return Tally(Verdict.ACCEPTED, opened, agreeing, agreeing, distances)
    outside = {
        seat: digest
        for seat, digest in enumerate(digests)
        if digest is not None and seat not in agreeing
    }
    cluster = _cluster(outside, tolerance)
    dissent = cluster if len(cluster) >= needed else ()
    rejected = claim is None or bool(dissent)
    verdict = Verdict.REJECTED if rejected else Verdict.INCONCLUSIVE
    return Tally(verdict, opened, agreeing, dissent, distances)


def _cluster(digests: dict[int, bytes], tolerance: int) -> tuple[int, ...]:
    """The largest set within `tolerance` of one of its members, by the tie rules above."""
    best: tuple[int, ...] = ()
    least = 0
    for centre in sorted(digests):
        near = {
            seat: d
            for seat, digest in digests.items()
            if (d := distance(digests[centre], digest)) <= tolerance
        }
        total = sum(near.values())
        if len(near) > len(best) or (len(near) == len(best) and total < least):
            best, least = tuple(sorted(near)), total
    return best
