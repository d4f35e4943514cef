"""From pixels to low-frequency coefficients, in exact integers.

Sums of integers below 2^53 are exact in float64 in any order, with or without fused operations, so
the matrix products run on BLAS and still give the integers of the specification.
"""

from functools import lru_cache
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

__all__ = ["SIDE", "area_resample", "chrominance", "cosines", "low_frequencies", "luminance"]

SIDE = 64
"""Images are resampled to SIDE x SIDE cells."""

FRACTION_BITS = 8  # of a cell
COSINE_BITS = 14
SHIFT = 20  # drops 14 bits of cosine and 6 of the second sum

Plane = NDArray[np.int64]
Float = NDArray[np.float64]


def luminance(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Y = (77 R + 150 G + 29 B + 128) >> 8; a grey image is its own luminance. 0..255."""
    if pixels.ndim == 2:
        return pixels
    red, green, blue = _channels(pixels)
    return ((77 * red + 150 * green + 29 * blue + 128) >> 8).astype(np.uint8)


def chrominance(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Cb = (128 B - 43 R - 85 G + 32895) >> 8 and Cr = (128 R - 107 G - 21 B + 32895) >> 8.

    128 where there is no colour, so everywhere in a grey image.
    """
    if pixels.ndim == 2:
        neutral = np.full(pixels.shape, 128, dtype=np.uint8)
        return neutral, neutral
    red, green, blue = _channels(pixels)
    return (
        ((128 * blue - 43 * red - 85 * green + 32895) >> 8).astype(np.uint8),
        ((128 * red - 107 * green - 21 * blue + 32895) >> 8).astype(np.uint8),
    )


def area_resample(plane: NDArray[np.uint8], fast: ModuleType | None = None) -> Plane:
    """Exact mean of `plane` over each of SIDE x SIDE equal cells, times 256, rounded half up.

    A pixel that lies in several cells counts in each by the share of its area there. `fast`: the
    compiled kernels, if they are to be used.
    """
    area = plane.shape[0] * plane.shape[1]
    if fast is None:
        sums = _cell_sums(_cell_sums(plane.astype(np.int64)).T).T
    else:
        sums = np.empty((SIDE, SIDE), dtype=np.int64)
        fast.cell_sums(plane, SIDE, sums)
    cells: Plane = (sums * (1 << FRACTION_BITS) + area // 2) // area
    return cells


def low_frequencies(cells: Plane, block: int) -> Plane:
    """The `block` x `block` lowest DCT-II coefficients of SIDE x SIDE cells.

    Row v, column u: vertical frequency v, horizontal frequency u. C is `cosines`:
    R[y, u] = (Σ_x C[u, x]·cells[y, x] + 2^13) >> 14;  F[v, u] = (Σ_y C[v, y]·R[y, u] + 2^19) >> 20.
    """
    table = cosines(block).astype(np.float64)
    rows = _shift(cells.astype(np.float64) @ table.T, COSINE_BITS)
    return _shift(table @ rows, SHIFT).astype(np.int64)


@lru_cache(maxsize=16)
def cosines(block: int) -> Plane:
    """C[u, x] = 2^14·cos(π(2x+1)u / (2·SIDE)), rounded to the nearest integer; read-only."""
    x = np.arange(SIDE)
    u = np.arange(block)[:, None]
    table = np.rint((1 << COSINE_BITS) * np.cos(np.pi * (2 * x + 1) * u / (2 * SIDE)))
    integers: Plane = table.astype(np.int64)
    integers.flags.writeable = False
    return integers


def _channels(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.int32], ...]:
    return tuple(pixels[..., channel].astype(np.int32) for channel in range(3))


def _cell_sums(plane: Plane) -> Plane:
    """Sums over SIDE equal bands of rows, in units of 1/SIDE of a row."""
    height = plane.shape[0]
    above = np.zeros((height + 1, plane.shape[1]), dtype=np.int64)
    np.cumsum(plane, axis=0, out=above[1:])
    edges = np.arange(SIDE + 1) * height
    row, part = edges // SIDE, (edges % SIDE)[:, None]
    prefix = above[row] * SIDE + plane[np.minimum(row, height - 1)] * part
    sums: Plane = np.diff(prefix, axis=0)
    return sums


def _shift(values: Float, bits: int) -> Float:
    """(values + 2^(bits-1)) >> bits, for integers held in float64."""
    return np.floor((values + float(1 << (bits - 1))) / float(1 << bits))
