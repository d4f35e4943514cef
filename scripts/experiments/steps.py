"""Steps of an experiment side by side, each in a process of its own."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

__all__ = ["Step", "Steps", "steps"]


@dataclass(frozen=True, slots=True)
class Step:
    """run: a function of a module, which returns how many it made of what was missing."""

    name: str
    run: Callable[..., int]
    arguments: tuple[Any, ...]


class Steps:
    """Runs steps that do not write the same file, at most so many at a time as `pool` has workers;
    here, one after the other, if there is no pool."""

    def __init__(self, pool: ProcessPoolExecutor | None, say: Callable[[str], None]) -> None:
        self._pool, self._say = pool, say

    def run(self, wanted: Iterable[Step], alone: bool = False) -> None:
        """Runs all and returns when they are done; alone: one after the other."""
        for name, made, spent in self._done(wanted, alone):
            if made:
                self._say(f"{name}: {made} in {spent:.1f} s")

    def _done(self, wanted: Iterable[Step], alone: bool) -> Iterator[tuple[str, int, float]]:
        if self._pool is None or alone:
            yield from map(_timed, wanted)
            return
        for future in as_completed([self._pool.submit(_timed, step) for step in wanted]):
            yield future.result()


@contextmanager
def steps(jobs: int, say: Callable[[str], None]) -> Iterator[Steps]:
    """Steps in `jobs` processes, in this one if it is 1. What has not begun when one fails is left
    out; a run can be repeated, and what was made stays."""
    if jobs == 1:
        yield Steps(None, say)
        return
    # Spawned: engines have threads, which a forked process would not.
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        yield Steps(pool, say)
    finally:
        pool.shutdown(cancel_futures=True)


def _timed(step: Step) -> tuple[str, int, float]:
    started = time.monotonic()
    made = step.run(*step.arguments)
    return step.name, made, time.monotonic() - started
