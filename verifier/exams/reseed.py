"""Tasks asked anew: under a seed that nobody could know before the exam was announced."""

from dataclasses import replace
from typing import Final

from verifier.canonical import keccak256
from verifier.tasks import Task

__all__ = ["SEED", "has_seed", "reseed"]

SEED: Final = "seed"
_BITS: Final = 31


def has_seed(task: Task) -> bool:
    """Whether a task says which seed its output is drawn with."""
    return SEED in task.parameters


def reseed(task: Task, key: bytes) -> Task:
    """The task with the seed keccak256(key ‖ taskHash) mod 2³¹; one without a seed as it is.

    key: the exam's, 32 bytes. So neither its examiner nor a candidate chose the seed, anybody can
    say which task an item was made of, and an output that is public already is no answer.
    """
    if not has_seed(task):
        return task
    drawn = keccak256(key + task.hash())
    seed = int.from_bytes(drawn, "big") % (1 << _BITS)
    return replace(task, parameters={**task.parameters, SEED: seed})
