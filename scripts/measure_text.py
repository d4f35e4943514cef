"""Measures the distances that the profile text-minhash-smollm2 is chosen by, on real outputs.

    python scripts/measure_text.py [--count 100]     # JSON on standard output

Each task is generated greedily, again, and then as a cheat would have it: hot, under another system
prompt, cut short, or edited by hand. Each pair is compared under a key of its own.
"""

import argparse
import itertools
import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.measure_terrain import summary  # noqa: E402
from verifier import digest, profiles  # noqa: E402
from verifier.engines.builtin_text import MODEL, BuiltinText  # noqa: E402
from verifier.tasks import Task  # noqa: E402

NAME = "text-minhash-smollm2"
ASKS = (
    "Explain in a few sentences how {} works.",
    "Write a short story about {}.",
    "Give three facts about {}.",
    "What should a beginner know about {}?",
    "Describe {} to a child.",
)
SUBJECTS = (
    "a steam engine",
    "photosynthesis",
    "the tides",
    "a sewing machine",
    "bread",
    "the moon",
    "chess",
    "a lighthouse",
    "volcanoes",
    "glass",
    "honey bees",
    "a violin",
    "snow",
    "the compass",
    "paper",
    "a bicycle",
    "rivers",
    "coffee",
    "maps",
    "whales",
)


def generate(engine: BuiltinText, prompt: str, **parameters: str | float) -> str:
    """One real output of at most 64 tokens."""
    task = Task(
        bytes(32), "text", MODEL, prompt=prompt, parameters={"max_tokens": 64, **parameters}
    )
    return engine.generate(task).decode()


def edited(text: str, count: int, rng: np.random.Generator) -> str:
    """`text` with `count` of its words replaced."""
    words = text.split(" ")
    for position in rng.permutation(len(words))[:count]:
        words[position] = "indeed"
    return " ".join(words)


def variants(engine: BuiltinText, prompt: str, rng: np.random.Generator) -> dict[str, str]:
    """What the honest output, which is first, is compared with."""
    honest = generate(engine, prompt)
    words = honest.split(" ")
    return {
        "honest": honest,
        "again": generate(engine, prompt),
        "1 word edited": edited(honest, 1, rng),
        "3 words edited": edited(honest, 3, rng),
        "10 words edited": edited(honest, 10, rng),
        "last quarter cut": " ".join(words[: 3 * len(words) // 4]),
        "last half cut": " ".join(words[: len(words) // 2]),
        "temperature 0.8": generate(
            engine, prompt, temperature=0.8, seed=int(rng.integers(1 << 30))
        ),
        "temperature 0.2": generate(
            engine, prompt, temperature=0.2, seed=int(rng.integers(1 << 30))
        ),
        "other system prompt": generate(engine, prompt, system="You are a helpful pirate."),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    count = parser.parse_args().count
    profile, engine, rng = profiles.load(NAME), BuiltinText(), np.random.default_rng(7)
    measured: dict[str, list[int]] = {}
    honest: list[bytes] = []
    prompts = [ask.format(subject) for subject, ask in itertools.product(SUBJECTS, ASKS)]
    for index, prompt in enumerate(prompts[:count]):
        made = variants(engine, prompt, rng)
        base = made.pop("honest").encode()
        honest.append(base)
        for name, text in made.items():
            key = rng.bytes(32)
            rows = digest.digest_batch([base, text.encode()], profile, key)
            measured.setdefault(name, []).append(int(digest.distances(rows[0], rows[1])))
        if index % 10 == 9:
            print(f"{index + 1} of {count} tasks", file=sys.stderr)
    words = digest.digest_batch(honest, profile, rng.bytes(32))
    first, second = np.triu_indices(len(words), 1)
    result = {name: summary(values, profile.tolerance) for name, values in measured.items()}
    pairs = digest.distances(words[first], words[second])
    result["all pairs of honest outputs"] = summary(pairs, profile.tolerance)
    print(
        json.dumps({"tasks": count, "tolerance": profile.tolerance, "distances": result}, indent=2)
    )


if __name__ == "__main__":
    main()
