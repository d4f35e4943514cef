"""What a calibration found, as data; `Result.to_json()` is `result.json`, schema below."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from verifier.calibration.choose import Choice

__all__ = ["SCHEMA", "Committee", "Errors", "Rate", "Result", "Roc", "Split", "Variant"]

SCHEMA = "assay/calibration/1"

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something happened.

    events, pairs: over all keys and verifiers; bootstrap: interval of their ratio, by task.
    trial_events, trials: one pair of each task, hence independent; exact: their Clopper–Pearson
    interval. All intervals are of 95 %.
    """

    events: int
    pairs: int
    bootstrap: Interval
    trial_events: int
    trials: int
    exact: Interval

    @property
    def value(self) -> float:
        """events / pairs; 0 of nothing."""
        return self.events / max(1, self.pairs)

    def to_json(self) -> dict[str, Any]:
        return {
            "rate": self.value,
            "events": self.events,
            "pairs": self.pairs,
            "bootstrapByTask": list(self.bootstrap),
            "trialEvents": self.trial_events,
            "trials": self.trials,
            "clopperPearson": list(self.exact),
        }


@dataclass(frozen=True, slots=True)
class Committee:
    """A committee of three, as measured: error: the claim judged wrongly (a dishonest one accepted,
    an honest one not accepted); rejected, inconclusive: verdicts by the contract's rule."""

    error: Rate
    accepted: int
    rejected: int
    inconclusive: int

    def to_json(self) -> dict[str, Any]:
        return {
            **self.error.to_json(),
            "accepted": self.accepted,
            "rejected": self.rejected,
            "inconclusive": self.inconclusive,
        }


@dataclass(frozen=True, slots=True)
class Errors:
    """Wrong judgements: of one verifier; of a majority of three independent ones with that rate
    (rate, then the exact interval carried over); of three verifiers of one claim, as measured."""

    single: Rate
    independent: tuple[float, float, float]
    measured: Committee | None

    def to_json(self) -> dict[str, Any]:
        rate, low, high = self.independent
        return {
            "oneVerifier": self.single.to_json(),
            "majorityIndependent": {"rate": rate, "clopperPearson": [low, high]},
            "majorityMeasured": None if self.measured is None else self.measured.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Variant:
    """One line of the table. quantiles: least, 1 %, median, 99 % and largest distance; within: how
    many pairs are within the tolerance; counts: pairs by distance, `int[257]`."""

    name: str
    label: str
    goal: bool
    tasks: int
    pairs: int
    quantiles: tuple[float, float, float, float, float]
    within: int
    counts: tuple[int, ...]
    errors: Errors

    def to_json(self) -> dict[str, Any]:
        seen = [distance for distance, count in enumerate(self.counts) if count]
        least, p01, median, p99, largest = self.quantiles
        return {
            "variant": self.name,
            "label": self.label,
            "goal": self.goal,
            "tasks": self.tasks,
            "pairs": self.pairs,
            "min": least,
            "p01": p01,
            "median": median,
            "p99": p99,
            "max": largest,
            "within": self.within,
            "errors": self.errors.to_json(),
            "histogram": {"distances": seen, "counts": [self.counts[d] for d in seen]},
        }


@dataclass(frozen=True, slots=True)
class Roc:
    """Shares by tolerance 0..256, of the goal's variants together; majorities are as measured and
    None where no case has three verifiers."""

    false_accept: tuple[float, ...]
    false_reject: tuple[float, ...]
    majority_false_accept: tuple[float, ...] | None
    majority_false_reject: tuple[float, ...] | None

    def to_json(self) -> dict[str, Any]:
        return {
            "falseAccept": self.false_accept,
            "falseReject": self.false_reject,
            "majorityFalseAccept": self.majority_false_accept,
            "majorityFalseReject": self.majority_false_reject,
        }


@dataclass(frozen=True, slots=True)
class Split:
    """Figures of one set of tasks at the tolerance."""

    tasks: int
    cases: int
    false_accept: Errors
    false_reject: Errors
    roc: Roc
    variants: tuple[Variant, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "tasks": self.tasks,
            "cases": self.cases,
            "falseAccept": self.false_accept.to_json(),
            "falseReject": self.false_reject.to_json(),
            "roc": self.roc.to_json(),
            "variants": [variant.to_json() for variant in self.variants],
        }


@dataclass(frozen=True, slots=True)
class Result:
    """recipe: the calibrated one; choice: None where the tolerance was given; calibration: None
    where all tasks are held out; held_out: the figures to go by; `separate` tells whether none of
    their tasks took part in choosing."""

    recipe: Mapping[str, Any]
    profile_id: bytes
    tolerance: int
    choice: Choice | None
    limit: float
    keys: int
    holdout: float
    calibration: Split | None
    held_out: Split
    separate: bool

    @property
    def usable(self) -> bool:
        """Whether the tolerance is one to publish: given, or within the limit."""
        return self.choice is None or self.choice.limit_met

    def to_json(self) -> dict[str, Any]:
        """The object in `result.json`."""
        choice = self.choice
        return {
            "schema": SCHEMA,
            "profile": {
                "name": self.recipe["name"],
                "version": self.recipe["version"],
                "family": self.recipe["family"],
                "profileId": "0x" + self.profile_id.hex(),
            },
            "tolerance": self.tolerance,
            "choice": None
            if choice is None
            else {
                "least": choice.least,
                "most": choice.most,
                "limitMet": choice.limit_met,
            },
            "maxFalseAccept": self.limit,
            "keysPerTask": self.keys,
            "holdout": self.holdout,
            "separate": self.separate,
            "calibration": None if self.calibration is None else self.calibration.to_json(),
            "heldOut": self.held_out.to_json(),
        }
