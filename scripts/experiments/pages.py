"""Markdown of figures: tables, and shares as a reader wants them."""

from collections.abc import Iterable, Sequence

from verifier.calibration.report import percent
from verifier.calibration.result import Rate, Variant

__all__ = ["bounds", "interval", "table", "variants"]


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
