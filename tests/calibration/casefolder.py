"""Case sets made of a few words, for the tests of calibration."""

import json
import random
from pathlib import Path
from typing import Any

RECIPE: dict[str, Any] = {
    "canonicalisation": "utf8-nfc",
    "environment": {"pins": {}, "variesWith": []},
    "family": "text-minhash",
    "features": {"characterShingle": 0, "wordShingle": 2},
    "maxBytes": 4096,
    "modality": "text",
    "name": "text-of-a-test",
    "schema": "assay/profile/1",
    "tolerance": 0,
    "version": 7,
}


def write_cases(
    folder: Path, tasks: int, edits: int = 15, verifiers: int = 3, spread: int = 0
) -> Path:
    """`tasks` tasks with an honest claim, one with `edits` words edited, one of another text, and
    one with a single word edited that is reported only; verifiers differ in `spread` words."""
    rng = random.Random(5)
    (folder / "outputs").mkdir(parents=True)
    lines = []
    for task in range(tasks):
        words = [f"w{rng.randrange(4000)}" for _ in range(40)]
        claims = {
            "again": words,
            "edited": _edited(words, edits, rng),
            "other": _edited(words, 40, rng),
            "touched": _edited(words, 1, rng),
        }
        seats = {f"v{seat}": _edited(words, spread, rng) for seat in range(verifiers)}
        names = {}
        for name, claim in (claims | seats).items():
            names[name] = f"outputs/{task}-{name}.txt"
            (folder / names[name]).write_text(" ".join(claim))
        for variant in claims:
            line = {
                "task": f"t{task}",
                "label": "same" if variant == "again" else "different",
                "variant": variant,
                "claim": names[variant],
                "verifiers": [names[f"v{seat}"] for seat in range(verifiers)],
            }
            lines.append(line | ({"goal": False} if variant == "touched" else {}))
    (folder / "cases.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def write_pairs(folder: Path, tasks: int) -> Path:
    """The same as a user's own folder of pairs."""
    for label in ("same", "different"):
        (folder / label).mkdir(parents=True)
    for task in range(tasks):
        text = " ".join(f"w{task}x{word}" for word in range(30))
        for label, other in (("same", text), ("different", text.replace("x", "y"))):
            (folder / label / f"p{task}.a.txt").write_text(other)
            (folder / label / f"p{task}.b.txt").write_text(text)
    return folder


def _edited(words: list[str], count: int, rng: random.Random) -> list[str]:
    words = list(words)
    for place in rng.sample(range(len(words)), count):
        words[place] = f"e{rng.randrange(4000)}"
    return words
