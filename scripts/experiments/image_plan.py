"""Which images the experiment makes: tasks, and the variants of each, as tables.

What verifiers generate is made for every task. The first tasks, the panel, have all variants; the
others have one variant of the goal each, in turn: one pair per task is what is independent, so more
variants of a task would add hours and no trials.

A task is a condition and a seed that nothing else uses: the recipe was whitened on seeds 900000 and
up, first figures came from 910000 and up, tasks begin at 1000000.
"""

from dataclasses import dataclass
from typing import NamedTuple

__all__ = [
    "BLOCK",
    "HONEST",
    "NOISED",
    "PLAIN",
    "QUICK",
    "VARIANTS",
    "WHOLE",
    "ImageTask",
    "Plan",
    "Variant",
    "task",
]

TASK_SEED, OTHER_SEED, REPAINT_SEED = 1_000_000, 2_000_000, 3_000_000
CONDITIONS = 100
BLOCK = 250  # tasks that are made together, variant by variant
NOISED = 10  # draws of the noise that is added to weights, each of them another model

PLAIN = "plain"
HONEST = ("unoptimised", "fp16-weights", "bfloat16")
"""Settings of the three verifiers of every claim."""


class ImageTask(NamedTuple):
    """name: its id, by which it is held out or not; condition: 1..100; seed."""

    name: str
    number: int
    condition: int
    seed: int


@dataclass(frozen=True, slots=True)
class Variant:
    """name; model: who makes it (see `terrain_models`); what else is changed: another seed, a shift
    of the condition, or the strength at which the honest output is re-painted.

    everywhere: made for every task; honest: should be accepted; goal: whether the published goal
    speaks of it; words: for tables.
    """

    name: str
    words: str
    model: str = PLAIN
    other_seed: bool = False
    shift: int = 0
    strength: float | None = None
    everywhere: bool = False
    honest: bool = False
    goal: bool = False

    def condition(self, task: ImageTask) -> int:
        """The condition it is made with, 1..100."""
        return 1 + (task.condition - 1 + self.shift) % CONDITIONS

    def seed(self, task: ImageTask) -> int:
        """The seed it is made with; of what is re-painted, that of the new noise."""
        if self.strength is not None:
            return REPAINT_SEED + task.number
        return (OTHER_SEED if self.other_seed else TASK_SEED) + task.number


def _honest(name: str, words: str, *, everywhere: bool = True) -> Variant:
    return Variant(name, words, model=name, everywhere=everywhere, honest=True, goal=True)


def _repainted(strength: float) -> Variant:
    words = f"re-painted, strength {strength}"
    return Variant(f"repainted-{strength}", words, strength=strength, goal=strength >= 0.6)


def _model(name: str, words: str, *, goal: bool = False) -> Variant:
    return Variant(name, words, model=name, goal=goal)


def _condition(shift: int) -> Variant:
    return Variant(f"condition+{shift}", f"condition + {shift}, same seed", shift=shift)


VARIANTS = (
    Variant(PLAIN, "as a node generates it", everywhere=True, honest=True, goal=True),
    _honest("unoptimised", "graph optimisation off"),
    _honest("fp16-weights", "weights rounded to half precision"),
    _honest("bfloat16", "weights and results of convolutions in bfloat16"),
    _honest("two-threads", "another session, two threads", everywhere=False),
    Variant("other-seed", "another seed", other_seed=True, goal=True),
    *(_repainted(strength) for strength in (1.0, 0.8, 0.6, 0.4, 0.2)),
    _model("int8", "weights and activations in 8 bits", goal=True),
    _model("pruned-10", "the smallest tenth of the weights cut", goal=True),
    _model("noised-10", f"weights + 10 % noise, {NOISED} draws", goal=True),
    _model("int8-products", "only matrix products in 8 bits"),
    _model("pruned-1", "the smallest hundredth of the weights cut"),
    _model("noised-1", f"weights + 1 % noise, {NOISED} draws"),
    _model("noised-0.1", f"weights + 0.1 % noise, {NOISED} draws"),
    _condition(1),
    _condition(20),
    _condition(50),
)


IN_TURN = tuple(variant for variant in VARIANTS if variant.goal and not variant.honest)


@dataclass(frozen=True, slots=True)
class Plan:
    """tasks: how many; panel: how many of them have all variants."""

    tasks: int
    panel: int

    def has(self, variant: Variant, task: ImageTask) -> bool:
        """Whether `variant` is made for `task`."""
        return (
            variant.everywhere
            or task.number < self.panel
            or variant == IN_TURN[task.number % len(IN_TURN)]
        )

    def all_tasks(self) -> list[ImageTask]:
        """All tasks, in order."""
        return [task(number) for number in range(self.tasks)]


def task(number: int) -> ImageTask:
    """Task `number`, from 0."""
    return ImageTask(f"t{number:05d}", number, 1 + number * 53 % CONDITIONS, TASK_SEED + number)


WHOLE, QUICK = Plan(tasks=2000, panel=500), Plan(tasks=24, panel=8)
