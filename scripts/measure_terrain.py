"""Measures what the profile image-perceptual-terrain128 is whitened by, on real outputs.

    python scripts/measure_terrain.py whiten      # 400 images: mean and scale into the recipe

Seeds 900000 and up; nothing else uses them. Its tolerance and its figures come from
scripts/experiment_images.py.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from verifier.calibration import render  # noqa: E402
from verifier.digest.image_perceptual import ImagePerceptual  # noqa: E402
from verifier.digest.png import decode_png  # noqa: E402
from verifier.digest.whitening import SCALE_BITS  # noqa: E402
from verifier.engines.builtin_image import MODEL, BuiltinImage  # noqa: E402
from verifier.tasks import Task  # noqa: E402

NAME = "image-perceptual-terrain128"
RECIPE = ROOT / "verifier" / "profiles" / f"{NAME}.json"
WHITEN_SEED = 900_000
UNIT = 32  # a standard deviation of a feature, after whitening


def generate(engine: BuiltinImage, condition: int, **parameters: float) -> bytes:
    """One real output, as a node would make it."""
    return engine.generate(
        Task(
            profile=bytes(32),
            modality="image",
            model=MODEL,
            condition=condition,
            parameters=parameters,
        )
    )


def whiten(count: int) -> None:
    """Mean and scale of every coefficient over `count` seeds and all conditions."""
    recipe = json.loads(RECIPE.read_bytes())
    features = recipe["features"]
    size = len(features["mean"])
    family = ImagePerceptual.parse(features, recipe["maxBytes"])
    engine = BuiltinImage()
    raw = np.empty((count, size))
    for index in range(count):
        image = generate(engine, 1 + index * 37 % 100, seed=WHITEN_SEED + index)
        raw[index] = family.coefficients(decode_png(image, family.max_bytes, family.max_pixels))
        if index % 50 == 49:
            print(f"{index + 1} of {count} images", file=sys.stderr)
    features["mean"] = np.rint(raw.mean(axis=0)).astype(int).tolist()
    features["scale"] = np.rint(UNIT * 2**SCALE_BITS / raw.std(axis=0)).astype(int).tolist()
    RECIPE.write_text(render(recipe))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("whiten",))
    parser.add_argument("--count", type=int, default=400)
    whiten(parser.parse_args().count)


if __name__ == "__main__":
    main()
