"""Cases for calibration from records of log-probabilities.

A record was made for its task's first key, so each case carries that key. Records are stored with
more alternatives than a profile wants; they are cut down to the profile's here.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scripts.experiments.text_store import read
from verifier.calibration import Case, key_of
from verifier.calibration.atomic import write_whole
from verifier.digest.logprobs import UNITS_PER_NAT, Logprobs, record_type

__all__ = [
    "CLAIMED",
    "FEATURES",
    "KEYS",
    "SUFFIX_ENGINE",
    "Records",
    "key_for",
    "logprob_cases",
    "raised",
    "shortfalls",
    "suffix_path",
]

FEATURES = {
    "clip": 4096,
    "shortfallCap": 256,
    "shortfallLimit": 1 << 22,
    "suffix": 16,
    "top": 32,
    "vocabulary": 49_152,
}
"""Wider than any profile needs: what is stored can be cut down later."""

CLAIMED = {
    "llama-q4_1": "llama.cpp, weights as they ship",
    "torch-f32": "torch, float32",
    "torch-bf16": "torch, bfloat16",
    "llama-f16": "llama.cpp, half precision",
}
"""Engines that run the claimed model."""

WRONG = {
    "llama-q4_0": "weights quantised again, in 4 bits (Q4_0)",
    "llama-pruned": "two layers left out",
    "llama-3-bit": "weights in 3 bits",
}
FINE = {"llama-q8_0": "weights rounded again, in 8 bits (Q8_0)"}
JUDGE = "torch-bf16"
LEAST_SEATS = 2  # of honest verifiers; where llama.cpp in half precision has read it, 3
DECODED = {
    "gemma": ("another model wrote", True),
    "q4_0": ("the model in Q4_0 wrote", True),
    "pruned": ("the model without two layers wrote", True),
    "3-bit": ("the model in 3 bits wrote", True),
    "temperature-0.8": ("sampled at temperature 0.8", True),
    "other-system": ("under another system prompt", False),
    "temperature-0.2": ("sampled at temperature 0.2", False),
    "beam-4": ("by beam search, 4 beams", False),
}
"""Texts that were not decoded greedily by the claimed model: words, whether the goal names them."""


KEYS, SUFFIX_ENGINE = 8, "torch-f32"
"""One engine reads the honest texts under so many keys; what it says before the suffix is the same
under all of them."""


def key_for(task: str, number: int = 0) -> bytes:
    """The keys of a task; records are made for the first."""
    return key_of(task, number)


def suffix_path(work: Path) -> Path:
    """Where the suffixes are: of each task, what `SUFFIX_ENGINE` says of those of all keys but the
    first."""
    return work / "suffixes" / f"honest.{SUFFIX_ENGINE}.jsonl"


@dataclass(frozen=True, slots=True)
class Records:
    """made: all records, by (texts, engine) and task; suffixes: by task."""

    work: Path
    made: Mapping[tuple[str, str], Mapping[str, Mapping[str, Any]]]
    suffixes: Mapping[str, Mapping[str, Any]]

    @classmethod
    def load(cls, work: Path) -> "Records":
        """What was made so far."""
        names = {file: file.stem.rsplit(".", 1) for file in (work / "records").glob("*.jsonl")}
        made = {(texts, engine): read(file) for file, (texts, engine) in names.items()}
        return cls(work, made, read(suffix_path(work)))

    def tasks(self, texts: str, *engines: str) -> list[str]:
        """Tasks that have a record of these texts on each of the engines."""
        found = [set(self.made.get((texts, engine), {})) for engine in engines]
        return sorted(set.intersection(*found))

    def seats(self, task: str, but: str) -> list[str]:
        """Engines, none of them `but`, that run the claimed model and have read the honest text."""
        return [
            engine
            for engine in CLAIMED
            if engine != but and task in self.made.get(("honest", engine), {})
        ]

    def array(self, texts: str, engine: str, task: str, top: int) -> np.ndarray:
        """The record, with so many alternatives."""
        return _cut_down(self.made[texts, engine][task]["record"], top)

    def under_all_keys(self, task: str, top: int) -> list[np.ndarray]:
        """The records of the honest text by `SUFFIX_ENGINE`, under each of the task's keys."""
        first = self.array("honest", SUFFIX_ENGINE, task, top)
        suffixes = [_cut_down(raw, top) for raw in self.suffixes[task]["suffixes"]]
        return [first, *(np.concatenate((first[: -len(rows)], rows)) for rows in suffixes)]

    def file(self, texts: str, engine: str, task: str, top: int, raise_given: bool = False) -> str:
        """The path, within the work folder, of a record with so many alternatives; see `raised`."""
        kind = ".raised" if raise_given else ""
        path = f"outputs/records/{texts}.{engine}.{top}{kind}/{task}.bin"
        if not (self.work / path).exists():
            array = self.array(texts, engine, task, top)
            (self.work / path).parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.work / path, (raised(array) if raise_given else array).tobytes())
        return path


