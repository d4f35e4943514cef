"""The page of the experiment on texts (words in `text.template.md`), its figures and picture."""

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template
from typing import Any

from scripts.experiments.pages import bounds, chosen, interval, share, table, variants, verdict
from scripts.experiments.text_cases import SAME_TEXT
from scripts.experiments.text_judge import TextFindings
from scripts.experiments.text_prompts import BASE_TASKS, LONG_TASKS
from verifier.calibration import Result, plot
from verifier.calibration.atomic import write_whole
from verifier.calibration.intervals import rule_of_three
from verifier.calibration.report import percent
from verifier.calibration.result import Variant

__all__ = ["draw", "figures", "page", "slim"]

SCHEMA = "assay/experiment-text/1"
WORDS = Path(__file__).parent / "text.template.md"
SIZE, DOTS_PER_INCH = (15.0, 13.0), 100
ACCEPTED = 0.001  # of others, at most: the goal of `exact`


def page(found: TextFindings, made: Mapping[str, str]) -> str:
    """`docs/experiments/text.md`."""
    exact, minhash, tokens = found.exact, found.minhash, found.tokens
    accept, reject = exact.held_out.false_accept.single, exact.held_out.false_reject.single
    fields = {
        "made": ", ".join(f"{name} {value}" for name, value in made.items()),
        "tasks": f"{found.tasks:,}",
        "long_tasks": f"{found.long_tasks:,}",
        "full": f"{found.full:,}",
        "planned": f"{BASE_TASKS:,}",
        "planned_long": f"{LONG_TASKS:,}",
        "goal": table(
            ("asked of `exact`", "measured", "95 % interval", "over independent", "met"),
            (
                (
                    "100 % of honest texts accepted",
                    *share(reject, turned=True),
                    "no" if reject.events else "none failed",
                ),
                (
                    "≥ 99.9 % of others rejected",
                    *share(accept, turned=True),
                    verdict(accept, ACCEPTED),
                ),
            ),
        ),
        "honest_bound": percent(rule_of_three(reject.trials)),
        "others_bound": percent(rule_of_three(accept.trials)),
        "exact": _plain(exact.held_out.variants),
        "same": _same(exact.held_out.variants),
        "minhash_tolerance": str(minhash.tolerance),
        "minhash": variants(minhash.held_out.variants, minhash.tolerance),
        "tokens_tolerance": str(tokens.tolerance),
        "tokens_holdout": str(tokens.holdout),
        "tokens_chosen": chosen(tokens),
        "tokens": variants(tokens.held_out.variants, tokens.tolerance),
        "tokens_accept": bounds(tokens.held_out.false_accept.single),
        "tokens_reject": bounds(tokens.held_out.false_reject.single),
    }
    return Template(WORDS.read_text("utf-8")).substitute(fields)


def figures(found: TextFindings, made: Mapping[str, str]) -> dict[str, Any]:
    """The object in `text.json`."""
    return {
        "schema": SCHEMA,
        "made": dict(made),
        "tasks": found.tasks,
        "longTasks": found.long_tasks,
        "tasksWithAllTokens": found.full,
        "exact": slim(found.exact),
        "textMinhash": slim(found.minhash),
        "tokens": slim(found.tokens),
    }


def slim(result: Result) -> dict[str, Any]:
    """A result without what `assay calibrate` gives again: the ROC, and the tasks of the choice."""
    found = result.to_json()
    found.pop("calibration")
    found["heldOut"].pop("roc")
    return found


def draw(found: TextFindings, path: Path) -> None:
    """Distances of every variant, by family."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.subplot_mosaic([["minhash"], ["tokens"]], height_ratios=(4, 1))
    for name, result in (("minhash", found.minhash), ("tokens", found.tokens)):
        plot.ridges(axes[name], result)
        axes[name].set_title(
            f"{result.recipe['name']}: green honest, red dishonest, pale reported only", fontsize=9
        )
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", metadata={"Software": None})
    write_whole(path, buffer.getvalue())


def _plain(rows: Iterable[Variant]) -> str:
    """Accepted or not is all there is to say of `exact`."""
    return table(
        ("claim", "tasks", "accepted", "exact 95 %"),
        (
            (
                f"**{row.name}**" if row.label == "same" else row.name,
                f"{row.tasks:,}",
                percent(row.within / row.pairs),
                interval(_accepted(row)),
            )
            for row in rows
            if SAME_TEXT not in row.name
        ),
    )


def _accepted(row: Variant) -> tuple[float, float]:
    low, high = row.errors.single.exact
    return (1 - high, 1 - low) if row.label == "same" else (low, high)


def _same(rows: Iterable[Variant]) -> str:
    found = [(row.name.partition(";")[0], row.tasks) for row in rows if SAME_TEXT in row.name]
    return "; ".join(f"{name}: {count:,}" for name, count in found) or "none"
