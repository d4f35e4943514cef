"""Records of log-probabilities: what each engine says of given tokens, for the family `logprobs`.

Rows of `JOBS` are all there is to know: which texts, on which engine, for which tasks. A record is
made for one key, the task's first, whose suffix it ends with; one engine reads the honest texts
with the suffixes of other keys too. Tasks are done in chunks, every job of a chunk before the
next, so that wherever a run is ended each job has its share.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scripts.experiments import text_prompts
from scripts.experiments.steps import Step, Steps
from scripts.experiments.text_llama import Llama
from scripts.experiments.text_logprobs import (
    FEATURES,
    KEYS,
    SUFFIX_ENGINE,
    key_for,
    suffix_path,
)
from scripts.experiments.text_prompts import TextTask
from scripts.experiments.text_store import Lines, read
from scripts.experiments.text_torch import Torch, Words, chat_prompt
from scripts.experiments.text_weights import path_of
from verifier.digest.logprobs import Logprobs, encode

__all__ = ["ENGINES", "JOBS", "Job", "make_records", "record_path"]

CHUNK_TASKS = 200
FAMILY = Logprobs.parse(FEATURES, 1 << 24)
BEAM, BEAMS = "beam-4", 4
END = 2  # the token that ends a text


@dataclass(frozen=True, slots=True)
class Kind:
    """weights: see `text_weights`; dtype: of torch, or None for llama.cpp."""

    weights: str
    dtype: str | None = None


ENGINES: Mapping[str, Kind] = {
    "llama-q4_1": Kind("q4_1"),
    "llama-f16": Kind("f16"),
    "torch-f32": Kind("q4_1", "float32"),
    "torch-bf16": Kind("q4_1", "bfloat16"),
    "llama-q8_0": Kind("q8_0"),
    "llama-q4_0": Kind("q4_0"),
    "llama-pruned": Kind("pruned"),
    "llama-3-bit": Kind("3-bit"),
}
"""The first four are the claimed model. In q8_0 its weights are rounded anew, finely."""


@dataclass(frozen=True, slots=True)
class Job:
    """The texts of a variant, on an engine, for every `every`-th task beginning with `first`."""

    texts: str
    engine: str
    every: int
    first: int

    def wants(self, task: TextTask) -> bool:
        """Whether this task belongs to the job."""
        return task.number % self.every == self.first


JOBS = (
    Job("honest", "llama-q4_1", 4, 0),
    Job("honest", "torch-f32", 4, 0),
    Job("honest", "torch-bf16", 4, 0),
    Job("honest", "llama-f16", 4, 0),
    Job("honest", "llama-q4_0", 4, 0),
    Job("honest", "llama-pruned", 8, 0),
    Job("honest", "llama-3-bit", 20, 0),
    Job("honest", "llama-q8_0", 20, 0),
    Job("gemma", "torch-bf16", 4, 1),
    Job("gemma", "llama-q4_1", 20, 1),
    Job("q4_0", "torch-bf16", 4, 1),
    Job("q4_0", "llama-q4_1", 20, 1),
    Job("q4_0", "llama-q4_0", 20, 1),
    Job("pruned", "torch-bf16", 8, 2),
    Job("pruned", "llama-q4_1", 40, 2),
    Job("3-bit", "torch-bf16", 20, 2),
    Job("temperature-0.8", "torch-bf16", 4, 3),
    Job("temperature-0.8", "llama-q4_1", 20, 3),
    Job("temperature-0.2", "torch-bf16", 4, 2),
    Job("temperature-0.2", "llama-q4_1", 20, 2),
    Job("other-system", "torch-bf16", 4, 2),
    Job("beam-4", "torch-bf16", 20, 0),
    Job("beam-4", "llama-q4_1", 20, 0),
)


class Scorer(Protocol):
    """An engine that tells log-probabilities of given tokens."""

    def top_logprobs(
        self, prompt: Sequence[int], given: Sequence[int], top: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]: ...


def record_path(work: Path, job: Job) -> Path:
    """Where a job's records are."""
    return work / "records" / f"{job.texts}.{job.engine}.jsonl"


def given_tokens(record: Mapping[str, Any], words: Words, limit: int) -> list[int]:
    """The ids that were generated, or, where they were not kept, those of the text: the end of
    text added to a text that ended before the limit."""
    tokens: list[int] | None = record.get("tokens")
    if tokens is None:
        tokens = words.ids(record["text"])[:limit]
    return tokens if len(tokens) == limit or tokens[-1:] == [END] else [*tokens, END]


