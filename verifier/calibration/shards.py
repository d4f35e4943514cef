"""Distances of a slice of the cases: one unit of work, a pure function of what it is given.

A `Shard` carries everything it needs, contents included, and pickles, so that a pool of processes
here or an engine such as Ray elsewhere can map `measure` over shards; `Distances` of shards are put
together in order.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from typing import Self

import numpy as np
from numpy.typing import NDArray

from verifier.calibration.cases import Case, key_of
from verifier.canonical import canonical_json
from verifier.digest import BITS, Words, digest_batch, distances, from_words, is_void
from verifier.errors import CalibrationError, DigestError
from verifier.profiles import Profile

__all__ = ["ABSENT", "PAIRS", "SEATS", "Distances", "Shard", "measure"]

SEATS = 3
"""A committee: the first so many verifiers of a case."""

PAIRS = tuple(combinations(range(SEATS), 2))
ABSENT = 0xFFFF
"""In place of a distance, where a case has no such verifier or no such key."""

Lengths = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Shard:
    """recipe: of the profile, as JSON; keys: how many per task; width: of `Distances.claim`, the
    largest number of verifiers of any case of the whole set; contents: by path, those of `cases`.
    """

    recipe: bytes
    keys: int
    width: int
    cases: tuple[Case, ...]
    contents: Mapping[str, bytes]

    def name(self) -> str:
        """32 hexadecimal digits that change with anything the distances depend on."""
        hashed = sha256()
        head = {"keys": self.keys, "width": self.width, "seats": SEATS}
        for part in (
            self.recipe,
            canonical_json(head),
            *(canonical_json(case.to_json()) for case in self.cases),
            *(sha256(self.contents[name]).digest() for name in sorted(self.contents)),
        ):
            hashed.update(len(part).to_bytes(8) + part)
        return hashed.hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Distances:
    """claim: `uint16[cases, keys, width]`, of the claim to each verifier; between: `uint16[cases,
    keys, 3]`, of the first three verifiers to each other, in the order of PAIRS."""

    claim: Lengths
    between: Lengths

    @classmethod
    def absent(cls, cases: int, keys: int, width: int) -> Self:
        """Of that shape, with nothing measured yet."""
        return cls(
            np.full((cases, keys, width), ABSENT, dtype=np.uint16),
            np.full((cases, keys, len(PAIRS)), ABSENT, dtype=np.uint16),
        )

    @classmethod
    def joined(cls, parts: Sequence["Distances"]) -> Self:
        """The distances of all cases of `parts`, in their order."""
        return cls(
            np.concatenate([part.claim for part in parts]),
            np.concatenate([part.between for part in parts]),
        )


def measure(shard: Shard) -> Distances:
    """The distances of a shard. CalibrationError names the file that cannot be digested."""
    profile = Profile.parse(shard.recipe)
    found = Distances.absent(len(shard.cases), shard.keys, shard.width)
    for (key, number), rows in _by_key(shard).items():
        cases = [shard.cases[row] for row in rows]
        names = sorted({name for case in cases for name in (case.claim, *case.verifiers)})
        words = _digests(names, shard.contents, profile, key)
        place = {name: position for position, name in enumerate(names)}
        void = np.array([is_void(digest, profile, key) for digest in from_words(words)])
        for row, case in zip(rows, cases, strict=True):
            claim, seats = place[case.claim], [place[name] for name in case.verifiers]
            apart = distances(words[claim][None], words[seats])
            # Nobody agrees with what stands for no content: neither claimed nor by a verifier.
            found.claim[row, number, : len(seats)] = np.where(
                void[claim] | void[seats], BITS, apart
            )
            for column, (first, second) in enumerate(PAIRS):
                if second < len(seats):
                    pair = [seats[first], seats[second]]
                    between = distances(*words[pair][:, None])[0]
                    found.between[row, number, column] = BITS if void[pair].any() else between
    return found


def _by_key(shard: Shard) -> Mapping[tuple[bytes, int], list[int]]:
    """Rows of cases by the key they are digested under and its number, tasks being kept apart."""
    groups: dict[tuple[bytes, int], list[int]] = {}
    for row, case in enumerate(shard.cases):
        for key, number in _keys(case, shard.keys):
            groups.setdefault((key, number), []).append(row)
    return groups


def _keys(case: Case, count: int) -> Iterator[tuple[bytes, int]]:
    if case.key is not None:
        yield case.key, 0
        return
    for number in range(count):
        yield key_of(case.task, number), number


def _digests(
    names: Sequence[str], contents: Mapping[str, bytes], profile: Profile, key: bytes
) -> Words:
    try:
        return digest_batch([contents[name] for name in names], profile, key)
    except DigestError:
        for name in names:  # a batch does not say which of its contents is at fault
            try:
                digest_batch([contents[name]], profile, key)
            except DigestError as problem:
                raise CalibrationError(
                    f"{name}: {problem} Or leave its cases out: what has no digest is rejected."
                ) from None
        raise
