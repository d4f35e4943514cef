"""The page of the experiment on vectors (words in `vectors.template.md`), and its figures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from scripts.experiments.pages import bounds, chosen, share, table, variants, verdict
from scripts.experiments.text_report import slim
from scripts.experiments.vector_plan import HALF_TEXT, Plan
from verifier.calibration import MAX_FALSE_ACCEPT, Result
from verifier.calibration.intervals import rule_of_three, trials_needed
from verifier.calibration.report import percent
from verifier.calibration.result import Variant

__all__ = ["Findings", "page"]

SCHEMA = "assay/experiment-vectors/1"
WORDS = Path(__file__).parent / "vectors.template.md"
MISSES = 0.0011
"""The goal is that of images: a majority misses at most so many dishonest claims."""


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was measured; made: versions of what generated."""

    plan: Plan
    result: Result
    made: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """The object in `vectors.json`."""
        return {
            "schema": SCHEMA,
            "tasks": self.plan.tasks,
            "panel": self.plan.panel,
            "made": dict(self.made),
            "result": slim(self.result),
        }


def page(found: Findings) -> str:
    """`docs/experiments/vectors.md`."""
    result = found.result
    split = result.held_out
    accept, reject = split.false_accept, split.false_reject
    assert accept.measured is not None
    assert reject.measured is not None
    misses, refused = accept.measured.error, reject.measured.error
    trials = accept.single.trials
    fields = {
        "name": str(result.recipe["name"]),
        "tolerance": str(result.tolerance),
        "holdout": str(result.holdout),
        "tasks": f"{found.plan.tasks:,}",
        "panel": f"{found.plan.panel:,}",
        "whitening": f"{found.plan.whitening:,}",
        "made": ", ".join(f"{name} {value}" for name, value in found.made.items()),
        "goal": table(
            ("asked", "measured", "95 % interval", "over independent", "met"),
            (
                (
                    f"two of three detect ≥ {100 * (1 - MISSES):.2f} % of other texts, other "
                    "models and texts cut to half",
                    *share(misses, turned=True),
                    verdict(misses, MISSES),
                ),
                (
                    f"one verifier takes ≤ {100 * MAX_FALSE_ACCEPT:.4f} % of them for the same",
                    *share(accept.single),
                    verdict(accept.single, MAX_FALSE_ACCEPT),
                ),
                (
                    f"two of three accept ≥ {100 * (1 - MISSES):.2f} % of honest claims",
                    *share(refused, turned=True),
                    verdict(refused, MISSES),
                ),
            ),
        ),
        "chosen": chosen(result),
        "keys": str(result.keys),
        "accept_one": bounds(accept.single),
        "accept_majority": bounds(misses),
        "reject_one": bounds(reject.single),
        "reject_majority": bounds(refused),
        "variants": variants(split.variants, result.tolerance),
        **_room(split.variants),
        "trials": f"{trials:,}",
        "bound": percent(rule_of_three(trials)),
        "collisions": f"{100 * MAX_FALSE_ACCEPT:.4f}",
        "collisions_needed": f"{trials_needed(MAX_FALSE_ACCEPT):,}",
    }
    return Template(WORDS.read_text("utf-8")).substitute(fields)


def _room(variants: Iterable[Variant]) -> dict[str, str]:
    """What honest engines need, and how near cut texts and the rest of the goal come."""
    rows = list(variants)
    others = [v for v in rows if v.label == "different" and v.goal and v.name != HALF_TEXT]
    return {
        "honest_largest": f"{max(v.quantiles[4] for v in rows if v.label == 'same'):.0f}",
        "cut_least": f"{next(v.quantiles[0] for v in rows if v.name == HALF_TEXT):.0f}",
        "others_most": f"{min(v.quantiles[0] for v in others) - 1:.0f}",
    }
