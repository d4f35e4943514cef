"""The whole of a calibration: measure what is missing, choose, judge on what was held out."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from verifier.calibration.cases import Case, held_out
from verifier.calibration.choose import Choice, choose
from verifier.calibration.figures import goal, split_figures, variants
from verifier.calibration.files import CaseSet, ShardStore, make_folder
from verifier.calibration.result import Result, Split
from verifier.calibration.shards import Distances, Shard, measure
from verifier.canonical import canonical_json
from verifier.errors import CalibrationError
from verifier.profiles import Profile

__all__ = ["KEYS", "MAX_FALSE_ACCEPT", "Mapper", "run"]

KEYS = 4
MAX_FALSE_ACCEPT = 0.000267
MAX_KEYS = 1024
SHARD_CASES = 128

Progress = Callable[[int, int], None]
Mapper = Callable[[Callable[[Shard], Distances], Iterable[Shard]], Iterable[Distances]]
"""Like the built-in `map`: answers in order."""


def run(
    cases: CaseSet,
    recipe: Mapping[str, Any],
    out: Path,
    *,
    keys: int = KEYS,
    tolerance: int | None = None,
    max_false_accept: float = MAX_FALSE_ACCEPT,
    holdout: float = 0.5,
    jobs: int = 1,
    progress: Progress | None = None,
    mapper: Mapper | None = None,
) -> Result:
    """Calibrates `recipe` on `cases`; shards that were measured are kept in `out`/shards.

    keys: how many keys each task is digested under; tolerance: given instead of chosen;
    max_false_accept: the largest share of any goal variant that one verifier may accept on the
    calibration tasks; holdout: the share of tasks that is held out, by the hash of their names (0:
    the figures are of the tasks that the tolerance was chosen on; 1: needs a given tolerance);
    jobs: processes; progress(done, total): called as cases are measured; mapper: maps shards
    elsewhere, in place of `jobs`. CalibrationError or ProfileError for what cannot be used.
    """
    profile = Profile.parse(canonical_json(dict(recipe), CalibrationError))
    _check(profile, keys, tolerance, max_false_accept, holdout, jobs)
    ordered = _by_task(cases.cases)
    flags = held_out((case.task for case in ordered), holdout)
    calibration = [row for row, case in enumerate(ordered) if not flags[case.task]]
    judged = [row for row, case in enumerate(ordered) if flags[case.task]] or calibration
    if tolerance is None:
        _need_both(ordered, calibration, "calibrate on")
    _need_both(ordered, judged, "report on")
    make_folder(out / "shards")
    work = _Work(cases, profile, keys, ordered, ShardStore(out / "shards"))
    distances = work.distances(mapper or _mapper(jobs), progress or _unsaid)

    choice = None if tolerance is not None else _choose(
        _rows(ordered, calibration), _part(distances, calibration), max_false_accept, profile
    )  # fmt: skip
    chosen = choice.tolerance if choice else tolerance
    assert chosen is not None

    def figures(rows: Sequence[int]) -> Split:
        return split_figures(_rows(ordered, rows), _part(distances, rows), chosen)

    calibrated = _calibrated(recipe, chosen)
    separate = judged is not calibration
    return Result(
        recipe=calibrated,
        profile_id=Profile.parse(canonical_json(calibrated)).profile_id,
        tolerance=chosen,
        choice=choice,
        limit=max_false_accept,
        keys=keys,
        holdout=holdout,
        calibration=figures(calibration) if calibration and separate and choice else None,
        held_out=figures(judged),
        separate=separate or choice is None,
    )


class _Work:
    """Cases in slices of whole tasks, and which of them are measured."""

    def __init__(
        self,
        cases: CaseSet,
        profile: Profile,
        keys: int,
        ordered: Sequence[Case],
        store: ShardStore,
    ) -> None:
        self._cases, self._profile, self._keys, self._store = cases, profile, keys, store
        self._slices = list(_slices(ordered))
        self._width = max(len(case.verifiers) for case in ordered)

    def distances(self, mapper: Mapper, progress: Progress) -> Distances:
        """Those of all cases, measuring what is missing; each shard is stored once measured."""
        total = sum(map(len, self._slices))
        names = [self._shard(part).name() for part in self._slices]
        parts = [
            self._store.load(name, Distances.absent(len(part), self._keys, self._width))
            for name, part in zip(names, self._slices, strict=True)
        ]
        missing = [number for number, part in enumerate(parts) if part is None]
        done = total - sum(len(self._slices[number]) for number in missing)
        progress(done, total)
        shards = (self._shard(self._slices[number]) for number in missing)
        for number, found in zip(missing, mapper(measure, shards), strict=True):
            self._store.save(names[number], found)
            parts[number] = found
            done += len(self._slices[number])
            progress(done, total)
        return Distances.joined([part for part in parts if part is not None])

    def _shard(self, part: Sequence[Case]) -> Shard:
        contents = self._cases.contents(part, self._profile.max_bytes)
        return Shard(self._profile.recipe, self._keys, self._width, tuple(part), contents)


def _mapper(jobs: int) -> Mapper:
    return map if jobs == 1 else lambda function, shards: _pooled(function, shards, jobs)


def _pooled(
    function: Callable[[Shard], Distances], shards: Iterable[Shard], jobs: int
) -> Iterator[Distances]:
    """`map` by processes; at most two shards for each are in memory, unlike with `Executor.map`."""
    # Not forked: a copy of a process that has threads may hang.
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        waiting: deque[Future[Distances]] = deque()
        for shard in shards:
            waiting.append(pool.submit(function, shard))
            if len(waiting) >= 2 * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _unsaid(_done: int, _total: int) -> None:
    """Progress that nobody wants to hear of."""


def _slices(ordered: Sequence[Case]) -> Iterator[list[Case]]:
    """Neighbours of about SHARD_CASES cases, no task in two of them."""
    part: list[Case] = []
    for case in ordered:
        if len(part) >= SHARD_CASES and case.task != part[-1].task:
            yield part
            part = []
        part.append(case)
    yield part


def _by_task(cases: Iterable[Case]) -> list[Case]:
    tasks: dict[str, list[Case]] = {}
    for case in cases:
        tasks.setdefault(case.task, []).append(case)
    return [case for found in tasks.values() for case in found]


def _rows(cases: Sequence[Case], rows: Sequence[int]) -> list[Case]:
    return [cases[row] for row in rows]


def _part(distances: Distances, rows: Sequence[int]) -> Distances:
    return Distances(distances.claim[list(rows)], distances.between[list(rows)])


def _choose(cases: Sequence[Case], distances: Distances, limit: float, profile: Profile) -> Choice:
    different = [
        group.counts
        for group in variants(cases, distances)
        if group.cases[0].goal and not group.cases[0].honest
    ]
    same = goal(cases, distances, honest=True).counts
    return choose(same, different, limit, profile.family.max_tolerance)


def _calibrated(recipe: Mapping[str, Any], tolerance: int) -> dict[str, Any]:
    """The recipe with the tolerance; another tolerance is another version."""
    changed = tolerance != recipe["tolerance"]
    return {**recipe, "tolerance": tolerance, "version": recipe["version"] + changed}


def _need_both(cases: Sequence[Case], rows: Sequence[int], purpose: str) -> None:
    for honest, label in ((True, "same"), (False, "different")):
        if not any(cases[row].goal and cases[row].honest is honest for row in rows):
            raise CalibrationError(
                f"There is no case labelled {label!r} to {purpose}; add tasks with both labels, "
                "or change the share that is held out (--holdout)."
            )


def _check(
    profile: Profile,
    keys: int,
    tolerance: int | None,
    max_false_accept: float,
    holdout: float,
    jobs: int,
) -> None:
    most = profile.family.max_tolerance
    if tolerance is not None and not 0 <= tolerance <= most:
        raise CalibrationError(
            f"The tolerance is {tolerance}; the family {profile.family.name} admits 0 to {most}."
        )
    if not 1 <= keys <= MAX_KEYS:
        raise CalibrationError(f"The number of keys is {keys}; it must be 1 to {MAX_KEYS}.")
    if not 0 < max_false_accept < 1:
        raise CalibrationError(
            f"The largest false accept is {max_false_accept}; it must be above 0 and below 1."
        )
    if not 0 <= holdout <= 1 or (holdout == 1 and tolerance is None):
        raise CalibrationError(
            f"The share held out is {holdout}; it must be from 0 to below 1 (1 with --tolerance)."
        )
    if jobs < 1:
        raise CalibrationError(f"The number of jobs is {jobs}; it must be at least 1.")
