"""The page of the experiment on images (its words are in `images.template.md`), and its figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from scripts.experiments.image_pairs import Collisions
from scripts.experiments.image_plan import NOISED, Plan
from scripts.experiments.pages import bounds, chosen, interval, share, table, variants, verdict
from scripts.experiments.photographs import FITTED, JUDGED
from verifier.calibration import Result
from verifier.calibration.intervals import rule_of_three, trials_needed
from verifier.calibration.report import percent
from verifier.calibration.result import Rate

__all__ = ["Findings", "page"]

SCHEMA = "assay/experiment-images/1"
WORDS = Path(__file__).parent / "images.template.md"
MISSES, COLLISIONS = 0.0011, 0.000267
"""The goal: at most so many dishonest claims accepted by a majority; so many pairs colliding."""

JPEG = "JPEG, quality 50"


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was measured. angles: see `image_pairs.expected`; unsuited: the photographs under
    the terrain model's whitening; made: versions of what generated."""

    plan: Plan
    terrain: Result
    pairs: Collisions
    angles: Mapping[str, float]
    photographs: Result
    unsuited: Result
    made: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """The object in `images.json`."""
        return {
            "schema": SCHEMA,
            "tasks": self.plan.tasks,
            "panel": self.plan.panel,
            "made": dict(self.made),
            "terrain": self.terrain.to_json(),
            "everyTwoOutputs": {**self.pairs.to_json(), "byAngle": dict(self.angles)},
            "photographs": self.photographs.to_json(),
            "photographsUnderTerrainWhitening": self.unsuited.to_json(),
        }


def page(found: Findings) -> str:
    """`docs/experiments/images.md`."""
    fields = _model(found) | _pairs(found) | _photographs(found)
    return Template(WORDS.read_text("utf-8")).substitute(fields)


def _model(found: Findings) -> dict[str, str]:
    result = found.terrain
    split = result.held_out
    accept, reject = split.false_accept, split.false_reject
    assert accept.measured is not None
    assert reject.measured is not None
    trials = accept.single.trials
    return {
        "name": str(result.recipe["name"]),
        "version": str(result.recipe["version"]),
        "tolerance": str(result.tolerance),
        "holdout": str(result.holdout),
        "tasks": f"{found.plan.tasks:,}",
        "panel": f"{found.plan.panel:,}",
        "made": ", ".join(f"{name} {value}" for name, value in found.made.items()),
        "goal": _goal(found, accept.measured.error, reject.measured.error),
        "chosen": chosen(result),
        "keys": str(result.keys),
        "accept_one": bounds(accept.single),
        "accept_majority": bounds(accept.measured.error),
        "reject_one": bounds(reject.single),
        "reject_majority": bounds(reject.measured.error),
        "variants": variants(split.variants, result.tolerance),
        "noised": str(NOISED),
        "trials": f"{trials:,}",
        "bound": percent(rule_of_three(trials)),
        "misses": f"{100 * MISSES:.2f}",
        "misses_needed": f"{trials_needed(MISSES):,}",
        "collisions": f"{100 * COLLISIONS:.4f}",
        "collisions_needed": f"{trials_needed(COLLISIONS):,}",
    }


def _goal(found: Findings, misses: Rate, refused: Rate) -> str:
    single, pairs = found.terrain.held_out.false_accept.single, found.pairs
    rows = (
        (
            f"two of three detect ≥ {100 * (1 - MISSES):.2f} % of other seeds, other models and "
            "re-painting at 0.6 and above",
            *share(misses, turned=True),
            verdict(misses, MISSES),
        ),
        (
            f"one verifier takes ≤ {100 * COLLISIONS:.4f} % of them for the same",
            *share(single),
            verdict(single, COLLISIONS),
        ),
        (
            f"outputs of two tasks collide in ≤ {100 * COLLISIONS:.4f} %",
            percent(pairs.within / pairs.pairs),
            interval((0, rule_of_three(pairs.disjoint))) if pairs.within == 0 else "–",
            f"{pairs.disjoint:,} disjoint pairs",
            f"{pairs.within:,} of {pairs.pairs:,} comparisons; the angles say "
            f"{found.angles['rate']:.0e}",
        ),
        (
            f"two of three accept ≥ {100 * (1 - MISSES):.2f} % of honest claims",
            *share(refused, turned=True),
            verdict(refused, MISSES),
        ),
    )
    return table(("asked", "measured", "95 % interval", "over independent", "met"), rows)


def _pairs(found: Findings) -> dict[str, str]:
    pairs, data = found.pairs, found.pairs.to_json()
    return {
        "images": f"{pairs.images:,}",
        "pair_keys": f"{pairs.keys:,}",
        "pair_count": f"{pairs.pairs // pairs.keys:,}",
        "comparisons": f"{pairs.pairs:,}",
        "within": f"{pairs.within:,}",
        "least": str(data["least"]),
        "largest": str(data["largest"]),
        "expected": f"{found.angles['rate']:.1e}",
        "angle": f"{found.angles['leastAngle']:.0f}",
        "odds": f"{1 / max(found.angles['worst'], 1e-300):,.0f}",
        "disjoint": f"{pairs.disjoint:,}",
        "disjoint_bound": percent(rule_of_three(pairs.disjoint)),
    }


def _photographs(found: Findings) -> dict[str, str]:
    result, other = found.photographs, found.unsuited
    return {
        "judged": str(len(JUDGED)),
        "fitted": str(len(FITTED)),
        "photographs": variants(result.held_out.variants, result.tolerance),
        "photo_tolerance": str(result.tolerance),
        "photo_range": _range(result),
        "terrain_range": _range(other),
        "photo_jpeg": _largest(result, JPEG),
        "terrain_jpeg": _largest(other, JPEG),
    }


def _range(result: Result) -> str:
    assert result.choice is not None
    return f"{result.choice.least} to {result.choice.most}"


def _largest(result: Result, name: str) -> str:
    found = next(variant for variant in result.held_out.variants if variant.name == name)
    return f"{found.quantiles[4]:.0f}"
