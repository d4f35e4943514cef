"""Claims of somebody who did not run the model: guesses, and digests used again."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.experiments.image_guesses import GUESSES, Known, earlier, noise_features, rounded
from scripts.experiments.image_outputs import path_of
from scripts.experiments.image_pairs import features_of
from scripts.experiments.image_plan import HONEST, PLAIN, ImageTask, Plan
from verifier.calibration import key_of
from verifier.digest import Words, distances
from verifier.digest.bits import pack
from verifier.digest.image_perceptual import ImagePerceptual
from verifier.digest.png import decode_png
from verifier.digest.whitening import Features

__all__ = ["CONDITIONS", "Outputs", "guesses"]

CONDITIONS = {
    "condition+1": "same seed, condition + 1",
    "condition+20": "same seed, condition + 20",
    "condition+50": "same seed, condition + 50",
}
"""Variants that a provider may have kept from other tasks, if seeds come again."""

Lengths = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Outputs:
    """The images of a plan in a work folder, and the features of the honest ones.

    plain: `int16[n, count]`; verifiers: `int16[3, n, count]`, in the settings of HONEST.
    """

    work: Path
    plan: Plan
    family: ImagePerceptual
    plain: Features
    verifiers: Features

    @classmethod
    def load(cls, work: Path, plan: Plan, family: ImagePerceptual) -> "Outputs":
        """Reads what `experiment_images` generated into `work`."""
        tasks = plan.all_tasks()
        settings = [
            features_of([work / path_of(name, task) for task in tasks], family)
            for name in (PLAIN, *HONEST)
        ]
        return cls(work, plan, family, settings[0], np.stack(settings[1:]))

    @property
    def tasks(self) -> list[ImageTask]:
        """All tasks."""
        return self.plan.all_tasks()

    @property
    def panel(self) -> list[ImageTask]:
        """The tasks that have all variants."""
        return self.tasks[: self.plan.panel]

    def pixels(self, variant: str, task: ImageTask) -> NDArray[np.uint8]:
        """One image, `uint8[h, w]`."""
        content = (self.work / path_of(variant, task)).read_bytes()
        return decode_png(content, self.family.max_bytes, self.family.max_pixels)

    def features(self, variant: str) -> Features:
        """Those of a variant of the panel, `int16[panel, count]`."""
        return features_of([self.work / path_of(variant, task) for task in self.panel], self.family)


def guesses(outputs: Outputs, keys: int, say: Callable[[str], None]) -> dict[str, Lengths]:
    """For each kind of guess its distances to three verifiers, `uint16[tasks, keys, 3]`, under
    `keys` keys of each task's own."""
    known = Known(
        outputs.plain,
        np.array([task.condition for task in outputs.tasks]),
        noise_features(outputs.tasks),
    )
    claims = {name: rounded(guess(known)) for name, guess in GUESSES.items()}
    claims |= {words: outputs.features(name) for name, words in CONDITIONS.items()}
    say(f"{len(claims)} kinds of guesses are made")
    found: dict[str, list[Lengths]] = {}
    for tasks, learned in earlier(known):
        for row in tasks:
            made = {name: features[row] for name, features in claims.items() if row < len(features)}
            parts = [_under_key(outputs, made, row, learned, number) for number in range(keys)]
            for name in parts[0]:
                found.setdefault(name, []).append(np.stack([part[name] for part in parts]))
    say("guesses are compared")
    return {name: np.stack(rows) for name, rows in found.items()}


def _under_key(
    outputs: Outputs, made: dict[str, Features], row: int, learned: NDArray[np.int64], number: int
) -> dict[str, Lengths]:
    """Distances `uint16[3]` of the guesses at one task under its key `number`."""
    family, verifiers = outputs.family, outputs.verifiers[:, row]
    name = f"guess at {row}"
    key = key_of(name, number)
    rows = np.concatenate((verifiers, np.stack(list(made.values())), outputs.plain[learned]))
    words = family.project(rows, key)
    honest, guessed, others = np.split(words, (3, 3 + len(made)))
    claims = dict(zip(made, guessed[:, None], strict=True))
    before = family.project(verifiers[:1], key_of(f"{name}, earlier", number))
    claims["the task's own digest from an earlier round"] = before
    claims["bits that most earlier outputs have"] = pack((_bits(others).mean(axis=0) > 0.5)[None])
    claims["all bits 0"] = np.zeros_like(before)
    return {name: distances(claim, honest).astype(np.uint16) for name, claim in claims.items()}


def _bits(words: Words) -> NDArray[np.bool_]:
    raw = np.ascontiguousarray(words.astype("<u8")).view(np.uint8)
    return np.unpackbits(raw, axis=1, bitorder="little").astype(bool)
