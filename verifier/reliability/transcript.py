"""The recomputation of an epoch from its bundle, and what a committee digests of it.

    transcript = every intermediate state ‖ root

States, in this order: per item the asker's running (good, bad) for that source; per asker and
source the source's running sums; per source its (good, bad) at the epoch's time, 16 bytes each, two
big-endian integers of 64 bits; then every node of the Merkle tree below the root, 32 bytes each,
from the last to the first; the hash of the packed words; the root.

A committee's `exact` digest is keccak256(key ‖ transcript): the root is public, so a verifier that
only repeats it has nothing to digest. A bundle from which no root follows has the transcript
`INVALID`, and one that nobody hands out the transcript `WITHHELD`, which are none's; so there is
always an answer to agree on.
"""

from dataclasses import dataclass
from typing import Final

from verifier.canonical import keccak256
from verifier.errors import ReliabilityError
from verifier.reliability import words
from verifier.reliability.bundle import NO_ROOT, Bundle
from verifier.reliability.epoch import Entry, aggregate, update
from verifier.reliability.evidence import Anchor, recover
from verifier.reliability.merkle import Tree

__all__ = [
    "INVALID",
    "WITHHELD",
    "Epoch",
    "Published",
    "examine",
    "judge",
    "recompute",
    "transcript_digest",
]

INVALID: Final = b"assay/evidence/1: no root follows from this bundle"
WITHHELD: Final = b"assay/evidence/1: this bundle is not to be had"
STATE_MAX: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Epoch:
    """What follows from a bundle."""

    entries: tuple[Entry, ...]
    tree: Tree
    words: tuple[bytes, ...]
    transcript: bytes

    @property
    def root(self) -> bytes:
        """The Merkle root over the entries."""
        return self.tree.root

    @property
    def words_hash(self) -> bytes:
        """keccak256 of the packed words."""
        return words.words_hash(self.words)


def recompute(bundle: Bundle) -> Epoch:
    """All of an epoch, checked as it goes.

    Raises:
        ReliabilityError: evidence of another epoch or not signed by its asker, entries that are not
            those of the previous root, evidence out of order, or no source left.
    """
    _check_before(bundle)
    for item in bundle.items:
        if item.epoch != bundle.epoch:
            raise ReliabilityError(
                f"Evidence of epoch {item.epoch} is in the bundle of epoch {bundle.epoch}."
            )
        if recover(item, bundle.anchor) != item.asker:
            raise ReliabilityError(
                f"The evidence on query 0x{item.query.hex()} is not signed by {item.asker}, its "
                "asker, for this anchor, chain and epoch."
            )
    states: list[bytes] = []

    def keep(good: int, bad: int) -> None:
        states.append(b"".join(min(each, STATE_MAX).to_bytes(8, "big") for each in (good, bad)))

    policy = bundle.rules.policy
    added = aggregate(bundle.items, bundle.rules.asker_cap, keep)
    entries = update(bundle.before, added, bundle.at, policy, keep)
    tree = Tree([entry.leaf for entry in entries])
    packed = _packed(bundle, entries)
    states += [*tree.nodes[:0:-1], words.words_hash(packed), tree.root]
    return Epoch(entries, tree, packed, b"".join(states))


@dataclass(frozen=True, slots=True)
class Published:
    """What the chain says of an epoch: where and when it was anchored, and what it continues.

    previous_root: of the highest epoch before it that stands, zeros for none.
    """

    anchor: Anchor
    epoch: int
    published_at: int
    previous_root: bytes


def examine(data: bytes, at: Published) -> Epoch:
    """What follows from the bundle in `data` as the one of a published epoch.

    Raises:
        ReliabilityError: it is none, of another epoch or anchor, of a time that had not come, not
            what continues the chain's last root, or nothing follows from it.
    """
    bundle = Bundle.parse(data)
    # Else evidence that was counted in one epoch could be counted again in another.
    if (bundle.anchor, bundle.epoch) != (at.anchor, at.epoch):
        raise ReliabilityError(
            f"The bundle is of epoch {bundle.epoch} of {bundle.anchor.address}, not of epoch "
            f"{at.epoch} of {at.anchor.address}."
        )
    if bundle.at > at.published_at:
        raise ReliabilityError("The bundle ends its epoch later than it was published.")
    if bundle.previous_root != at.previous_root:
        raise ReliabilityError(
            "The bundle does not start from the root of the epoch before, as the chain has it."
        )
    return recompute(bundle)


def judge(data: bytes, at: Published) -> bytes:
    """The transcript of the bundle in `data`, or `INVALID`: the answer to a challenge."""
    try:
        return examine(data, at).transcript
    except ReliabilityError:
        return INVALID


def transcript_digest(key: bytes, transcript: bytes) -> bytes:
    """keccak256(key ‖ transcript): the digest of family `exact` that a seat commits."""
    return keccak256(key + transcript)


def _check_before(bundle: Bundle) -> None:
    root = Tree([each.leaf for each in bundle.before]).root if bundle.before else NO_ROOT
    if root != bundle.previous_root:
        raise ReliabilityError(
            "The entries that the bundle starts from are not those of its previous root; fetch the "
            "bundle of the epoch before."
        )
    places = [each.place for each in bundle.before]
    if places != sorted(set(places)):
        raise ReliabilityError("The entries that the bundle starts from are not sorted, each once.")
    if any(each.evidence.updated_at > bundle.at for each in bundle.before):
        raise ReliabilityError("The bundle starts from evidence that is younger than its epoch.")


def _packed(bundle: Bundle, entries: tuple[Entry, ...]) -> tuple[bytes, ...]:
    if len(set(bundle.packed)) != len(bundle.packed):
        raise ReliabilityError("The bundle packs a source twice in one domain.")
    scores = {entry.place: entry.score.lower_bps for entry in entries if entry.score.known}
    return tuple(words.pack([scores.get(place) for place in bundle.packed]))
