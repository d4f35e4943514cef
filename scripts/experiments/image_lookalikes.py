"""Searches for an image that is not the honest one and passes; see `image_search`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scripts.experiments.image_attacks import Outputs
from scripts.experiments.image_plan import HONEST, PLAIN, ImageTask
from scripts.experiments.image_search import first_within, search
from scripts.experiments.needs import require
from verifier.calibration import key_of
from verifier.digest import distances

__all__ = ["FRESH_KEYS", "MOST_TRIES", "PHASH_LIMIT", "Pushed", "in_pool", "pushed"]

PHASH_LIMIT = 23
"""Plain 64-bit hashes at a Hamming distance below 24 count as the same."""

FRESH_KEYS = 20
"""Under so many keys that nobody knew an image is judged which a search has found."""

MOST_TRIES = 2000

Lengths = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Pushed:
    """Searches from images of one kind, one per task of the panel.

    paths: of each the distance that decides, try by try, under the known key; passed: `bool[n]`;
    fresh, before: `uint16[n, FRESH_KEYS, 3]`, distances under fresh keys of the image that was
    found, and of the one it began from.
    """

    paths: list[Lengths]
    passed: NDArray[np.bool_]
    fresh: Lengths
    before: Lengths


def in_pool(outputs: Outputs, tolerance: int) -> dict[str, list[int | None]]:
    """Tries until an output of another task passes two of three, None where none of them does.

    By plain 64-bit hashes, and by digests under a key that is known; for each task of the panel,
    among the outputs of all other tasks, in an order of its own.
    """
    hashes = {name: _hashes(outputs, name) for name in (PLAIN, *HONEST)}
    tries: dict[str, list[int | None]] = {"phash": [], "digest": []}
    for task in outputs.panel:
        row = task.number
        order = np.random.default_rng(row).permutation(len(outputs.plain))
        order = order[order != row]
        plain = [(hashes[PLAIN][order] != hashes[name][row]).sum(axis=1) for name in HONEST]
        tries["phash"].append(first_within(np.stack(plain, axis=1), PHASH_LIMIT))
        key = key_of("pool", row)
        claims = outputs.family.project(outputs.plain[order], key)
        opened = outputs.family.project(outputs.verifiers[:, row], key)
        keyed = [distances(claims, verifier) for verifier in opened]
        tries["digest"].append(first_within(np.stack(keyed, axis=1), tolerance))
    return tries


def pushed(outputs: Outputs, variant: str, tolerance: int, say: Callable[[str], None]) -> Pushed:
    """Pushes the image of `variant` of each task of the panel until it passes."""
    paths, passed, fresh, before = [], [], [], []
    for task in outputs.panel:
        start = outputs.pixels(variant, task)
        verifiers = outputs.verifiers[:, task.number]
        known = key_of(f"known {variant}", task.number)
        found = search(start, outputs.family, verifiers, known, tolerance, MOST_TRIES)
        paths.append(found.path)
        passed.append(found.passed)
        fresh.append(_judged(outputs, found.image, task))
        before.append(_judged(outputs, start, task))
    say(f"searches from {variant}: {sum(passed)} of {len(passed)} succeeded")
    return Pushed(paths, np.array(passed), np.stack(fresh), np.stack(before))


def _judged(outputs: Outputs, image: NDArray[np.uint8], task: ImageTask) -> Lengths:
    """`uint16[FRESH_KEYS, 3]`: distances to the three verifiers under keys that nobody knew."""
    family = outputs.family
    features = family.features(image)[None]
    judged = []
    for number in range(FRESH_KEYS):
        key = key_of(f"fresh {task.number}", number)
        opened = family.project(outputs.verifiers[:, task.number], key)
        judged.append(distances(family.project(features, key), opened))
    return np.stack(judged)


def _hashes(outputs: Outputs, variant: str) -> NDArray[np.bool_]:
    """Plain hashes `bool[n, 64]` (pHash: DCT, median) of a setting's outputs."""
    phash = require("imagehash").phash
    return np.stack(
        [
            phash(Image.fromarray(outputs.pixels(variant, task))).hash.ravel()
            for task in outputs.tasks
        ]
    )
