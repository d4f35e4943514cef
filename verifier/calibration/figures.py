"""From distances to figures: groups of cases, their rates with intervals, the table of variants."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

import numpy as np
from numpy.typing import NDArray

from verifier.calibration.cases import Case
from verifier.calibration.choose import accepted, histogram
from verifier.calibration.intervals import bootstrap, clopper_pearson, majority_of_three
from verifier.calibration.result import Committee, Errors, Rate, Roc, Split, Variant
from verifier.calibration.shards import ABSENT, PAIRS, SEATS, Distances
from verifier.digest import BITS

__all__ = ["Group", "split_figures"]

Bits = NDArray[np.bool_]
NEEDED = SEATS // 2 + 1


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Cases with one label and what was measured of them."""

    cases: tuple[Case, ...]
    distances: Distances

    @classmethod
    def of(cls, cases: Sequence[Case], distances: Distances, rows: Sequence[int]) -> Self:
        """The group of the cases in `rows`."""
        chosen = list(rows)
        return cls(
            tuple(cases[row] for row in chosen),
            Distances(distances.claim[chosen], distances.between[chosen]),
        )

    @property
    def counts(self) -> NDArray[np.int64]:
        """`int64[257]`: pairs of a claim and a verifier by distance."""
        return histogram(self.distances.claim)

    @property
    def medians(self) -> NDArray[np.uint16]:
        """`uint16[cases, keys]`: the second least of the distances to the first three verifiers,
        within which a majority of them accepts; ABSENT where there are fewer."""
        seats = self.distances.claim[:, :, :SEATS]
        if seats.shape[2] < SEATS:
            return np.full(seats.shape[:2], ABSENT, dtype=np.uint16)
        complete = (seats <= BITS).all(axis=2)
        return np.where(complete, np.sort(seats, axis=2)[:, :, NEEDED - 1], ABSENT)

    def errors(self, tolerance: int) -> Errors:
        """Wrong judgements at a tolerance, by one verifier and by committees of three."""
        claim = self.distances.claim
        single = self._rate(claim <= BITS, self._wrong(claim, tolerance))
        low, high = single.exact
        return Errors(
            single,
            (majority_of_three(single.value), majority_of_three(low), majority_of_three(high)),
            self._committee(tolerance),
        )

    def variant(self, tolerance: int) -> Variant:
        """The line of the table for a group of one variant."""
        counts, first = self.counts, self.cases[0]
        measured = self.distances.claim[self.distances.claim <= BITS]
        least, p01, median, p99, largest = np.quantile(measured, [0, 0.01, 0.5, 0.99, 1]).tolist()
        return Variant(
            name=first.variant,
            label=first.label,
            goal=first.goal,
            tasks=len({case.task for case in self.cases}),
            pairs=int(counts.sum()),
            quantiles=(least, p01, median, p99, largest),
            within=int(counts[: tolerance + 1].sum()),
            counts=tuple(counts.tolist()),
            errors=self.errors(tolerance),
        )

    def _wrong(self, distances: NDArray[np.uint16], tolerance: int) -> Bits:
        within: Bits = distances <= tolerance
        return (distances <= BITS) & (~within if self.cases[0].honest else within)

    def _rate(self, there: Bits, wrong: Bits) -> Rate:
        """there, wrong: `bool[cases, keys, ...]`."""
        of_a_case = tuple(range(1, there.ndim))
        pairs, events = there.sum(axis=of_a_case), wrong.sum(axis=of_a_case)
        rows = _by_task(self.cases)
        trials = [task[_drawn(self.cases[task[0]].task, len(task))] for task in rows]
        count, found = (int(_first(bits)[trials].sum()) for bits in (there, wrong))
        return Rate(
            events=int(events.sum()),
            pairs=int(pairs.sum()),
            bootstrap=bootstrap(
                np.array([events[task].sum() for task in rows]),
                np.array([pairs[task].sum() for task in rows]),
            ),
            trial_events=found,
            trials=count,
            exact=clopper_pearson(found, count),
        )

    def _committee(self, tolerance: int) -> Committee | None:
        medians = self.medians
        there = medians <= BITS
        if not there.any():
            return None
        accepts = there & (medians <= tolerance)
        outside = self.distances.claim[:, :, :SEATS] > tolerance
        dissent = np.zeros_like(there)
        for column, (first, second) in enumerate(PAIRS):
            agree = self.distances.between[:, :, column] <= tolerance
            dissent |= outside[:, :, first] & outside[:, :, second] & agree
        rejects = there & ~accepts & dissent
        return Committee(
            error=self._rate(there, self._wrong(medians, tolerance)),
            accepted=int(accepts.sum()),
            rejected=int(rejects.sum()),
            inconclusive=int(there.sum() - accepts.sum() - rejects.sum()),
        )


def split_figures(cases: Sequence[Case], distances: Distances, tolerance: int) -> Split:
    """The figures of a set of tasks; at least one case of either label must bear on the goal."""
    groups = variants(cases, distances)
    same, different = goal(cases, distances, True), goal(cases, distances, False)
    return Split(
        tasks=len({case.task for case in cases}),
        cases=len(cases),
        false_accept=different.errors(tolerance),
        false_reject=same.errors(tolerance),
        roc=_roc(same, different),
        variants=tuple(group.variant(tolerance) for group in groups),
    )


def variants(cases: Sequence[Case], distances: Distances) -> list[Group]:
    """A group per variant: honest ones first, then in the order of the cases."""
    rows: dict[str, list[int]] = {}
    for row, case in enumerate(cases):
        rows.setdefault(case.variant, []).append(row)
    groups = [Group.of(cases, distances, found) for found in rows.values()]
    return sorted(groups, key=lambda group: (not group.cases[0].honest, not group.cases[0].goal))


def goal(cases: Sequence[Case], distances: Distances, honest: bool) -> Group:
    """All cases of a label that bear on the choice."""
    rows = [row for row, case in enumerate(cases) if case.goal and case.honest is honest]
    return Group.of(cases, distances, rows)


def _roc(same: Group, different: Group) -> Roc:
    wrong, right = accepted(different.counts), accepted(same.counts)
    wrongs, rights = histogram(different.medians), histogram(same.medians)
    return Roc(
        tuple(wrong.tolist()),
        tuple((1 - right).tolist()),
        tuple(accepted(wrongs).tolist()) if wrongs.any() else None,
        tuple((1 - accepted(rights)).tolist()) if rights.any() else None,
    )


def _first(bits: Bits) -> Bits:
    """`bool[cases]`: those of the first key and the first verifier."""
    return bits.reshape(len(bits), -1)[:, 0]


def _by_task(cases: Sequence[Case]) -> list[list[int]]:
    rows: dict[str, list[int]] = {}
    for row, case in enumerate(cases):
        rows.setdefault(case.task, []).append(row)
    return list(rows.values())


def _drawn(task: str, count: int) -> int:
    """Which of a task's `count` cases stands for it, by its hash."""
    return int.from_bytes(sha256(task.encode()).digest()[:8]) % count
