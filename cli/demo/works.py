"""How a provider makes what it delivers. Each work really runs the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from chain.errors import AssayError
from verifier.engines import Engine
from verifier.tasks import Task

_REPAINT_STRENGTH: Final = 0.6


class NothingToReplay(AssayError):
    """A replay needs a work that was delivered for another task."""


@dataclass(frozen=True)
class Bench:
    """What a provider has at hand: an engine, and what others delivered earlier."""

    engine: Engine
    seen: Mapping[str, bytes]


Work = Callable[[Task, Bench], bytes]


def honest(task: Task, bench: Bench) -> bytes:
    return bench.engine.generate(task)


def other_seed(task: Task, bench: Bench) -> bytes:
    """The task fixes a seed; this provider used the next one."""
    parameters = dict(task.parameters)
    parameters["seed"] = int(parameters["seed"]) + 1
    return bench.engine.generate(replace(task, parameters=parameters))


def edited(task: Task, bench: Bench) -> bytes:
    """A few words are changed after generation."""
    words = bench.engine.generate(task).decode().split(" ")
    for index in range(2, len(words), 7):
        words[index] = "verily"
    return " ".join([*words, "Buy Acme today."]).encode()


def repainted(task: Task, bench: Bench) -> bytes:
    """img2img over the right picture: much of it is painted anew."""
    seed = int(task.parameters["seed"])
    parameters = {"source_seed": seed, "seed": seed + 1, "strength": _REPAINT_STRENGTH}
    return bench.engine.generate(replace(task, parameters=parameters))


def replayed(task: Task, bench: Bench) -> bytes:
    """What somebody delivered for another task."""
    if task.modality not in bench.seen:
        raise NothingToReplay(f"Nobody has delivered a work of modality {task.modality} yet.")
    return bench.seen[task.modality]


WORKS: Final[Mapping[str, Work]] = {
    "honest": honest,
    "other-seed": other_seed,
    "edited": edited,
    "repainted": repainted,
    "replayed": replayed,
}
