"""Which embeddings the experiment on vectors makes: tasks, and the variants of each, as a table.

A task is the text `lemma: definition` of a noun of WordNet. What verifiers make is made for every
task; the first tasks, the panel, have all variants, the others one variant of the goal each, in
turn. The recipe is whitened on nouns that are no tasks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from scripts.experiments.retrieval_data import Noun, nouns

__all__ = [
    "ANOTHER_TEXT",
    "HALF_TEXT",
    "HONEST",
    "NEAREST_TEXT",
    "QUICK",
    "VARIANTS",
    "WHOLE",
    "Plan",
    "Variant",
    "words_of",
]

SEED = 20240612
HALF_TEXT = "the first half of the text"
ANOTHER_TEXT = "another text"
NEAREST_TEXT = "the nearest of all other texts, as if an oracle had told"
"""Claims that are the honest embeddings of other tasks; nothing is made for them."""

Words = tuple[str, str]  # a noun and its definition
Edit = Callable[[Words, Words], str]  # of a noun and of the next one


def _whole(own: Words, _next: Words) -> str:
    return f"{own[0]}: {own[1]}"


def _first(share: float) -> Edit:
    def cut(own: Words, following: Words) -> str:
        words = _whole(own, following).split()
        return " ".join(words[: max(1, round(share * len(words)))])

    return cut


def _one_word_left_out(own: Words, following: Words) -> str:
    words = _whole(own, following).split()
    middle = 1 + len(words) // 2
    return " ".join(words[:middle] + words[middle + 1 :])


def _another_noun(own: Words, following: Words) -> str:
    return f"{following[0]}: {own[1]}"


@dataclass(frozen=True, slots=True)
class Variant:
    """name: of its folder; words: for tables; model: which of `vector_models.MODELS`; edit: what is
    embedded instead of the text.

    everywhere: made for every task; honest: should be accepted; goal: whether the goal speaks of
    it.
    """

    name: str
    words: str
    model: str
    edit: Edit = _whole
    everywhere: bool = False
    honest: bool = False
    goal: bool = True


VARIANTS = (
    Variant("int8", "ONNX Runtime, weights in 8 bits", "int8", everywhere=True, honest=True),
    Variant("float32", "torch, float32, 32 at a time", "float32", everywhere=True, honest=True),
    Variant("bfloat16", "torch, bfloat16", "bfloat16", everywhere=True, honest=True),
    Variant("half", "weights rounded to half precision", "half", everywhere=True, honest=True),
    Variant("together", "ONNX Runtime, 32 at a time", "int8-together", honest=True),
    Variant("unoptimised", "ONNX Runtime, graph optimisation off", "unoptimised", honest=True),
    Variant("two-threads", "ONNX Runtime, two threads", "two-threads", honest=True),
    Variant("half-text", HALF_TEXT, "float32", _first(0.5)),
    Variant("smollm2", "another model (SmolLM2)", "smollm2"),
    Variant("five-layers", "five of its six layers", "five-layers"),
    Variant("no-layers", "its word embeddings alone", "no-layers"),
    Variant("first-token", "the first token instead of the mean", "first-token"),
    Variant("3-bit", "weights in 3 bits", "3-bit", goal=False),
    Variant("4-bit", "weights in 4 bits", "4-bit", goal=False),
    Variant("pruned", "the smallest tenth of the weights cut", "pruned", goal=False),
    Variant("noised", "weights + 10 % noise", "noised", goal=False),
    Variant("three-quarters", "last quarter of the text cut", "float32", _first(0.75), goal=False),
    Variant("word-less", "one word left out", "float32", _one_word_left_out, goal=False),
    Variant("other-noun", "another noun, same definition", "float32", _another_noun, goal=False),
)

HONEST = tuple(variant.name for variant in VARIANTS if variant.everywhere)
"""Settings of verifiers: three of them judge a claim, none in the setting it was made in."""

IN_TURN = tuple(variant for variant in VARIANTS if variant.goal and not variant.honest)


@dataclass(frozen=True, slots=True)
class Plan:
    """tasks: how many; panel: how many of them have all variants; whitening: further texts."""

    tasks: int
    panel: int
    whitening: int

    def has(self, variant: Variant, number: int) -> bool:
        """Whether `variant` is made for task `number`."""
        return (
            variant.everywhere or number < self.panel or variant == IN_TURN[number % len(IN_TURN)]
        )


WHOLE, QUICK = Plan(tasks=2000, panel=500, whitening=1000), Plan(tasks=40, panel=12, whitening=400)


@cache
def words_of(wordnet: Path, plan: Plan) -> Sequence[Words]:
    """The nouns of the plan: tasks, then those for whitening. Raises OSError without WordNet."""
    found: Sequence[Noun] = nouns(wordnet, WHOLE.tasks + WHOLE.whitening, SEED)
    chosen = [*found[: plan.tasks], *found[WHOLE.tasks : WHOLE.tasks + plan.whitening]]
    return [(noun.lemma, noun.gloss) for noun in chosen]
