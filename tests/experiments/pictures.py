"""Stands in for the image model and for photographs: smooth random pictures, quickly."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from verifier.digest.png import encode_png

__all__ = ["Artist", "artist", "smooth"]

FREQUENCIES = 12
SIDE = 128


def smooth(rng: np.random.Generator, side: int = SIDE) -> NDArray[np.float64]:
    """Grey levels `float64[side, side]` whose spectrum falls as that of a real picture does."""
    waves = np.cos(np.pi * (2 * np.arange(side) + 1) * np.arange(FREQUENCIES)[:, None] / (2 * side))
    strength = 40 / (1 + np.hypot(*np.indices((FREQUENCIES, FREQUENCIES))))
    return 128 + waves.T @ (rng.normal(size=strength.shape) * strength) @ waves


class Artist:
    """The interface of `terrain.Painter`. Settings that are honest differ by a hair, others by as
    much as their name asks for."""

    drawn = 0

    def __init__(self, model: str) -> None:
        self._model = model

    def paint(self, condition: int, seed: int) -> NDArray[np.float64]:
        type(self).drawn += 1
        levels = smooth(np.random.default_rng(seed)) + condition / 50
        if self._model.startswith(("int8", "pruned", "noised")):
            other = smooth(np.random.default_rng([seed, len(self._model)]))
            return 0.3 * levels + 0.7 * other
        return levels

    def repaint(
        self, base: NDArray[np.float64], condition: int, strength: float, seed: int
    ) -> NDArray[np.float64]:
        type(self).drawn += 1
        return (1 - strength) * base + strength * smooth(np.random.default_rng(seed))

    def png(self, levels: NDArray[np.float64]) -> bytes:
        hair = {"fp16-weights": 0.2, "bfloat16": 0.4}.get(self._model, 0.0)
        return encode_png(np.clip(np.rint(levels + hair), 0, 255).astype(np.uint8))


def artist(model: str, _draw: int, _folder: Path) -> Artist:
    """In place of `terrain_models.painter`."""
    return Artist(model)
