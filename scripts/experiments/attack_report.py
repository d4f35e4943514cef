"""The page of the attacks on images (its words are in `attacks-images.template.md`), its figures
and its picture."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.experiments.image_attacks import CONDITIONS
from scripts.experiments.image_lookalikes import FRESH_KEYS, Pushed
from scripts.experiments.image_plan import Plan
from scripts.experiments.image_search import deciding
from scripts.experiments.pages import interval, table
from scripts.experiments.rates import by_majority, by_one, over_keys
from verifier.calibration.atomic import write_whole
from verifier.calibration.intervals import rule_of_three
from verifier.calibration.report import percent
from verifier.digest import BITS

__all__ = ["Attacks", "draw", "page"]

SCHEMA = "assay/experiment-attacks-images/1"
WORDS = Path(__file__).parent / "attacks-images.template.md"
LINEAR, ORACLE = "linear model of the noise", "earlier output that is nearest (by an oracle)"
SIZE, DOTS_PER_INCH = (13.0, 5.5), 110
GOAL = 0.001  # accepted at most
NEEDED = 3688  # tasks without an event, for an interval that ends there
COLOURS = ("#b2182b", "#2166ac")

Lengths = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Attacks:
    """All that was measured. guesses: distances `uint16[tasks, keys, 3]` by kind; pool: tries by
    kind of digest, None without success; pushed: searches by what they begin from."""

    name: str
    version: int
    tolerance: int
    plan: Plan
    guesses: Mapping[str, Lengths]
    pool: Mapping[str, list[int | None]]
    pushed: Mapping[str, Pushed]

    def to_json(self) -> dict[str, Any]:
        """The object in `attacks-images.json`."""
        return {
            "schema": SCHEMA,
            "profile": {"name": self.name, "version": self.version},
            "tolerance": self.tolerance,
            "tasks": self.plan.tasks,
            "panel": self.plan.panel,
            "guesses": {
                name: {
                    "oneVerifier": by_one(apart, self.tolerance).to_json(),
                    "majority": by_majority(apart, self.tolerance).to_json(),
                    "majorityOfTheseTasks": list(_over_keys(apart, self.tolerance)),
                    "distances": _summary(apart),
                }
                for name, apart in self.guesses.items()
            },
            "pool": {kind: _tries(found) for kind, found in self.pool.items()},
            "pushed": {
                start: {
                    "succeeded": int(found.passed.sum()),
                    "tries": _tries([len(path) for path in found.paths]),
                    "freshKeys": by_majority(found.fresh, self.tolerance).to_json(),
                    "startUnderFreshKeys": by_majority(found.before, self.tolerance).to_json(),
                    "distances": _summary(found.fresh),
                    "startDistances": _summary(found.before),
                }
                for start, found in self.pushed.items()
            },
        }


def page(found: Attacks) -> str:
    """`docs/experiments/attacks-images.md`."""
    phash, pool = _tries(found.pool["phash"]), _tries(found.pool["digest"])
    linear, oracle = (_angle(np.median(found.guesses[name])) for name in (LINEAR, ORACLE))
    fields = {
        "name": found.name,
        "tolerance": found.tolerance,
        "tasks": f"{found.plan.tasks:,}",
        "panel": f"{found.plan.panel:,}",
        "others": f"{found.plan.tasks - 1:,}",
        "three_quarters": f"{found.plan.tasks * 3 // 4:,}",
        "keys": next(iter(found.guesses.values())).shape[1],
        "guesses": _guesses(found),
        "phash_median": _said(phash["median"]),
        "phash_most": _said(phash["p90"]),
        "phash_found": f"{phash['found']:,}",
        "pool_found": f"{pool['found']:,}" if pool["found"] else "none",
        "searches": _searches(found),
        "judged": _judged(found),
        "fresh": FRESH_KEYS,
        **_met(found),
        "tasks_needed": f"{NEEDED:,}",
        "bound": percent(rule_of_three(found.plan.tasks)),
        "panel_bound": percent(rule_of_three(found.plan.panel)),
        "needed": _angle(found.tolerance),
        "linear": linear,
        "oracle": oracle,
    }
    return Template(WORDS.read_text("utf-8")).substitute(fields)


def draw(found: Attacks, path: Path) -> None:
    """Distances of guesses; searches under a known key, and what they found under fresh ones."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, dpi=DOTS_PER_INCH, layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=(3, 2, 2))
    _draw_guesses(left, found)
    for (start, search), colour in zip(found.pushed.items(), COLOURS, strict=True):
        _draw_search(middle, right, start, search, colour)
    for axes in (middle, right):
        axes.legend(fontsize=8)
    left.axvline(found.tolerance + 0.5, color="#222222", linestyle="--")
    right.axvline(found.tolerance + 0.5, color="#222222", linestyle="--")
    middle.axhline(found.tolerance + 0.5, color="#222222", linestyle="--")
    middle.set_xlabel("tries")
    middle.set_ylabel("distance, two of three verifiers")
    middle.set_title("key known: every search passes", fontsize=9)
    right.set_xlabel("distance, two of three verifiers")
    right.set_title("key drawn afterwards: what was found", fontsize=9)
    right.set_yticks([])
    right.set_xlim(0, BITS)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", metadata={"Software": None})
    write_whole(path, buffer.getvalue())


