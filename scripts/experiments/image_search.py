"""A search for an output that is different and passes all the same.

Where the key is known, so is the digest that honest verifiers will open, bit by bit: an image that
is not the honest one is pushed, a little per try, towards the right side of the hyperplanes on the
wrong side of which it lies. The image that is found is then judged under keys that nobody knew.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verifier.digest import BITS, distances
from verifier.digest.image_perceptual import ImagePerceptual
from verifier.digest.keystream import signs
from verifier.digest.whitening import SCALE_BITS, Features

__all__ = ["MAJORITY", "Search", "deciding", "first_within", "search"]

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

MAJORITY = 1  # of three distances in order, the one that decides
STEP = 0.05  # length of a push, as a share of the length of the features
GAIN = 4096  # a wave of one grey level makes its frequency of 64x64 cells so large


@dataclass(frozen=True, slots=True)
class Search:
    """image: the last one tried; path: `uint16[tries]`, the distance that decides, of each try
    under the known key; passed: whether the last is within the tolerance."""

    image: Pixels
    path: NDArray[np.uint16]
    passed: bool

    @property
    def tries(self) -> int:
        """How many images were digested."""
        return len(self.path)


def deciding(distances_to: NDArray[np.integer]) -> NDArray[np.integer]:
    """`[..., 3]` to `[...]`: within this distance two of three verifiers are."""
    return np.sort(distances_to, axis=-1)[..., MAJORITY]


def search(
    start: Pixels,
    family: ImagePerceptual,
    verifiers: Features,
    key: bytes,
    tolerance: int,
    most: int,
) -> Search:
    """Changes the grey image `start` (`uint8[h, w]`) until two of three verifiers accept it.

    verifiers: features `int16[3, count]` of what they generate; key: known beforehand; most: tries
    before giving up.
    """
    matrix = signs("image-perceptual/projections", key, BITS, verifiers.shape[1]).astype(float)
    opened = family.project(verifiers, key)
    right = np.where(matrix @ verifiers[0] > 0, 1.0, -1.0)
    render = _renderer(family, start.shape[0])
    field, path = start.astype(np.float64), []
    while True:
        image = np.clip(np.rint(field), 0, 255).astype(np.uint8)
        found = family.features(image)
        apart = int(deciding(distances(family.project(found[None], key), opened)))
        path.append(apart)
        if apart <= tolerance or len(path) == most:
            return Search(image, np.array(path, dtype=np.uint16), apart <= tolerance)
        wrong = right * (matrix @ found) <= 0
        push = (right * wrong) @ matrix
        field += render(push * (STEP * np.linalg.norm(found) / np.linalg.norm(push)))


def first_within(distances_to: NDArray[np.integer], limit: int) -> int | None:
    """How many candidates are tried until one is within `limit` of two of three verifiers.

    distances_to: `[candidates, 3]`, in the order of the tries; None if none is.
    """
    near = deciding(distances_to) <= limit
    return int(near.argmax()) + 1 if near.any() else None


def _renderer(family: ImagePerceptual, side: int) -> Callable[[Floats], Floats]:
    """Draws whitened features `float64[count]` as grey levels to add, `float64[side, side]`."""
    block = family.luma
    waves = np.cos(np.pi * (2 * np.arange(side) + 1) * np.arange(block)[:, None] / (2 * side))
    waves[0] /= 2  # its squares sum to twice those of the others
    strengths = 2.0**SCALE_BITS / family.whitening.scale[: block**2 - 1] / GAIN

    def render(features: Floats) -> Floats:
        frequencies = np.concatenate(([0.0], features[: block**2 - 1] * strengths))
        levels: Floats = waves.T @ frequencies.reshape(block, block) @ waves
        return levels

    return render
