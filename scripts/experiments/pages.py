"""Markdown of figures: tables, and shares as a reader wants them."""

import math
from collections.abc import Iterable, Sequence

from verifier.calibration.intervals import CONFIDENCE
from verifier.calibration.report import percent
from verifier.calibration.result import Rate, Result, Variant

__all__ = ["bounds", "chosen", "interval", "share", "table", "variants", "verdict"]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first column is text, the others are figures."""
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def interval(bounds: Sequence[float]) -> str:
    """`low – high` in percent."""
    return f"{percent(bounds[0])} – {percent(bounds[1])}"


def bounds(rate: Rate) -> str:
    """A rate of errors with both intervals."""
    return (
        f"{rate.events:,} of {rate.pairs:,} ({percent(rate.value)}); exact 95 % over "
        f"{rate.trials:,} independent tasks: {interval(rate.exact)}; bootstrap by task: "
        f"{interval(rate.bootstrap)}"
    )


def share(errors: Rate, turned: bool = False) -> tuple[str, str, str]:
    """Cells of a table of goals: a rate of errors (`turned`: of what is none), its exact interval,
    and of how many independent tasks."""
    tasks = f"{errors.trials:,} tasks"
    if not turned:
        return percent(errors.value), interval(errors.exact), tasks
    value, low, high = (_nearly_all(1 - rate) for rate in (errors.value, *errors.exact[::-1]))
    return value, f"{low} – {high}", tasks


def verdict(errors: Rate, limit: float) -> str:
    """Whether a rate of errors is at most `limit`, and whether so many tasks can show it."""
    if errors.exact[1] <= limit:
        return "yes"
    if errors.value > limit:
        return "no"
    if errors.events == 0:
        needed = math.ceil(math.log((1 - CONFIDENCE) / 2) / math.log1p(-limit))
        return f"none failed; for the interval to show it takes {needed:,} tasks"
    return "as measured; the interval reaches beyond"


def _nearly_all(share: float) -> str:
    """In percent, with the digits that tell it from 100 %."""
    return "100 %" if share == 1 else f"{100 * share:.3f} %"


def chosen(result: Result) -> str:
    """On what the tolerance was chosen, and on what it is judged."""
    tasks = f"{result.held_out.tasks:,}"
    keys = "one key" if result.keys == 1 else f"{result.keys} keys"
    if result.choice is None or result.calibration is None:
        return f"The tolerance was given. Everything is of {tasks} tasks, under {keys}."
    return (
        f"The tolerance was chosen on {result.calibration.tasks:,} tasks: any from "
        f"{result.choice.least} to {result.choice.most} would do there, and the middle is taken. "
        f"Everything above and below is of the {tasks} tasks that were held out by the hash of "
        f"their names, each under {keys}."
    )


def variants(rows: Iterable[Variant], tolerance: int) -> str:
    """A line per variant, with the share accepted by one verifier and by a majority of three."""
    head = ("claim", "tasks", "pairs", "least", "1 %", "median", "99 %", "largest",
            f"within {tolerance}", "accepted by two of three")  # fmt: skip
    return table(head, map(_row, rows))


def _row(variant: Variant) -> Sequence[str]:
    name = variant.name if variant.goal else f"{variant.name} (*)"
    committee = variant.errors.measured
    return (
        f"**{name}**" if variant.label == "same" else name,
        f"{variant.tasks:,}",
        f"{variant.pairs:,}",
        *(f"{quantile:.0f}" for quantile in variant.quantiles),
        percent(variant.within / variant.pairs),
        "–" if committee is None else percent(committee.accepted / committee.error.pairs),
    )
