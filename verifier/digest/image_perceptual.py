"""Family `image-perceptual`: signs of 256 keyed projections of whitened low frequencies.

With B = `lumaBlock`, K = `chromaBlock`, and `mean`, `scale` lists of B² − 1 + 2K² integers. In this
section integers are signed.

1. **File.** Votes take PNG only: at most `maxBytes` (at most 2^25) bytes; sides 1..8192; at most
   `maxPixels` pixels; 8 bits per sample; colour type 0 (grey) or 2 (RGB); compression and filter
   method 0; not interlaced; one IHDR, first; no `acTL` (animation), no `tRNS` (transparency), no
   critical chunk but IHDR, PLTE, IDAT and IEND; IDAT chunks one after the other; right checksums
   up to IEND; data that inflates to exactly the rows of the header. All of it is checked before
   pixels are decoded. Ignored: ancillary chunks (gamma, profiles, text), PLTE, and whatever follows
   the end of the compressed stream or IEND. PNG decoding being lossless, the same bytes are the
   same pixels with any library.
2. **Planes.** Grey: Y is the sample. RGB: `Y = (77R + 150G + 29B + 128) >> 8`,
   `Cb = (128B − 43R − 85G + 32895) >> 8`, `Cr = (128R − 107G − 21B + 32895) >> 8`; of a grey image
   both are 128.
3. **Cells.** Resample each plane of H rows and W columns to 64×64 by area: cell (i, j) covers rows
   [i·H/64, (i+1)·H/64) and columns [j·W/64, (j+1)·W/64). A pixel counts by the share of its area
   there. With S the sum of pixel·(row overlap in 1/64 rows)·(column overlap in 1/64 columns), an
   integer, `cell = (256·S + ⌊HW/2⌋) div (HW)`.
4. **Frequencies.** `T[u, x]` = 2^14·cos(π(2x+1)u/128) rounded to the nearest integer (no entry is
   near a half, so any correct cosine will do). `R[y, u] = (Σ_x T[u, x]·cell[y, x] + 2^13) >> 14`,
   then `F[v, u] = (Σ_y T[v, y]·R[y, u] + 2^19) >> 20`, for u, v < B (of chrominance: < K).
5. **Features.** The F of Y row by row (v outer, u inner) without F[0, 0], then all F of Cb, then
   of Cr. Whiten: `q_k = clip( ((F_k − mean_k)·scale_k + 2^19) >> 20, −127, 127 )`.
6. **Bits.** With `S = signs("image-perceptual/projections", key, 256, number of features)`, bit i
   is 1 iff Σ_k S[i, k]·q_k > 0. A sum of exactly 0 gives 0.

**What it estimates.** For an angle θ between the two feature vectors, E[distance] = 256·θ/π over
keys (random hyperplanes, Charikar, STOC 2002; with ±1 entries up to a small error that falls with
the number of features).

**Why whiten.** Natural images, and the smooth ones of a terrain model above all, put nearly all
energy into a few lowest frequencies: unwhitened, all of them point the same way. `mean` and `scale`
are measured on real outputs of the model on seeds that nothing else uses, and are part of the
recipe, hence of the profileId. The population mean then is the zero vector, whose digest is all
zeros: it is as far from an image's digest as chance, 128.

**Limits.** It survives re-encoding and a grey level of noise; it breaks at crops and mirrors. What
the eye hardly sees it hardly sees either: see the figures of each profile in
[profiles.md](profiles.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from verifier.digest.bits import Words
from verifier.digest.fast import kernels
from verifier.digest.params import Feature, integer, read
from verifier.digest.pixels import area_resample, chrominance, low_frequencies, luminance
from verifier.digest.png import decode_png
from verifier.digest.projection import project
from verifier.digest.whitening import MEAN, SCALE, Features, Whitening

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

    FEATURES: ClassVar[tuple[Feature, ...]] = (
        Feature("lumaBlock", 4, 32),
        Feature("chromaBlock", 0, 8),
        Feature("maxPixels", 1, MAX_PIXELS),
        MEAN,
        SCALE,
    )

    max_bytes: int
    max_pixels: int
    luma: int
    chroma: int
    whitening: Whitening

    @classmethod
    def parse(cls, features: Mapping[str, Any], max_bytes: int) -> Self:
        """The `features` of a recipe of this family."""
        luma, chroma, max_pixels = read(features, cls.FEATURES)
        return cls(
            max_bytes=integer({"maxBytes": max_bytes}, "maxBytes", 1, MAX_BYTES),
            max_pixels=max_pixels,
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
