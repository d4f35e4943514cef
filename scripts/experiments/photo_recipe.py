"""A recipe of `image-perceptual` for photographs.

Photographs at hand are too few to measure a mean and a deviation of every frequency, as is done for
a model. Those of nature follow a power law instead (Field, J. Opt. Soc. Am. A 4, 1987), so

    deviation(u, v) = a / (u² + v²)^(b/2)

is fitted, one a and b for luminance and one for chrominance, to windows of photographs on which
nothing is judged. Means are 0 but for the average colour.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.experiments.photographs import FITTED, pixels
from verifier.digest.pixels import area_resample, chrominance, low_frequencies, luminance
from verifier.digest.whitening import SCALE_BITS

__all__ = ["photo_recipe", "terrain_recipe"]

LUMA, CHROMA = 16, 4
MAX_BYTES, MAX_PIXELS = 1 << 24, 1 << 22
WINDOWS, SMALLEST = 60, 0.4  # windows of each photograph; the least share of its sides
UNIT = 32  # a standard deviation of a feature, after whitening

Floats = NDArray[np.float64]


def photo_recipe() -> dict[str, Any]:
    """The recipe, its tolerance 0 until it is calibrated."""
    luma, blue, red = _windows()
    tint = _deviations(np.concatenate((blue, red)))
    scale = np.concatenate((_deviations(luma).ravel()[1:], tint.ravel(), tint.ravel()))
    mean = np.zeros(len(scale))
    mean[LUMA**2 - 1] = blue[:, 0, 0].mean()
    mean[LUMA**2 - 1 + CHROMA**2] = red[:, 0, 0].mean()
    return {
        "schema": "assay/profile/1",
        "name": "image-perceptual-photographs",
        "version": 1,
        "modality": "image",
        "family": "image-perceptual",
        "canonicalisation": "png-8bit",
        "maxBytes": MAX_BYTES,
        "features": {
            "lumaBlock": LUMA,
            "chromaBlock": CHROMA,
            "maxPixels": MAX_PIXELS,
            "mean": np.rint(mean).astype(int).tolist(),
            "scale": np.rint(UNIT * 2**SCALE_BITS / scale).astype(int).tolist(),
        },
        "tolerance": 0,
        "environment": {"pins": {}, "variesWith": []},
    }


def terrain_recipe(shipped: Mapping[str, Any]) -> dict[str, Any]:
    """The terrain profile, but for pictures of any size: to see whether its whitening suits."""
    features = {**shipped["features"], "maxPixels": MAX_PIXELS}
    return {**shipped, "features": features, "maxBytes": MAX_BYTES}


def _windows() -> tuple[Floats, Floats, Floats]:
    """Low frequencies `[windows, v, u]` of luminance and of both chrominances (of colour only)."""
    rng = np.random.default_rng(1)
    luma, blue, red = [], [], []
    for name, place in FITTED.items():
        picture = pixels(name, place)
        for _ in range(WINDOWS):
            window = _window(picture, rng)
            luma.append(low_frequencies(area_resample(luminance(window)), LUMA))
            if window.ndim == 3:
                for planes, plane in zip((blue, red), chrominance(window), strict=True):
                    planes.append(low_frequencies(area_resample(plane), CHROMA))
    return tuple(np.array(found, dtype=np.float64) for found in (luma, blue, red))  # type: ignore[return-value]


def _window(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    share = rng.uniform(SMALLEST, 1)
    height, width = (round(side * share) for side in picture.shape[:2])
    top = rng.integers(0, picture.shape[0] - height + 1)
    left = rng.integers(0, picture.shape[1] - width + 1)
    return picture[top : top + height, left : left + width]


def _deviations(coefficients: Floats) -> Floats:
    """`float64[v, u]` by the law, fitted to the logarithms; at frequency 0 as measured."""
    measured = coefficients.std(axis=0)
    v, u = np.indices(measured.shape)
    frequency = np.hypot(v, u)
    apart = frequency > 0
    slope, offset = np.polyfit(np.log(frequency[apart]), np.log(measured[apart]), 1)
    law = measured.copy()
    law[apart] = np.exp(offset + slope * np.log(frequency[apart]))
    return law