def _cut_down(raw: str, top: int) -> np.ndarray:
    wide = np.frombuffer(base64.b64decode(raw), dtype=record_type(FEATURES["top"]))
    records = np.empty(len(wide), dtype=record_type(top))
    records["given"], records["top"] = wide["given"], wide["top"][:, :top]
    return records


def raised(record: np.ndarray) -> np.ndarray:
    """The record with each given token as the likeliest: plausible, whatever the model said.

    A provider may write that down, for what is public weighs nothing in a digest.
    """
    found = record.copy()
    for row in found:
        others = row["top"][row["top"]["token"] != row["given"]][: len(row["top"]) - 1].copy()
        row["top"][1:] = others
        row["top"][0] = (row["given"], max(int(others["logprob"][0]), -1))
    order = np.lexsort((found["top"]["token"], -found["top"]["logprob"].astype(int)), axis=1)
    found["top"] = np.take_along_axis(found["top"], order, axis=1)
    return found


def logprob_cases(records: Records, top: int) -> Iterator[Case]:
    """Cases with records of `top` alternatives."""

    def case(
        task: str, label: str, words: str, texts: str, claim: str, *seats: str, goal: bool = True
    ) -> Case:
        verifiers = tuple(records.file(texts, seat, task, top) for seat in seats)
        own = records.file(texts, claim, task, top, claim in WRONG)
        return Case(task, label, words, own, verifiers, goal, key_for(task))

    for engine, words in CLAIMED.items():
        for task in records.tasks("honest", engine):
            seats = records.seats(task, but=engine)
            if len(seats) >= LEAST_SEATS:
                yield case(task, "same", f"{words} (the others verify)", "honest", engine, *seats)
    for engine, words in (FINE | WRONG).items():
        wrong = engine in WRONG
        label = "different" if wrong else "same"
        for task in records.tasks("honest", engine):
            seats = records.seats(task, but="llama-q4_1")
            if len(seats) >= LEAST_SEATS:
                yield case(task, label, words, "honest", engine, *seats, goal=wrong)
    for texts, (words, goal) in DECODED.items():
        for task in records.tasks(texts, JUDGE):
            claim = f"{words}; the claimed model read it"
            yield case(task, "different", claim, texts, JUDGE, JUDGE, goal=goal)
        for task in records.tasks(texts, JUDGE, f"llama-{texts}"):
            claim = f"{words} and read it"
            yield case(task, "different", claim, texts, f"llama-{texts}", JUDGE)


def shortfalls(records: Records, family: Logprobs) -> dict[str, np.ndarray]:
    """By who wrote the texts: per text, how far its tokens fall short of the likeliest on average,
    in nat, by the family's cap."""

    def mean(texts: str, engine: str, task: str) -> float:
        array = records.array(texts, engine, task, family.top)
        output = array[: len(array) - FEATURES["suffix"]]
        return float(family.shortfalls(output).mean()) / UNITS_PER_NAT

    found = {
        f"honest, read by {words}": ("honest", engine) for engine, words in CLAIMED.items()
    } | {words: (texts, JUDGE) for texts, (words, _) in DECODED.items()}
    return {
        words: np.array([mean(texts, engine, task) for task in records.tasks(texts, engine)])
        for words, (texts, engine) in found.items()
    }