def make_records(work: Path, tasks: int, steps: Steps, beam: bool = True) -> None:
    """Makes what is missing for the first `tasks` base tasks whose texts exist under `work`; beam:
    texts by beam search too, which take long."""
    everything = text_prompts.base(tasks)
    chunks = max(1, tasks // CHUNK_TASKS)
    for chunk in range(chunks):
        part = everything[chunk * tasks // chunks : (chunk + 1) * tasks // chunks]
        name = f"chunk {chunk + 1}/{chunks}"
        if beam:
            steps.run([Step(f"{name} {BEAM}", _beam_texts, (work, part))])
        steps.run(
            Step(f"{name} records of {engine}", _of_engine, (work, engine, part))
            for engine in ENGINES
        )
        steps.run([Step(f"{name} suffixes", _suffixes, (work, part))])


def _beam_texts(work: Path, tasks: Sequence[TextTask]) -> int:
    """Texts by beam search in torch, for the tasks whose records are wanted; how many were made."""
    words = _words(work)
    job = next(job for job in JOBS if job.texts == BEAM)
    with Lines(work / "texts" / "short" / f"{BEAM}.jsonl") as lines:
        missing = [task for task in tasks if job.wants(task) and task.name not in lines]
        if not missing:
            return 0
        model = Torch(path_of("q4_1", work / "weights"))
        for task in missing:
            tokens = model.beam(words.ids(chat_prompt(task.prompt)), task.tokens, BEAMS)
            lines.add({"task": task.name, "text": words.text(tokens), "tokens": tokens})
        return len(missing)


def _of_engine(work: Path, engine: str, tasks: Sequence[TextTask]) -> int:
    words = _words(work)
    made, scorer = 0, None
    for job in (job for job in JOBS if job.engine == engine):
        texts = read(work / "texts" / "short" / f"{job.texts}.jsonl")
        with Lines(record_path(work, job)) as lines:
            for task in tasks:
                if not job.wants(task) or task.name not in texts or task.name in lines:
                    continue
                scorer = scorer or _load(work, engine)
                given = given_tokens(texts[task.name], words, task.tokens)
                prompt = words.ids(chat_prompt(task.prompt))
                record = _record(scorer, prompt, given, key_for(task.name))
                lines.add({"task": task.name, "record": base64.b64encode(record).decode()})
                made += 1
    return made


@cache
def _words(work: Path) -> Words:
    return Words(path_of("q4_1", work / "weights"))


def _load(work: Path, engine: str) -> Scorer:
    kind = ENGINES[engine]
    path = path_of(kind.weights, work / "weights")
    return Llama(path) if kind.dtype is None else Torch(path, kind.dtype)


def _suffixes(work: Path, tasks: Sequence[TextTask]) -> int:
    """What the engine says of the suffixes of all keys but the first, for the tasks of which it has
    a record; how many tasks were done."""
    words = _words(work)
    job = next(job for job in JOBS if (job.texts, job.engine) == ("honest", SUFFIX_ENGINE))
    texts = read(work / "texts" / "short" / f"{job.texts}.jsonl")
    with Lines(suffix_path(work)) as lines:
        missing = [
            task
            for task in tasks
            if job.wants(task) and task.name in texts and task.name not in lines
        ]
        if not missing:
            return 0
        kind = ENGINES[SUFFIX_ENGINE]
        model = Torch(path_of(kind.weights, work / "weights"), str(kind.dtype))
        for task in missing:
            output = given_tokens(texts[task.name], words, task.tokens)
            prefix = [*words.ids(chat_prompt(task.prompt)), *output]
            keys = [key_for(task.name, number) for number in range(1, KEYS)]
            given = [FAMILY.suffix_tokens(key) for key in keys]
            told = model.top_logprobs_after(prefix, given, FAMILY.top)
            rows = [
                encode(np.array(suffix), *found) for suffix, found in zip(given, told, strict=True)
            ]
            encoded = [base64.b64encode(row).decode() for row in rows]
            lines.add({"task": task.name, "suffixes": encoded})
        return len(missing)


def _record(scorer: Scorer, prompt: Sequence[int], output: Sequence[int], key: bytes) -> bytes:
    given = [*output, *FAMILY.suffix_tokens(key)]
    tokens, values = scorer.top_logprobs(prompt, given, FAMILY.top)
    return encode(np.array(given), tokens, values)
