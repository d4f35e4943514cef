"""How often two different outputs collide: distances of every two of many, under many keys.

Keys are worked off by the batch; WORK/allpairs/ holds what is counted, under a name that is a hash
of what it was counted of.
"""

import io
import math
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verifier.calibration import key_of
from verifier.calibration.atomic import write_whole
from verifier.calibration.intervals import bootstrap, clopper_pearson, rule_of_three
from verifier.digest import BITS
from verifier.digest.allpairs import count_within, histogram
from verifier.digest.image_perceptual import ImagePerceptual
from verifier.digest.png import decode_png
from verifier.digest.whitening import Features

__all__ = ["Collisions", "expected", "features_of", "measure"]

BATCH = 50  # keys
ROWS = 500  # images whose angles to all others are in memory at once
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Collisions:
    """counts: `int64[257]`, pairs by distance, each pair once per key; by_image: `int64[images]`,
    pairs within the tolerance that an image is part of, over all keys."""

    images: int
    keys: int
    tolerance: int
    counts: Counts
    by_image: Counts

    @property
    def pairs(self) -> int:
        """Comparisons."""
        return self.keys * math.comb(self.images, 2)

    @property
    def within(self) -> int:
        """Comparisons within the tolerance."""
        return int(self.counts[: self.tolerance + 1].sum())

    @property
    def disjoint(self) -> int:
        """Pairs that share no output, and so are independent."""
        return self.images // 2

    def to_json(self) -> dict[str, Any]:
        """Rate, intervals, histogram."""
        within = self.within
        seen = np.flatnonzero(self.counts)
        per_image = np.full(self.images, self.keys * (self.images - 1))
        return {
            "images": self.images,
            "keys": self.keys,
            "comparisons": self.pairs,
            "tolerance": self.tolerance,
            "within": within,
            "rate": within / self.pairs,
            "bootstrapByTask": list(bootstrap(self.by_image, per_image)),
            "disjointPairs": self.disjoint,
            "boundByDisjointPairs": rule_of_three(self.disjoint) if within == 0 else None,
            "clopperPearsonAsIfIndependent": list(clopper_pearson(within, self.pairs)),
            "least": int(seen[0]),
            "largest": int(seen[-1]),
            "histogram": {"distances": seen.tolist(), "counts": self.counts[seen].tolist()},
        }


def features_of(paths: Sequence[Path], family: ImagePerceptual) -> Features:
    """Whitened features `int16[n, count]` of PNG files."""
    return np.stack(
        [
            family.features(decode_png(path.read_bytes(), family.max_bytes, family.max_pixels))
            for path in paths
        ]
    )


def measure(
    features: Features,
    family: ImagePerceptual,
    tolerance: int,
    keys: int,
    folder: Path,
    say: Callable[[str], None],
) -> Collisions:
    """Compares every two rows of `features` under each of `keys` keys."""
    folder.mkdir(parents=True, exist_ok=True)
    name = sha256(features.tobytes() + repr((features.shape, tolerance)).encode()).hexdigest()[:16]
    counts = np.zeros(BITS + 1, dtype=np.int64)
    by_image = np.zeros(len(features), dtype=np.int64)
    for start in range(0, keys, BATCH):
        numbers = range(start, min(start + BATCH, keys))
        path = folder / f"{name}-{numbers.start}-{numbers.stop}.npz"
        found = _load(path, len(features))
        if found is None:
            found = _count(features, family, tolerance, numbers)
            buffer = io.BytesIO()
            np.savez_compressed(buffer, counts=found[0], by_image=found[1])
            write_whole(path, buffer.getvalue())
            say(f"every two outputs: {numbers.stop} of {keys} keys")
        counts += found[0]
        by_image += found[1]
    return Collisions(len(features), keys, tolerance, counts, by_image)


def expected(features: Features, tolerance: int) -> dict[str, float]:
    """What the angles of the features say of pairs under a key that nobody has drawn yet.

    rate: the probability that two of the outputs collide, each bit of their digests differing with
    probability angle/π; leastAngle: of the closest two, in degrees, and worst: their probability.
    """
    unit = features.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    total, closest = 0.0, 1.0
    for start in range(0, len(unit), ROWS):
        cosines = unit[start : start + ROWS] @ unit.T
        rows, columns = np.indices(cosines.shape)
        share = np.arccos(np.clip(cosines[columns > rows + start], -1, 1)) / math.pi
        if len(share):
            total += _within(share, tolerance).sum()
            closest = min(closest, float(share.min()))
    worst = float(_within(np.array([closest]), tolerance)[0])
    return {
        "rate": float(total / math.comb(len(unit), 2)),
        "leastAngle": 180 * closest,
        "worst": worst,
    }


def _within(share: NDArray[np.float64], tolerance: int) -> NDArray[np.float64]:
    """Probability that at most `tolerance` of 256 bits differ, each with probability `share`."""
    grid = np.linspace(0, 1, 4097)
    sums = np.zeros_like(grid)
    with np.errstate(divide="ignore"):
        logs = np.log(grid), np.log1p(-grid)
    for differing in range(tolerance + 1):
        choose = math.log(math.comb(BITS, differing))
        with np.errstate(invalid="ignore"):
            terms = (
                choose + np.nan_to_num(differing * logs[0], nan=0.0) + (BITS - differing) * logs[1]
            )
        sums += np.exp(terms)
    values: NDArray[np.float64] = np.interp(share, grid, sums)
    return values


def _count(
    features: Features, family: ImagePerceptual, tolerance: int, numbers: range
) -> tuple[Counts, Counts]:
    counts = np.zeros(BITS + 1, dtype=np.int64)
    by_image = np.zeros(len(features), dtype=np.int64)
    for number in numbers:
        words = family.project(features, key_of("every two outputs", number))
        counts += histogram(words, words)
        by_image += count_within(words, words, tolerance) - 1  # but with itself
    counts[0] -= len(features) * len(numbers)
    return counts // 2, by_image


def _load(path: Path, images: int) -> tuple[Counts, Counts] | None:
    try:
        with np.load(path, allow_pickle=False) as stored:
            found = stored["counts"], stored["by_image"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return found if (found[0].shape, found[1].shape) == ((BITS + 1,), (images,)) else None
