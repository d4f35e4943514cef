"""Family `image-perceptual`: signs of 256 keyed ±1 projections of whitened low frequencies.

For two images whose feature vectors stand at angle θ, E[distance] = 256 θ/π over keys.
Whitening (the profile's `mean` and `scale`, measured on real outputs) gives each frequency the same
say and makes the population mean the zero vector, whose digest is as far from an image's as chance.
Specification: `docs/digests.md`. Random hyperplanes: Charikar, STOC 2002.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from verifier.canonical import require_fields
from verifier.digest.bits import Words
from verifier.digest.fast import kernels
from verifier.digest.params import integer
from verifier.digest.pixels import area_resample, chrominance, low_frequencies, luminance
from verifier.digest.png import decode_png
from verifier.digest.projection import project
from verifier.digest.whitening import Features, Whitening
from verifier.errors import ProfileError

__all__ = ["MAX_BYTES", "MAX_PIXELS", "ImagePerceptual"]

MAX_BYTES = 1 << 25
MAX_PIXELS = 1 << 24

ENOUGH_IMAGES = 16
"""From so many images on the compiled kernel is worth loading."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class ImagePerceptual:
    """luma, chroma: side of the block of low frequencies taken of luminance (without its mean) and
    of each of the two chrominances (0 for none)."""

    max_bytes: int
    max_pixels: int
    luma: int
    chroma: int
    whitening: Whitening

    @classmethod
    def parse(cls, features: Mapping[str, Any], max_bytes: int) -> Self:
        """The `features` of a recipe of this family."""
        require_fields(
            features,
            "profile's features",
            ("lumaBlock", "chromaBlock", "maxPixels", "mean", "scale"),
            ProfileError,
        )
        luma = integer(features, "lumaBlock", 4, 32)
        chroma = integer(features, "chromaBlock", 0, 8)
        return cls(
            max_bytes=integer({"maxBytes": max_bytes}, "maxBytes", 1, MAX_BYTES),
            max_pixels=integer(features, "maxPixels", 1, MAX_PIXELS),
            luma=luma,
            chroma=chroma,
            whitening=Whitening.parse(features, luma * luma - 1 + 2 * chroma * chroma),
        )

    def digest(self, contents: Sequence[bytes], key: bytes) -> Words:
        """Digests `uint64[n, 4]` of PNG files; DigestError for what is not one."""
        decoded = (decode_png(content, self.max_bytes, self.max_pixels) for content in contents)
        return self.digest_pixels(decoded, len(contents), key)

    def digest_pixels(self, images: Iterable[Pixels], count: int, key: bytes) -> Words:
        """Digests `uint64[count, 4]` of images, each `uint8[h, w]` or `uint8[h, w, 3]`."""
        fast = kernels(count, ENOUGH_IMAGES)
        features = np.empty((count, len(self.whitening)), dtype=np.int16)
        for row, pixels in enumerate(images):
            features[row] = self.features(pixels, fast)
        return self.project(features, key)

    def features(self, pixels: Pixels, fast: ModuleType | None = None) -> Features:
        """Whitened features `int16[count]` of `uint8[h, w]` or `uint8[h, w, 3]`."""
        return self.whitening.apply(self.coefficients(pixels, fast))

    def coefficients(self, pixels: Pixels, fast: ModuleType | None = None) -> NDArray[np.int64]:
        """Low frequencies before whitening: luminance without its first, then Cb, then Cr."""
        parts = [low_frequencies(area_resample(luminance(pixels), fast), self.luma).ravel()[1:]]
        if self.chroma:
            parts += [
                low_frequencies(area_resample(plane, fast), self.chroma).ravel()
                for plane in chrominance(pixels)
            ]
        return np.concatenate(parts)

    def project(self, features: Features, key: bytes) -> Words:
        """Digests `uint64[n, 4]` of features `int16[n, count]`."""
        return project(features, "image-perceptual/projections", key)
