"""What may happen to a picture on its way: other compression, another size, noise, a crop."""

import io
from collections.abc import Callable
from zlib import crc32

import numpy as np
from PIL import Image

from verifier.digest.png import encode_png

__all__ = ["EDITS", "HARMLESS", "edited", "to_png"]

Edit = Callable[[Image.Image, int], Image.Image]


def edited(name: str, png: bytes, seed: str) -> bytes:
    """The PNG `png` after the edit `name`; `seed` fixes the noise, where there is any."""
    with Image.open(io.BytesIO(png)) as image:
        return to_png(EDITS[name](image, crc32(seed.encode())))


def to_png(image: Image.Image) -> bytes:
    """A PNG that votes admit: 8 bits, grey or RGB."""
    return encode_png(np.asarray(image.convert("L" if image.mode in {"1", "L"} else "RGB")))


def _stored(kind: str, **options: int | bool) -> Edit:
    def edit(image: Image.Image, _seed: int) -> Image.Image:
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        return Image.open(buffer)

    return edit


def _resized(share: float) -> Edit:
    def edit(image: Image.Image, _seed: int) -> Image.Image:
        width, height = (max(1, round(side * share)) for side in image.size)
        return image.resize((width, height), Image.Resampling.BICUBIC)

    return edit


def _noised(level: float) -> Edit:
    def edit(image: Image.Image, seed: int) -> Image.Image:
        pixels = np.asarray(image).astype(np.float64)
        noise = np.random.default_rng(seed).normal(0, level, pixels.shape)
        return Image.fromarray(np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8))

    return edit


def _cropped(share: float) -> Edit:
    """Cuts off `share` of the width and of the height, half of it on each side."""

    def edit(image: Image.Image, _seed: int) -> Image.Image:
        width, height = image.size
        left, top = round(width * share / 2), round(height * share / 2)
        return image.crop((left, top, width - left, height - top))

    return edit


EDITS: dict[str, Edit] = {
    "stored as PNG again": _stored("PNG", optimize=True),
    "JPEG, quality 90": _stored("JPEG", quality=90),
    "JPEG, quality 50": _stored("JPEG", quality=50),
    "JPEG, quality 20": _stored("JPEG", quality=20),
    "half the size": _resized(0.5),
    "one and a half times the size": _resized(1.5),
    "noise of 2 grey levels": _noised(2),
    "noise of 10 grey levels": _noised(10),
    "2 % cropped": _cropped(0.02),
    "5 % cropped": _cropped(0.05),
    "10 % cropped": _cropped(0.10),
    "mirrored": lambda image, _seed: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
}

HARMLESS = (
    "stored as PNG again",
    "JPEG, quality 90",
    "JPEG, quality 50",
    "half the size",
    "one and a half times the size",
    "noise of 2 grey levels",
)
"""Edits after which a picture should still count as the same."""
