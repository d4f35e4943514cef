"""What the digests of text say of the generated texts: `exact`, `text-minhash` and `tokens`."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from scripts.experiments.text_cases import Texts, text_cases, token_cases
from scripts.experiments.text_logprobs import Records, logprob_cases, shortfalls
from scripts.experiments.text_stale import stale_cases
from verifier import calibration, profiles
from verifier.calibration import Case, CaseSet, Result
from verifier.calibration.atomic import write_whole
from verifier.digest.logprobs import UNITS_PER_NAT, Logprobs

__all__ = [
    "EXACT",
    "HOLDOUT",
    "HOLDOUT_LOGPROBS",
    "LOGPROBS",
    "MINHASH",
    "TOKENS",
    "LogprobFindings",
    "TextFindings",
    "judge",
    "judge_logprobs",
]

PROFILES = Path(__file__).resolve().parents[2] / "verifier" / "profiles"
EXACT, MINHASH = "text-exact-smollm2", "text-minhash-smollm2"
TOKENS, LOGPROBS = "tokens-smollm2", "logprobs-smollm2"
KEYS = 4
HOLDOUT, HOLDOUT_LOGPROBS = 0.75, 0.9

WEAK = ("1 word replaced", "last quarter cut", "last half cut")
"""Edits that `text-minhash` is not meant to see in texts of this length."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class TextFindings:
    """Results by family; tasks, long_tasks: how many have an honest text; full: of how many it has
    all the tokens that were asked for."""

    exact: Result
    minhash: Result
    tokens: Result
    tasks: int
    long_tasks: int
    full: int


@dataclass(frozen=True, slots=True)
class LogprobFindings:
    """result: of the profile; shortfalls: mean shortfall per text, in nat, by who wrote it."""

    result: Result
    shortfalls: Mapping[str, NDArray[np.float64]]

    @property
    def features(self) -> Mapping[str, int]:
        """Of the recipe."""
        return cast("Mapping[str, int]", self.result.recipe["features"])

    @property
    def limit(self) -> float:
        """The largest plausible shortfall, in nat per token."""
        return self.features["shortfallLimit"] / UNITS_PER_NAT**2


def judge(work: Path, holdout: float, say: Say) -> TextFindings:
    """Calibrates the three families on the texts under `work`."""
    short, long = Texts.load(work, "short"), Texts.load(work, "long")
    honest = short.made.get("honest", {})
    return TextFindings(
        exact=_calibrate(work, EXACT, [*text_cases(short), *text_cases(long)], say, tolerance=0),
        minhash=_calibrate(
            work,
            MINHASH,
            [*text_cases(short, WEAK), *text_cases(long, (*WEAK, "3 words replaced"))],
            say,
            tolerance=_published(MINHASH),
        ),
        tokens=_calibrate(work, TOKENS, list(token_cases(short)), say, holdout=holdout),
        tasks=len(list(short.tasks())),
        long_tasks=len(list(long.tasks())),
        full=sum(len(record["tokens"]) == 64 for record in honest.values()),
    )


def judge_logprobs(work: Path, holdout: float, say: Say) -> LogprobFindings:
    """Calibrates `logprobs` on the records under `work`."""
    records = Records.load(work)
    family = profiles.load(LOGPROBS).digester
    assert isinstance(family, Logprobs)
    cases = [*logprob_cases(records, family.top), *stale_cases(records, family)]
    return LogprobFindings(
        result=_calibrate(
            work, LOGPROBS, cases, say, tolerance=_published(LOGPROBS), holdout=holdout
        ),
        shortfalls=shortfalls(records, family),
    )


def _published(name: str) -> int:
    return int(calibration.read_recipe(PROFILES / f"{name}.json")["tolerance"])


def _calibrate(
    work: Path,
    name: str,
    cases: Sequence[Case],
    say: Say,
    *,
    tolerance: int | None = None,
    holdout: float = 1,
    **options: Any,
) -> Result:
    """`verifier.calibration.run` of a profile that ships; all tasks are judged where the tolerance
    is given. The cases are left beside the outputs, for `assay calibrate`."""
    lines = "".join(json.dumps(case.to_json()) + "\n" for case in cases)
    write_whole(work / f"{name}.cases.jsonl", lines.encode())
    say(f"{name}: {len(cases):,} cases")
    recipe = calibration.read_recipe(PROFILES / f"{name}.json")
    return calibration.run(
        CaseSet(work, tuple(cases)),
        recipe,
        work / "calibration" / name,
        keys=1 if recipe["family"] in ("exact", "logprobs") else KEYS,
        tolerance=tolerance,
        holdout=holdout,
        **options,
    )
