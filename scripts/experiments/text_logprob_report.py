"""The page of the experiment on log-probabilities (words in `logprobs.template.md`), figures and
picture."""

import io
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from scripts.experiments.pages import chosen, share, table, variants, verdict
from scripts.experiments.text_judge import LogprobFindings
from scripts.experiments.text_report import slim
from verifier.calibration import plot
from verifier.calibration.atomic import write_whole
from verifier.calibration.intervals import rule_of_three
from verifier.calibration.report import percent
from verifier.calibration.result import Committee
from verifier.digest.logprobs import UNITS_PER_NAT

__all__ = ["draw", "figures", "page"]

SCHEMA = "assay/experiment-logprobs/1"
WORDS = Path(__file__).parent / "logprobs.template.md"
SIZE, DOTS_PER_INCH = (15.0, 13.0), 100
QUANTILES = (0, 0.01, 0.5, 0.99, 1)
GOAL = 0.01  # of either error, at most


def page(found: LogprobFindings, made: Mapping[str, str]) -> str:
    """`docs/experiments/logprobs.md`."""
    result, split = found.result, found.result.held_out
    accept, reject = split.false_accept, split.false_reject
    fields = {
        "made": ", ".join(f"{name} {value}" for name, value in made.items()),
        "top": str(found.features["top"]),
        "suffix": str(found.features["suffix"]),
        "goal": table(
            ("asked", "measured", "95 % interval", "over independent", "met"),
            (
                (
                    "one verifier detects ≥ 99 %",
                    *share(accept.single, turned=True),
                    verdict(accept.single, GOAL),
                ),
                (
                    "one verifier refuses ≤ 1 % of honest claims",
                    *share(reject.single),
                    verdict(reject.single, GOAL),
                ),
                *_majority(reject.measured),
            ),
        ),
        "holdout": str(result.holdout),
        "chosen": chosen(result),
        "tolerance": str(result.tolerance),
        "variants": variants(split.variants, result.tolerance),
        "cap": f"{found.features['shortfallCap'] / UNITS_PER_NAT:g}",
        "limit": f"{found.limit:.3f}",
        "shortfalls": _shortfalls(found),
        "honest_tasks": f"{reject.single.trials:,}",
        "bound": percent(rule_of_three(reject.single.trials)),
    }
    return Template(WORDS.read_text("utf-8")).substitute(fields)


def figures(found: LogprobFindings, made: Mapping[str, str]) -> dict[str, Any]:
    """The object in `logprobs.json`."""
    return {
        "schema": SCHEMA,
        "made": dict(made),
        "result": slim(found.result),
        "shortfallLimit": found.limit,
        "shortfalls": {
            words: {
                "texts": len(values),
                "quantiles": [round(q, 5) for q in np.quantile(values, QUANTILES).tolist()],
                "plausible": int((values <= found.limit).sum()),
            }
            for words, values in found.shortfalls.items()
            if len(values)
        },
    }


def draw(found: LogprobFindings, path: Path) -> None:
    """Distances of every variant, and shortfalls by who wrote the texts."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, dpi=DOTS_PER_INCH, layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=(3, 2))
    plot.ridges(upper, found.result)
    upper.set_title("green: honest, red: dishonest, pale: reported only", fontsize=9)
    rows = [(words, values) for words, values in found.shortfalls.items() if len(values)][::-1]
    floor = found.limit / 100
    for height, (words, values) in enumerate(rows):
        colour = plot.HONEST if words.startswith("honest") else plot.DISHONEST
        spread = height + 0.25 * np.sin(np.arange(len(values)) * 2.4)
        lower.plot(np.maximum(values, floor), spread, ".", color=colour, alpha=0.4, markersize=4)
    lower.axvline(found.limit, color=plot.LIMIT, linestyle="--", linewidth=1.2)
    lower.set_xscale("log")
    lower.set_yticks(range(len(rows)), [f"{words} ({len(v):,})" for words, v in rows], fontsize=8)
    lower.set_xlabel(
        "mean shortfall per token, nat; dashed: the limit; what is less is drawn at the left edge"
    )
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", metadata={"Software": None})
    write_whole(path, buffer.getvalue())


def _majority(reject: Committee | None) -> list[tuple[str, ...]]:
    if reject is None:
        return []
    errors = reject.error
    words = "two of three refuse ≤ 1 % of honest claims, as measured"
    return [(words, *share(errors), verdict(errors, GOAL))]


def _shortfalls(found: LogprobFindings) -> str:
    return table(
        ("text", "texts", "least", "1 %", "median", "99 %", "largest", "plausible"),
        (
            (
                f"**{words}**" if words.startswith("honest") else words,
                f"{len(values):,}",
                *(f"{quantile:.4f}" for quantile in np.quantile(values, QUANTILES)),
                percent(float((values <= found.limit).mean())),
            )
            for words, values in found.shortfalls.items()
            if len(values)
        ),
    )
