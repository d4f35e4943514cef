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
    """For each kind of guess its distances to three verifiers, `uint16[tasks, keys, 3]`."""
    known = Known(
        outputs.plain,
        np.array([task.condition for task in outputs.tasks]),
        noise_features(outputs.tasks),
    )
    family = outputs.family
    claims = {name: rounded(guess(known)) for name, guess in GUESSES.items()}
    claims |= {words: outputs.features(name) for name, words in CONDITIONS.items()}
    say(f"{len(claims)} kinds of guesses are made")
    found: dict[str, list[Lengths]] = {}
    before = family.project(known.features, key_of("guesses", keys))
    for number in range(keys):
        key = key_of("guesses", number)
        honest = [family.project(features, key) for features in outputs.verifiers]
        words = {name: family.project(features, key) for name, features in claims.items()}
        words["the task's own digest from an earlier round"] = before
        words["bits that most earlier outputs have"] = _usual(known, family, key)
        words["all bits 0"] = np.zeros_like(before)
        for name, claim in words.items():
            apart = [distances(claim, verifier[: len(claim)]) for verifier in honest]
            found.setdefault(name, []).append(np.stack(apart, axis=1))
        before = honest[0]
    return {name: np.stack(parts, axis=1) for name, parts in found.items()}


def _usual(known: Known, family: ImagePerceptual, key: bytes) -> Words:
    """Under `key`, for each task the majority of each bit over outputs of other folds."""
    bits = _bits(family.project(known.features, key))
    words = np.empty((len(bits), 4), dtype=np.uint64)
    for tasks, learned in earlier(known):
        words[tasks] = pack((bits[learned].mean(axis=0) > 0.5)[None])
    return words


def _bits(words: Words) -> NDArray[np.bool_]:
    raw = np.ascontiguousarray(words.astype("<u8")).view(np.uint8)
    return np.unpackbits(raw, axis=1, bitorder="little").astype(bool)
