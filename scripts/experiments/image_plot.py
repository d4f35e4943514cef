"""The picture of the experiment on images."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from scripts.experiments.image_pairs import Collisions
from verifier.calibration import Result, plot
from verifier.calibration.atomic import write_whole
from verifier.digest import BITS

__all__ = ["draw"]

SIZE, DOTS_PER_INCH = (15.0, 10.0), 100
CHANCE = BITS / 2


def draw(terrain: Result, pairs: Collisions, photographs: Result, path: Path) -> None:
    """Distances of the model's variants; of every two outputs; of edited photographs."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.subplot_mosaic([["terrain", "pairs"], ["terrain", "photographs"]])
    plot.ridges(axes["terrain"], terrain)
    plot.ridges(axes["photographs"], photographs)
    _pairs(axes["pairs"], pairs)
    axes["terrain"].set_title(
        "the model: green honest, red dishonest, pale reported only", fontsize=9
    )
    axes["photographs"].set_title("photographs: green should count as the same", fontsize=9)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", metadata={"Software": None})
    write_whole(path, buffer.getvalue())


def _pairs(axes: Any, pairs: Collisions) -> None:
    shares = pairs.counts / pairs.pairs
    seen = np.flatnonzero(pairs.counts)
    axes.bar(seen, shares[seen], width=1.0, color="#5e6f9d")
    axes.axvline(pairs.tolerance + 0.5, color="#222222", linestyle="--", linewidth=1.2)
    axes.axvline(CHANCE, color="#999999", linewidth=0.8, linestyle=":")
    axes.set_yscale("log")
    axes.set_xlim(0, BITS)
    axes.set_xlabel("distance (dashed: tolerance; dotted: chance)")
    axes.set_ylabel("share of comparisons")
    axes.set_title(
        f"every two of {pairs.images:,} outputs under {pairs.keys:,} keys: "
        f"{pairs.pairs:,} comparisons",
        fontsize=9,
    )
