"""The picture of a calibration: distances of every variant beside the ROC. Needs matplotlib, which
the extra `calibrate` brings."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from verifier.calibration.atomic import write_whole
from verifier.calibration.result import Result, Variant

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["check", "ridges", "save"]

HONEST, DISHONEST, LIMIT = "#1b7837", "#b2182b", "#222222"
SIZE, DOTS_PER_INCH = (12.0, 5.6), 110


def check() -> None:
    """Raises ModuleNotFoundError where nothing could be drawn."""
    import matplotlib as _  # noqa: F401


def save(result: Result, path: Path) -> None:
    """Writes the picture as PNG, whole or not at all."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, dpi=DOTS_PER_INCH, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    ridges(left, result)
    _roc(right, result)
    recipe = result.recipe
    figure.suptitle(f"{recipe['name']}, version {recipe['version']}: tolerance {result.tolerance}")
    buffer = io.BytesIO()
    # Without metadata the same result gives the same bytes with the same version of the library.
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", metadata={"Software": None})
    write_whole(path, buffer.getvalue())


def ridges(axes: "Axes", result: Result) -> None:
    """A ridge per variant: its histogram, logarithmic so that a single pair can be seen."""
    variants = result.held_out.variants[::-1]
    for height, variant in enumerate(variants):
        heights = np.log1p(np.array(variant.counts, dtype=float))
        ridge = height + 0.85 * heights / heights.max()
        colour = HONEST if variant.label == "same" else DISHONEST
        axes.stairs(
            ridge,
            np.arange(len(ridge) + 1) - 0.5,
            baseline=height,
            fill=True,
            color=colour,
            alpha=0.75 if variant.goal else 0.3,
        )
        axes.axhline(height, color="#999999", linewidth=0.4)
    axes.axvline(result.tolerance + 0.5, color=LIMIT, linestyle="--", linewidth=1.2)
    axes.set_yticks(range(len(variants)), [_label(variant) for variant in variants], fontsize=8)
    largest = max(variant.quantiles[4] for variant in variants)
    axes.set_xlim(-3, min(256, max(largest, result.tolerance) + 12))
    axes.set_ylim(-0.1, len(variants) + 0.05)
    axes.set_xlabel("distance of the claim to a verifier (dashed: tolerance)")
    axes.set_title(
        "pairs, logarithmic; green: honest, red: dishonest, pale: reported only", fontsize=9
    )


def _label(variant: Variant) -> str:
    return f"{variant.name} ({variant.pairs:,})".replace("$", r"\$")


def _roc(axes: "Axes", result: Result) -> None:
    """False accepts against false rejects, both logarithmic; nothing seen is drawn at the floor."""
    split = result.held_out
    roc, trials = split.roc, min(split.false_accept.single.pairs, split.false_reject.single.pairs)
    floor = 0.3 / max(1, trials)
    lines = [("one verifier", roc.false_accept, roc.false_reject, "-", "#2166ac")]
    if roc.majority_false_accept is not None and roc.majority_false_reject is not None:
        lines.append(
            ("two of three, as measured", roc.majority_false_accept, roc.majority_false_reject,
             "--", "#e08214")
        )  # fmt: skip
    for name, accepts, rejects, style, colour in lines:
        x, y = np.maximum(accepts, floor), np.maximum(rejects, floor)
        axes.plot(x, y, style, color=colour, label=name, drawstyle="steps-post")
        axes.plot(x[result.tolerance], y[result.tolerance], "o", color=colour)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(floor / 1.5, 1.5)
    axes.set_ylim(floor / 1.5, 1.5)
    axes.axvline(result.limit, color=LIMIT, linewidth=0.8, linestyle=":")
    axes.set_xlabel("dishonest claims accepted (dotted: limit)")
    axes.set_ylabel("honest claims not accepted")
    axes.set_title(f"ROC; dots: tolerance;\nthe edge at {floor:.1g} means none seen", fontsize=9)
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8)
