"""Generates the texts: honest ones, again under other circumstances, and what a cheat would make.

Rows of `VARIANTS` are all there is to know. Tasks are done in chunks, every variant of a chunk
before the next chunk, so that wherever a run is ended each variant has its share. Those that need
several threads come last and alone: where others compute too, threads that wait for each other
take hours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.experiments import text_prompts
from scripts.experiments.steps import Step, Steps
from scripts.experiments.text_llama import Llama
from scripts.experiments.text_prompts import TextTask
from scripts.experiments.text_store import Lines
from scripts.experiments.text_weights import path_of
from verifier.engines.builtin_text import MODEL, BuiltinText
from verifier.tasks import Task

__all__ = ["LONG_VARIANTS", "VARIANTS", "Variant", "generate"]

CHUNK_TASKS = 100
PIRATE = "You are a pirate and speak like one."
OTHER_SEED = 1_000_003  # added to a task's seed


@dataclass(frozen=True, slots=True)
class Variant:
    """Every `every`-th task, beginning with `first`, on these weights. engine: through the
    project's own engine rather than the server below it; parameters: of the request; seed: what is
    added to the task's number for a seed, None for greedy decoding; chat: whether the model has a
    chat template, else it is asked in plain words; ids: whether the token ids are kept."""

    every: int
    first: int = 0
    weights: str = "q4_1"
    threads: int = 1
    slots: int = 1
    engine: bool = False
    system: str | None = None
    seed: int | None = None
    chat: bool = True
    ids: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def wants(self, task: TextTask) -> bool:
        """Whether this task belongs to the variant."""
        return task.number % self.every == self.first

    def request(self, task: TextTask) -> dict[str, Any]:
        """The request to llama.cpp for `task`."""
        request: dict[str, Any] = {"max_tokens": task.tokens, "temperature": 0.0}
        if self.chat:
            request["messages"] = [{"role": "user", "content": task.prompt}]
        else:
            request["prompt"] = f"Question: {task.prompt}\nAnswer:"
        if self.system is not None:
            request["messages"].insert(0, {"role": "system", "content": self.system})
        if self.seed is not None:
            request["seed"] = task.number + self.seed
        return {**request, "top_k": 40, "top_p": 0.95, **self.parameters}


HOT, COOL = {"temperature": 0.8}, {"temperature": 0.2}

VARIANTS: Mapping[str, Variant] = {
    "honest": Variant(1, ids=True),
    "again": Variant(4, 0, engine=True),
    "concurrent-4": Variant(4, 0, slots=4),
    "threads-2": Variant(20, 0, threads=2),
    "cached-prompt": Variant(20, 0, parameters={"cache_prompt": True}),
    "gemma": Variant(4, 1, weights="gemma", chat=False),
    "q4_0": Variant(4, 1, weights="q4_0"),
    "other-system": Variant(4, 2, system=PIRATE),
    "temperature-0.2": Variant(4, 2, seed=0, parameters=COOL),
    "temperature-0.8": Variant(4, 3, seed=0, parameters=HOT, ids=True),
    "seeded-again": Variant(4, 3, seed=0, parameters=HOT, ids=True),
    "seeded-concurrent-4": Variant(8, 3, slots=4, seed=0, parameters=HOT, ids=True),
    "other-seed": Variant(4, 3, seed=OTHER_SEED, parameters=HOT, ids=True),
    "f16": Variant(20, 1, weights="f16"),
    "pruned": Variant(8, 2, weights="pruned"),
    "3-bit": Variant(20, 2, weights="3-bit"),
}

LONG_VARIANTS: Mapping[str, Variant] = {
    "honest": Variant(1, ids=True),
    "again": Variant(2, engine=True),
    "temperature-0.2": Variant(1, seed=0, parameters=COOL),
    "temperature-0.8": Variant(1, seed=0, parameters=HOT),
    "gemma": Variant(2, weights="gemma", chat=False),
}


def generate(work: Path, tasks: int, long_tasks: int, steps: Steps) -> None:
    """Makes what is missing of `tasks` base tasks and `long_tasks` long ones under `work`."""
    series = (
        ("short", VARIANTS, text_prompts.base(tasks)),
        ("long", LONG_VARIANTS, text_prompts.long(long_tasks)),
    )
    chunks = max(1, tasks // CHUNK_TASKS)
    turns = [(several, chunk) for several in (False, True) for chunk in range(chunks)]
    for several, chunk in turns:
        wanted = []
        for length, variants, all_tasks in series:
            count = len(all_tasks)
            part = all_tasks[chunk * count // chunks : (chunk + 1) * count // chunks]
            wanted += [
                Step(
                    f"chunk {chunk + 1}/{chunks} {length} {name}", _make, (work, length, name, part)
                )
                for name, variant in variants.items()
                if (variant.threads > 1) is several
            ]
        steps.run(wanted, alone=several)


def _make(work: Path, length: str, name: str, part: Sequence[TextTask]) -> int:
    """Appends what is missing; the number of texts made."""
    variant = (LONG_VARIANTS if length == "long" else VARIANTS)[name]
    tasks = [task for task in part if variant.wants(task)]
    with Lines(work / "texts" / length / f"{name}.jsonl") as lines:
        missing = [task for task in tasks if task.name not in lines]
        if not missing:
            return 0
        if variant.engine:
            _through_engine(lines, missing)
            return len(missing)
        llama = Llama(path_of(variant.weights, work / "weights"), variant.threads, variant.slots)
        for first in range(0, len(missing), variant.slots):
            batch = missing[first : first + variant.slots]
            requests = [variant.request(task) for task in batch]
            made = llama.chat(requests, variant.ids) if variant.chat else llama.complete(requests)
            for task, record in zip(batch, made, strict=True):
                lines.add({"task": task.name, **record})
        return len(missing)


def _through_engine(lines: Lines, tasks: Sequence[TextTask]) -> None:
    engine = BuiltinText()
    try:
        for task in tasks:
            work = Task(
                bytes(32), "text", MODEL, task.prompt, parameters={"max_tokens": task.tokens}
            )
            lines.add({"task": task.name, "text": engine.generate(work).decode()})
    finally:
        engine.close()
