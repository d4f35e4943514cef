"""One epoch: its evidence, capped per asker, added to what every source had, and the scores of it.

For each source and domain an asker's contributions of the epoch are summed, the positive ones as
good evidence and the negative ones as bad. Where the two exceed the cap together they are scaled
down to it, each rounded down. The sums over askers are added to the source's evidence by the rules
of `verifier.reputation`: what was there decays to the epoch's time first. A source without new
evidence keeps what it had, and its score decays; where nothing is left of it, it leaves the tree.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from eth_abi.abi import encode

from verifier import reputation
from verifier.errors import ReliabilityError
from verifier.reliability import merkle
from verifier.reliability.evidence import Item

__all__ = ["Entry", "Rules", "aggregate", "merge", "scored", "update"]

Place = tuple[int, bytes]
"""(source, domain)"""

Amounts = tuple[int, int]
"""(good, bad) in nano-evidence"""

Trace = Callable[[int, int], None]
"""Told of each intermediate pair of amounts, in the order in which they come about."""


@dataclass(frozen=True, slots=True)
class Rules:
    """policy: half-life and so on; asker_cap: nano-evidence per asker, source, domain and epoch."""

    policy: reputation.Policy
    asker_cap: int

    def __post_init__(self) -> None:
        if not 0 < self.asker_cap <= reputation.MAX_EVIDENCE:
            raise ReliabilityError("The cap per asker must be positive and fit 64 bits.")


@dataclass(frozen=True, slots=True)
class Entry:
    """What one source has in one domain, and its score at the epoch's time: one leaf."""

    source: int
    domain: bytes
    evidence: reputation.Evidence
    score: reputation.Score

    @property
    def place(self) -> Place:
        """What there is one entry for."""
        return self.source, self.domain

    @property
    def leaf(self) -> bytes:
        """As `ReliabilityAnchor.leafOf` hashes it."""
        return merkle.leaf(self.encoded)

    @property
    def encoded(self) -> bytes:
        """abi.encode of what the contract's `SourceScore` holds."""
        types = ("uint256", "bytes32", "uint64", "uint64", "uint64", "bool", "uint16", "uint16")
        values = (
            self.source,
            self.domain,
            self.evidence.alpha,
            self.evidence.beta,
            self.evidence.updated_at,
            self.score.known,
            self.score.mean_bps,
            self.score.lower_bps,
        )
        return bytes(encode(types, values))


def scored(
    place: Place, evidence: reputation.Evidence, now: int, policy: reputation.Policy
) -> Entry:
    """The entry of `place` with its score at `now`."""
    return Entry(*place, evidence, reputation.score(evidence, now, policy))


def aggregate(items: Iterable[Item], cap: int, trace: Trace | None = None) -> dict[Place, Amounts]:
    """Good and bad evidence per source and domain; items in their order, none twice.

    Raises:
        ReliabilityError: an asker named one of its queries twice for a source.
    """
    asked: dict[tuple[int, bytes, str], Amounts] = {}
    last: tuple[int, bytes, str, bytes] | None = None
    for item in items:
        name = (item.source, item.domain, item.asker, item.query)
        if last is not None and name <= last:
            raise ReliabilityError(
                "Evidence must be sorted by source, domain, asker and query, each once; "
                f"query 0x{item.query.hex()} of {item.asker} is not."
            )
        last = name
        key = name[:3]
        good, bad = asked.get(key, (0, 0))
        asked[key] = (good + max(item.contribution, 0), bad + max(-item.contribution, 0))
        _tell(trace, asked[key])
    sums: dict[Place, Amounts] = {}
    for (source, domain, _), amounts in asked.items():
        place = (source, domain)
        sums[place] = _plus(sums.get(place, (0, 0)), _capped(amounts, cap))
        _tell(trace, sums[place])
    return sums


def merge(*parts: dict[Place, Amounts]) -> dict[Place, Amounts]:
    """The sum of aggregates over different askers, however the work was divided."""
    sums: dict[Place, Amounts] = {}
    for part in parts:
        for place, amounts in part.items():
            sums[place] = _plus(sums.get(place, (0, 0)), amounts)
    return dict(sorted(sums.items()))


def update(
    before: Sequence[Entry],
    added: dict[Place, Amounts],
    now: int,
    policy: reputation.Policy,
    trace: Trace | None = None,
) -> tuple[Entry, ...]:
    """The entries after an epoch that ended at `now` (seconds), sorted by source and domain."""
    evidence = {entry.place: entry.evidence for entry in before}
    for place, (good, bad) in added.items():
        held = evidence.get(place, reputation.Evidence(updated_at=now))
        most = reputation.MAX_EVIDENCE
        evidence[place] = reputation.add(held, now, min(good, most), min(bad, most), policy)
    entries = []
    for place, held in sorted(evidence.items()):
        entry = scored(place, held, now, policy)
        _tell(trace, (entry.score.alpha, entry.score.beta))
        if entry.score.effective_n:
            entries.append(entry)
    return tuple(entries)


def _capped(amounts: Amounts, cap: int) -> Amounts:
    total = sum(amounts)
    if total <= cap:
        return amounts
    return amounts[0] * cap // total, amounts[1] * cap // total


def _plus(a: Amounts, b: Amounts) -> Amounts:
    return a[0] + b[0], a[1] + b[1]


def _tell(trace: Trace | None, amounts: Amounts) -> None:
    if trace is not None:
        trace(*amounts)
