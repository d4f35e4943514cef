"""Measures what the profile image-perceptual-terrain128 is made of, on real outputs of the model.

    python scripts/measure_terrain.py whiten      # 400 images: mean and scale into the recipe
    python scripts/measure_terrain.py figures    # 120 tasks x 8 variants: distances, as JSON

Seeds 900000.. whiten and 910000.. give the figures; nothing else uses them.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from verifier import digest, profiles  # noqa: E402
from verifier.digest.image_perceptual import ImagePerceptual  # noqa: E402
from verifier.digest.png import decode_png  # noqa: E402
from verifier.digest.whitening import SCALE_BITS  # noqa: E402
from verifier.engines.builtin_image import MODEL, BuiltinImage  # noqa: E402
from verifier.tasks import Task  # noqa: E402

NAME = "image-perceptual-terrain128"
RECIPE = ROOT / "verifier" / "profiles" / f"{NAME}.json"
WHITEN_SEED, FIGURES_SEED = 900_000, 910_000
UNIT = 32  # a standard deviation of a feature, after whitening
STRENGTHS = (0.2, 0.4, 0.6, 0.8, 1.0)


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


def render(recipe: dict[str, object]) -> str:
    """JSON, one field a line, long lists on one line."""
    text = json.dumps(recipe, indent=2, sort_keys=True)
    head, *rest = text.split("[")
    joined = head
    for part in rest:
        body, tail = part.split("]", 1)
        joined += "[" + ",".join(item.strip() for item in body.split(",")) + "]" + tail
    return joined + "\n"


def figures(count: int) -> dict[str, object]:
    """Distances of each variant to the honest output, each pair under a key of its own."""
    profile = profiles.load(NAME)
    engine, again, plain = BuiltinImage(), BuiltinImage(), without_optimisation()
    rng = np.random.default_rng(7)
    measured: dict[str, list[int]] = {}
    honest: list[bytes] = []
    for index in range(count):
        condition, seed = 1 + index * 53 % 100, FIGURES_SEED + index
        base = generate(engine, condition, seed=seed)
        honest.append(base)
        variants = {
            "again": generate(again, condition, seed=seed),
            "without graph optimisation": generate(plain, condition, seed=seed),
            "other seed": generate(engine, condition, seed=seed + 5000),
            "condition + 20": generate(engine, 1 + (condition + 19) % 100, seed=seed),
        }
        for strength in STRENGTHS:
            variants[f"img2img {strength}"] = generate(
                engine, condition, seed=seed + 9000, source_seed=seed, strength=strength
            )
        for name, image in variants.items():
            key = rng.bytes(32)
            d = digest.distance(
                digest.digest(base, profile, key), digest.digest(image, profile, key)
            )
            measured.setdefault(name, []).append(d)
        if index % 20 == 19:
            print(f"{index + 1} of {count} tasks", file=sys.stderr)
    limit = profile.tolerance
    result: dict[str, object] = {name: summary(values, limit) for name, values in measured.items()}
    pairs = all_pairs(honest, profile, rng.bytes(32))
    result["all pairs of honest outputs"] = summary(pairs, limit)
    return {"tasks": count, "tolerance": profile.tolerance, "distances": result}


def without_optimisation() -> BuiltinImage:
    """The same model, its graph run as it is written: other roundings, honest all the same."""
    engine = BuiltinImage()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    generator = engine._loaded()
    generator.session = onnxruntime.InferenceSession(
        generator.model_path, options, providers=["CPUExecutionProvider"]
    )
    return engine


def all_pairs(images: list[bytes], profile: profiles.Profile, key: bytes) -> NDArray[np.uint16]:
    """Distances of every two images under one key."""
    words = digest.digest_batch(images, profile, key)
    rows, columns = np.triu_indices(len(words), 1)
    return digest.distances(words[rows], words[columns])


def summary(values: list[int] | NDArray[np.uint16], tolerance: int) -> dict[str, float]:
    """How many, how many of them within the tolerance, least, 1 %, median, 99 % and largest."""
    array = np.asarray(values)
    quantiles = np.quantile(array, [0.01, 0.5, 0.99])
    return {
        "n": len(array),
        "within": int((array <= tolerance).sum()),
        "min": int(array.min()),
        "p01": float(quantiles[0]),
        "median": float(quantiles[1]),
        "p99": float(quantiles[2]),
        "max": int(array.max()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("whiten", "figures"))
    parser.add_argument("--count", type=int)
    chosen = parser.parse_args()
    if chosen.what == "whiten":
        whiten(chosen.count or 400)
        return
    print(json.dumps(figures(chosen.count or 120), indent=2))


if __name__ == "__main__":
    main()
