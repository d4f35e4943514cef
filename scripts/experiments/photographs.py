"""Real photographs that ship in packages, as tasks: which edits a digest survives."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scripts.experiments.image_edits import EDITS, HARMLESS, edited, to_png
from scripts.experiments.needs import folder_of
from verifier.calibration import Case
from verifier.calibration.atomic import write_whole

__all__ = ["FITTED", "JUDGED", "cases", "make", "pixels"]

SCIKIT_IMAGE, SCIKIT_LEARN = ("skimage", "data"), ("sklearn", "datasets/images")
MATPLOTLIB = ("matplotlib", "mpl-data/sample_data")

FITTED = {
    "astronaut.png": SCIKIT_IMAGE,
    "camera.png": SCIKIT_IMAGE,
    "cell.png": SCIKIT_IMAGE,
    "clock_motion.png": SCIKIT_IMAGE,
    "coins.png": SCIKIT_IMAGE,
    "flower.jpg": SCIKIT_LEARN,
    "gravel.png": SCIKIT_IMAGE,
    "moon.png": SCIKIT_IMAGE,
    "retina.jpg": SCIKIT_IMAGE,
    "rocket.jpg": SCIKIT_IMAGE,
}
"""Photographs that the recipe is fitted to."""

JUDGED = {
    "brick.png": SCIKIT_IMAGE,
    "chelsea.png": SCIKIT_IMAGE,
    "china.jpg": SCIKIT_LEARN,
    "coffee.png": SCIKIT_IMAGE,
    "grace_hopper.jpg": MATPLOTLIB,
    "grass.png": SCIKIT_IMAGE,
    "hubble_deep_field.jpg": SCIKIT_IMAGE,
    "ihc.png": SCIKIT_IMAGE,
    "microaneurysms.png": SCIKIT_IMAGE,
    "motorcycle_left.png": SCIKIT_IMAGE,
    "motorcycle_right.png": SCIKIT_IMAGE,
    "page.png": SCIKIT_IMAGE,
}
"""Photographs that figures are of; the motorcycles are one scene from two places."""

SCENE = {"motorcycle_left.png", "motorcycle_right.png"}


def pixels(name: str, place: tuple[str, str]) -> NDArray[np.uint8]:
    """A photograph, `uint8[h, w]` or `uint8[h, w, 3]`."""
    with Image.open(folder_of(place[0]) / place[1] / name) as image:
        return np.asarray(image.convert("L" if image.mode == "L" else "RGB"))


def make(work: Path) -> None:
    """Makes WORK/photographs/<edit number>/<name>.png of the judged ones, where missing."""
    for name, place in JUDGED.items():
        original = work / _path(name)
        original.parent.mkdir(parents=True, exist_ok=True)
        if not original.exists():
            write_whole(original, to_png(Image.fromarray(pixels(name, place))))
        for edit in EDITS:
            path = work / _path(name, edit)
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                write_whole(path, edited(edit, original.read_bytes(), name))


def cases() -> Iterator[Case]:
    """Every edit of every judged photograph, and every other photograph, against it."""
    for name in JUDGED:
        for edit in EDITS:
            harmless = edit in HARMLESS
            yield Case(
                task=name,
                label="same" if harmless else "different",
                variant=edit,
                claim=_path(name, edit),
                verifiers=(_path(name),),
                goal=harmless,
            )
        for other in JUDGED:
            if other != name:
                scene = {name, other} == SCENE
                yield Case(
                    task=name,
                    label="different",
                    variant="the scene from beside it" if scene else "another photograph",
                    claim=_path(other),
                    verifiers=(_path(name),),
                    goal=not scene,
                )


def _path(name: str, edit: str | None = None) -> str:
    folder = "original" if edit is None else f"edit-{list(EDITS).index(edit):02d}"
    return f"photographs/{folder}/{name.split('.')[0]}.png"
