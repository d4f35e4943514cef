"""Calibration: from labelled cases to a tolerance, its error rates with intervals, and a profile.

    cases = CaseSet.load(folder)
    result = run(cases, read_recipe(file), out)   # resumable: shards are kept in out/shards
    save(result, out)                             # result.json, report.md, roc.png, the profile

`cases`, `shards`, `choose`, `intervals`, `figures`, `result` and `report` compute; `files`,
`plot` and `run` read and write, through `atomic`. The page is `docs/calibration.md`.
"""

from verifier.calibration.cases import Case, key_of
from verifier.calibration.files import CaseSet, read_recipe, render, save
from verifier.calibration.result import Result
from verifier.calibration.run import KEYS, MAX_FALSE_ACCEPT, Mapper, run

__all__ = [
    "KEYS",
    "MAX_FALSE_ACCEPT",
    "Case",
    "CaseSet",
    "Mapper",
    "Result",
    "key_of",
    "read_recipe",
    "render",
    "run",
    "save",
]