def _angle(distance: float) -> str:
    """Degrees between features whose digests are so far apart on average."""
    return f"{distance * 180 / BITS:.0f}"


def _met(found: Attacks) -> dict[str, int]:
    """How many kinds of guesses meet the goal, by either interval."""
    kinds = [apart for name, apart in found.guesses.items() if name not in CONDITIONS.values()]
    return {
        "kinds": len(kinds),
        "met_these": sum(_over_keys(apart, found.tolerance)[1] <= GOAL for apart in kinds),
        "met_any": sum(by_majority(apart, found.tolerance).exact[1] <= GOAL for apart in kinds),
    }


def _over_keys(apart: Lengths, tolerance: int) -> tuple[float, float]:
    return over_keys(deciding(apart) <= tolerance)


def _guesses(found: Attacks) -> str:
    head = ("guess", "tasks", "least", "median", "one verifier accepts", "two of three",
            "at most, of these tasks", "at most, of any task")  # fmt: skip
    rows = []
    for name, apart in found.guesses.items():
        one, majority = by_one(apart, found.tolerance), by_majority(apart, found.tolerance)
        rows.append(
            (
                f"{name} (*)" if name in CONDITIONS.values() else name,
                f"{len(apart):,}",
                str(int(apart.min())),
                f"{np.median(apart):.0f}",
                percent(one.value),
                percent(majority.value),
                percent(_over_keys(apart, found.tolerance)[1]),
                percent(majority.exact[1]),
            )
        )
    return table(head, rows)


def _searches(found: Attacks) -> str:
    head = ("pushed from", "searches", "succeeded", "tries, median", "most")
    rows = []
    for start, search in found.pushed.items():
        tries = _tries([len(path) for path in search.paths])
        passed = int(search.passed.sum())
        rows.append(
            (
                start,
                f"{len(search.paths):,}",
                f"{passed:,}",
                str(tries["median"]),
                str(tries["most"]),
            )
        )
    return table(head, rows)


def _judged(found: Attacks) -> str:
    head = ("image", "judgements", "least", "median", "accepted by two of three",
            "95 %, of these tasks", "95 %, of any task")  # fmt: skip
    rows = []
    for start, search in found.pushed.items():
        for name, apart in (
            (f"found from {start}", search.fresh),
            (f"{start}, as it was", search.before),
        ):
            majority, decides = by_majority(apart, found.tolerance), deciding(apart)
            rows.append(
                (
                    name,
                    f"{decides.size:,}",
                    str(int(decides.min())),
                    f"{np.median(decides):.0f}",
                    f"{majority.events:,}",
                    interval(_over_keys(apart, found.tolerance)),
                    interval(majority.exact),
                )
            )
    return table(head, rows)


def _tries(found: list[int | None] | list[int]) -> dict[str, int | None]:
    """Of all searches: how many succeeded; tries in the median, in nine of ten, and at most (None
    where so many did not succeed)."""
    tries = sorted((np.inf if each is None else each) for each in found)

    def at(share: float) -> int | None:
        value = tries[min(len(tries) - 1, int(share * len(tries)))]
        return None if value == np.inf else int(value)

    succeeded = sum(each is not None for each in found)
    most = int(tries[succeeded - 1]) if succeeded else None
    return {
        "searches": len(found),
        "found": succeeded,
        "median": at(0.5),
        "p90": at(0.9),
        "most": most,
    }


def _said(tries: int | None) -> str:
    return "more tries than there are outputs" if tries is None else f"{tries:,} tries"


def _summary(apart: Lengths) -> dict[str, float]:
    least, p01, median, p99, largest = np.quantile(apart, [0, 0.01, 0.5, 0.99, 1]).tolist()
    return {"min": least, "p01": p01, "median": median, "p99": p99, "max": largest}


def _draw_guesses(axes: Any, found: Attacks) -> None:
    names = list(found.guesses)[::-1]
    for height, name in enumerate(names):
        counts = np.bincount(found.guesses[name].ravel(), minlength=BITS + 1)
        ridge = np.log1p(counts)
        colour = "#d6604d" if name in CONDITIONS.values() else "#5e6f9d"
        axes.stairs(
            height + 0.85 * ridge / ridge.max(),
            np.arange(BITS + 2) - 0.5,
            baseline=height,
            fill=True,
            color=colour,
        )
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_xlim(0, 180)
    axes.set_xlabel("distance to a verifier (dashed: tolerance)")
    axes.set_title("guesses without the model (red: same seed, another condition)", fontsize=9)


def _draw_search(middle: Any, right: Any, start: str, search: Pushed, colour: str) -> None:
    for number, path in enumerate(search.paths[:40]):
        middle.plot(
            np.arange(1, len(path) + 1),
            path,
            color=colour,
            alpha=0.35,
            linewidth=0.8,
            label=f"from {start}" if number == 0 else None,
        )
    bins = np.arange(0, BITS + 4, 4)
    right.hist(deciding(search.fresh).ravel(), bins, color=colour, alpha=0.6, density=True,
               label=f"found from {start}")  # fmt: skip
    right.hist(deciding(search.before).ravel(), bins, color=colour, histtype="step", density=True,
               linestyle=":", label=f"{start}, as it was")  # fmt: skip
