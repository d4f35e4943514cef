"""Outputs that no model generated, in the form in which the experiments on text keep them."""

import base64
import json
from pathlib import Path

import numpy as np

from scripts.experiments.text_cases import Texts
from scripts.experiments.text_logprobs import (
    CLAIMED,
    FEATURES,
    Records,
    key_for,
    suffix_path,
)
from verifier.digest.logprobs import Logprobs, encode

HONEST = (
    "The moon pulls the sea and the sea answers it twice a day, in every harbour of the world. "
    "Fishermen know the hours by heart, and so do the birds that walk on what the water leaves."
)
OTHER = (
    "A bridge is a promise between two banks, and it is kept by stone or rope or steel for long. "
    "Whoever crosses it thinks of the other side, and seldom of those who drove the first pile."
)


FAMILY = Logprobs.parse(FEATURES, 1 << 24)


def lines(path: Path, *records: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def texts(work: Path) -> Texts:
    folder = work / "texts" / "short"
    lines(
        folder / "honest.jsonl",
        {"task": "t0000", "text": HONEST, "tokens": list(range(40))},
        {"task": "t0003", "text": OTHER, "tokens": list(range(40, 80))},
    )
    for name in ("again", "concurrent-4"):
        lines(folder / f"{name}.jsonl", {"task": "t0000", "text": HONEST})
    lines(folder / "temperature-0.2.jsonl", {"task": "t0000", "text": HONEST})
    sampled = {"task": "t0003", "text": "Banks.", "tokens": list(range(100, 140))}
    for name in ("temperature-0.8", "seeded-again"):
        lines(folder / f"{name}.jsonl", sampled)
    lines(folder / "seeded-concurrent-4.jsonl")
    lines(folder / "other-seed.jsonl", {**sampled, "tokens": list(range(200, 240))})
    return Texts.load(work, "short")


def record(task: str, seed: int, noise: float, missed: int) -> dict:
    """Of a made-up model: 30 tokens, `missed` of them not the likeliest."""
    suffix = FAMILY.suffix_tokens(key_for(task))
    raw = made_up(seed, noise, missed, suffix)
    return {"task": task, "record": base64.b64encode(raw).decode()}


def made_up(seed: int, noise: float, missed: int, suffix: list[int]) -> bytes:
    rng = np.random.default_rng(seed)
    count = 30 + len(suffix)
    tokens = np.argsort(rng.random((count, 4000)), axis=1)[:, : FEATURES["top"]]
    values = -np.cumsum(rng.random((count, FEATURES["top"])) + 0.3, axis=1)
    values += np.random.default_rng(noise > 0).normal(0, noise, values.shape) if noise else 0
    given = [*tokens[:30, 0], *suffix]
    given[:missed] = tokens[:missed, 1]
    return encode(np.array(given), tokens, np.minimum(values, 0))


def suffixes(task: str, seed: int) -> dict:
    """What the made-up model says of the suffixes of two more keys."""
    rows = []
    for number in (1, 2):
        given = FAMILY.suffix_tokens(key_for(task, number))
        whole = made_up(seed + 1000 * number, 0, 0, given)
        rows.append(whole[30 * len(whole) // (30 + len(given)) :])
    return {"task": task, "suffixes": [base64.b64encode(row).decode() for row in rows]}


def records(work: Path) -> Records:
    names = [f"t{number:04}" for number in range(6)]
    for engine in CLAIMED:
        noise = 0.02 * (engine != "torch-f32")
        made = [record(name, number, noise, 0) for number, name in enumerate(names)]
        lines(work / "records" / f"honest.{engine}.jsonl", *made)
    lines(suffix_path(work), *(suffixes(name, number) for number, name in enumerate(names)))
    wrong = [record(name, 99, 0.0, 0) for name in names]
    lines(work / "records" / "honest.llama-q4_0.jsonl", *wrong)
    hot = [record(name, number, 0.0, 20) for number, name in enumerate(names)]
    lines(work / "records" / "temperature-0.8.torch-bf16.jsonl", *hot)
    return Records.load(work)


def write_work(work: Path) -> None:
    """A work folder with everything that pages are made of."""
    texts(work)
    records(work)
    (work / "made.json").write_text(json.dumps({"the moon, in": "2001"}))
