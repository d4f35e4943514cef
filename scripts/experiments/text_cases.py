"""Cases for calibration from the generated texts: claims, and what honest verifiers generated.

Texts become files under WORK/outputs, token ids become files of uint32. Where a dishonest way of
generating gave the very text of the honest one, the case has a variant of its own: it is the same
work, whoever did it, and no digest of the text can refuse it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from scripts.experiments import text_prompts
from scripts.experiments.text_edits import EDITS
from scripts.experiments.text_store import read
from verifier.calibration import Case
from verifier.calibration.atomic import write_whole

__all__ = ["HONEST", "SAME_TEXT", "Texts", "text_cases", "token_cases"]

HONEST = {
    "again": "the project's own engine, in another run",
    "concurrent-4": "four requests at a time",
    "threads-2": "two threads",
    "cached-prompt": "the beginning of the prompt from the cache",
}
OTHER_PRECISION = "f16"
DIFFERENT = {
    "gemma": "another model",
    "q4_0": "another quantisation",
    "pruned": "two layers left out",
    "3-bit": "weights in 3 bits",
    "other-system": "another system prompt",
    "temperature-0.8": "temperature 0.8",
    "temperature-0.2": "temperature 0.2",
}
SAME_TEXT = "the same text came out"
SERIES = {"short": text_prompts.base, "long": text_prompts.long}


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one length, by variant and task."""

    work: Path
    length: str
    made: Mapping[str, Mapping[str, Mapping[str, Any]]]

    @classmethod
    def load(cls, work: Path, length: str) -> "Texts":
        """What was generated so far."""
        files = sorted((work / "texts" / length).glob("*.jsonl"))
        return cls(work, length, {file.stem: read(file) for file in files})

    def text(self, variant: str, task: str) -> str | None:
        """The text, or None where there is none or it is blank."""
        record = self.made.get(variant, {}).get(task)
        return record["text"] if record and record["text"].strip() else None

    def file(self, variant: str, task: str) -> str:
        """The path, within the work folder, of a text that exists."""
        text = self.text(variant, task)
        assert text is not None
        return self.put(variant, f"{task}.txt", text.encode())

    def put(self, variant: str, name: str, content: bytes) -> str:
        """The path of a content, written if it is not there."""
        path = f"outputs/{self.length}/{variant.replace(' ', '-')}/{name}"
        file = self.work / path
        if not file.exists() or file.stat().st_size != len(content):
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, content)
        return path

    def tasks(self) -> Iterator[str]:
        """Names of the tasks that have an honest text."""
        for task in SERIES[self.length]():
            if self.text("honest", task.name) is not None:
                yield task.name


def text_cases(texts: Texts, forgiven: Sequence[str] = ()) -> Iterator[Case]:
    """Cases on texts; `forgiven` edits bear on no goal."""
    long = "" if texts.length == "short" else ", 256 tokens"
    for task in texts.tasks():
        honest = texts.file("honest", task)
        again = [name for name in HONEST if texts.text(name, task) is not None]
        for name in again:
            yield Case(task, "same", HONEST[name] + long, honest, (texts.file(name, task),))
        if texts.text(OTHER_PRECISION, task) is not None:
            verifier = (texts.file(OTHER_PRECISION, task),)
            yield Case(task, "same", "weights in half precision" + long, honest, verifier, False)
        verifiers = (honest, *(texts.file(name, task) for name in again))[:3]
        for name, words in DIFFERENT.items():
            if texts.text(name, task) is None:
                continue
            claim = texts.file(name, task)
            if texts.text(name, task) == texts.text("honest", task):
                yield Case(
                    task, "different", f"{words}{long}; {SAME_TEXT}", claim, verifiers, False
                )
            else:
                yield Case(task, "different", words + long, claim, verifiers)
        yield from _edits(texts, task, verifiers, long, forgiven)


def _edits(
    texts: Texts, task: str, verifiers: tuple[str, ...], long: str, forgiven: Sequence[str]
) -> Iterator[Case]:
    text = texts.text("honest", task)
    assert text is not None
    for name, edit in EDITS.items():
        seed = int.from_bytes(sha256(f"{task} {name}".encode()).digest()[:8])
        changed = edit(text, np.random.default_rng(seed))
        if changed is not None and changed.strip():
            claim = texts.put(name, f"{task}.txt", changed.encode())
            yield Case(task, "different", name + long, claim, verifiers, name not in forgiven)


def token_cases(texts: Texts) -> Iterator[Case]:
    """Cases on token ids of seeded sampling."""
    seeded = texts.made.get("temperature-0.8", {})
    for task in seeded:
        claim = _tokens(texts, "temperature-0.8", task)
        same = [
            name for name in ("seeded-again", "seeded-concurrent-4") if task in texts.made[name]
        ]
        for name in same:
            words = "the same seed" if name == "seeded-again" else "the same seed, four at a time"
            yield Case(task, "same", words, claim, (_tokens(texts, name, task),))
        verifiers = (claim, *(_tokens(texts, name, task) for name in same))
        for name, words in (
            ("other-seed", "another seed"),
            ("honest", "greedy instead of sampled"),
        ):
            if task in texts.made[name]:
                other = _tokens(texts, name, task)
                yield Case(task, "different", words, other, verifiers)
        ids = seeded[task]["tokens"]
        for changed in (1, 4, 16):
            if len(ids) > 2 * changed:
                cut = np.array(ids[:-changed], dtype="<u4").tobytes()
                words = f"the last {changed} tokens left out"
                path = texts.put(f"tokens-cut-{changed}", f"{task}.u32", cut)
                yield Case(task, "different", words, path, verifiers, changed >= 16)


def _tokens(texts: Texts, variant: str, task: str) -> str:
    ids = np.array(texts.made[variant][task]["tokens"], dtype="<u4")
    return texts.put(variant, f"{task}.u32", ids.tobytes())
