"""The page of attacks on text (words in `attacks-text.template.md`), its figures and picture."""

import io
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.experiments.pages import interval, table
from scripts.experiments.rates import over_keys, rate
from scripts.experiments.text_attacks import FRESH_KEYS, Attack, Searches
from scripts.experiments.text_guesses import ORACLE
from scripts.experiments.text_judge import MINHASH
from scripts.experiments.text_logprobs import KEYS
from verifier.calibration.atomic import write_whole
from verifier.calibration.report import percent
from verifier.digest import BITS

__all__ = ["draw", "figures", "page"]

SCHEMA = "assay/experiment-attacks-text/1"
WORDS = Path(__file__).parent / "attacks-text.template.md"
SIZE, DOTS_PER_INCH = (14.0, 6.0), 100
GOAL = 0.001  # accepted at most
NEEDED = 3688  # tasks without an event, for an interval that ends there
QUANTILES = (0, 0.01, 0.5, 0.99, 1)

Distances = NDArray[np.uint16]


def page(found: Attack, limit: int) -> str:
    """`docs/experiments/attacks-text.md`; limit: tries of a search."""
    return Template(WORDS.read_text("utf-8")).substitute(
        guesses=_guesses(found),
        met=_met(found),
        logprob_keys=KEYS,
        needed=f"{NEEDED:,}",
        searches=_searches(found),
        judged=_judged(found),
        fresh=FRESH_KEYS,
        limit=f"{limit:,}",
    )


def figures(found: Attack, limit: int) -> dict[str, Any]:
    """The object in `attacks-text.json`."""
    return {
        "schema": SCHEMA,
        "tolerances": dict(found.tolerances),
        "guesses": {
            name: {
                words: {
                    "accepted": rate(apart <= found.tolerances[name]).to_json(),
                    "acceptedOfTheseTasks": list(_of_these(apart, found.tolerances[name])),
                    "distances": np.quantile(apart, QUANTILES).tolist(),
                }
                for words, apart in kinds.items()
            }
            for name, kinds in found.guesses.items()
        },
        "search": {"profile": MINHASH, "limit": limit, "from": _search_figures(found)},
    }


def draw(found: Attack, path: Path) -> None:
    """Distances of guesses; of what searches found, under the known key and under later ones."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, dpi=DOTS_PER_INCH, layout="constrained")
    left, right = figure.subplots(1, 2)
    rows = [
        (f"{name}: {words.partition(':')[0].partition(',')[0]}", apart, found.tolerances[name])
        for name, kinds in found.guesses.items()
        for words, apart in kinds.items()
    ][::-1]
    _ridges(left, rows, "guesses; dashes: tolerance")
    tolerance = found.tolerances[MINHASH]
    searched = [
        (f"{text} {words}", apart, tolerance)
        for words, search in found.searches.items()
        for text, apart in (
            ("known key: found from", np.array([one.distance for one in search.found])),
            ("later keys: found from", search.fresh),
            ("later keys:", search.before),
        )
    ][::-1]
    _ridges(right, searched, "search; dashes: tolerance")
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", metadata={"Software": None})
    write_whole(path, buffer.getvalue())


def _ridges(axes: Any, rows: Sequence[tuple[str, Distances, int]], title: str) -> None:
    for height, (_, apart, tolerance) in enumerate(rows):
        counts = np.log1p(np.bincount(apart.ravel(), minlength=BITS + 1))
        axes.stairs(
            height + 0.85 * counts / counts.max(),
            np.arange(BITS + 2) - 0.5,
            baseline=height,
            fill=True,
            color="#5e6f9d",
        )
        axes.plot([tolerance + 0.5] * 2, [height, height + 0.9], "--", color="#222222")
    axes.set_yticks(range(len(rows)), [words for words, _, _ in rows], fontsize=8)
    axes.set_xlim(-2, 180)
    axes.set_xlabel("distance to the honest digest")
    axes.set_title(title, fontsize=9)


def _guesses(found: Attack) -> str:
    rows = []
    for name, kinds in found.guesses.items():
        for words, apart in kinds.items():
            accepted = rate(apart <= found.tolerances[name])
            rows.append(
                (
                    f"{words} (*)" if words == ORACLE else words,
                    f"`{name}`",
                    f"{len(apart):,}",
                    f"{apart.size:,}",
                    str(int(apart.min())),
                    f"{np.median(apart):.0f}",
                    percent(accepted.value),
                    percent(_of_these(apart, found.tolerances[name])[1]),
                    percent(accepted.exact[1]),
                )
            )
    head = ("guess", "profile", "tasks", "comparisons", "least", "median", "accepted",
            "at most, of these tasks", "at most, of any task")  # fmt: skip
    return table(head, rows)


def _of_these(apart: Distances, tolerance: int) -> tuple[float, float]:
    """The interval of acceptance, over keys that are each task's own."""
    return over_keys(apart <= tolerance)


def _met(found: Attack) -> str:
    """Which profiles' guesses all meet the goal, by the interval of these tasks, and which not."""
    met = {
        name: all(
            _of_these(apart, found.tolerances[name])[1] <= GOAL
            for words, apart in kinds.items()
            if words != ORACLE
        )
        for name, kinds in found.guesses.items()
    }
    shown = " and ".join(f"`{name}`" for name, each in met.items() if each)
    missed = " and ".join(f"`{name}`" for name, each in met.items() if not each)
    if not missed:
        return "every profile"
    return f"{shown or 'no profile'}; it is not for {missed}"


def _searches(found: Attack) -> str:
    head = ("begun from", "texts", "bits at first", "passed", "tries, median", "most", "left over")
    rows = []
    for words, data in _search_figures(found).items():
        tries, rest = data["tries"], data["bitsLeft"]
        rows.append(
            (
                words,
                str(data["texts"]),
                f"{data['bitsAtFirst']:.0f}",
                str(data["passed"]),
                f"{tries['median']:,.0f}" if tries else "–",
                f"{tries['most']:,}" if tries else "–",
                ", ".join(map(str, rest)) or "none",
            )
        )
    return table(head, rows)


def _judged(found: Attack) -> str:
    head = ("text", "comparisons", "least", "median", "accepted", "95 %, of these texts",
            "95 %, of any text")  # fmt: skip
    rows = []
    for words, search in found.searches.items():
        for name, apart in (
            (f"found from {words}", search.fresh),
            (f"{words}, as it was", search.before),
        ):
            within = apart <= found.tolerances[MINHASH]
            accepted = rate(within)
            rows.append(
                (
                    name,
                    f"{apart.size:,}",
                    str(int(apart.min())),
                    f"{np.median(apart):.0f}",
                    f"{accepted.events:,}",
                    interval(over_keys(within)),
                    interval(accepted.exact),
                )
            )
    return table(head, rows)


def _search_figures(found: Attack) -> dict[str, Any]:
    tolerance = found.tolerances[MINHASH]
    return {words: _one(search, tolerance) for words, search in found.searches.items()}


def _one(search: Searches, tolerance: int) -> dict[str, Any]:
    tries = sorted(one.tries for one in search.found if one.distance <= tolerance)
    return {
        "texts": len(search.found),
        "passed": len(tries),
        "bitsAtFirst": float(np.median([one.first for one in search.found])),
        "tries": {"least": tries[0], "median": float(np.median(tries)), "most": tries[-1]}
        if tries
        else None,
        "bitsLeft": sorted(one.distance for one in search.found if one.distance > tolerance),
        "underLaterKeys": {
            "found": rate(search.fresh <= tolerance).to_json(),
            "asItWas": rate(search.before <= tolerance).to_json(),
        },
    }
