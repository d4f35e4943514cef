"""What calibration reads and writes: folders of cases, shards that were measured, the results.

CASES/cases.jsonl            one case a line (see `cases`), paths within CASES
CASES/same, CASES/different  or these: pairs NAME.a.EXT (claim), NAME.b.EXT (verifier)
OUT/shards/*.npz             distances measured so far; named by what they were measured of
OUT/result.json, report.md, roc.png, <profile>.json
"""

import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from verifier.calibration import plot, report
from verifier.calibration.atomic import write_whole
from verifier.calibration.cases import LABELS, Case, parse_cases
from verifier.calibration.result import Result
from verifier.calibration.shards import Distances
from verifier.canonical import parse_object
from verifier.errors import CalibrationError
from verifier.profiles import MAX_RECIPE_BYTES

__all__ = ["CaseSet", "ShardStore", "make_folder", "read_recipe", "render", "save"]

CASES_FILE = "cases.jsonl"
PAIR = re.compile(r"(?P<name>.+)\.(?P<side>[ab])\.(?P<kind>[^.]+)")
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
NUMBERS = re.compile(r"\[\n[\s\d.,eE+-]*\]")  # in JSON a line never breaks within a text


@dataclass(frozen=True, slots=True)
class CaseSet:
    """Cases and the folder that their paths are relative to."""

    root: Path
    cases: tuple[Case, ...]

    @classmethod
    def load(cls, path: Path) -> Self:
        """The cases of a folder, or of a file of lines with its folder; see the module."""
        file = path / CASES_FILE if path.is_dir() else path
        if file.is_file():
            return cls(file.parent, parse_cases(_read(file), str(file)))
        folders = [path / label for label in LABELS if (path / label).is_dir()]
        if not folders:
            raise CalibrationError(
                f"{path} has no cases: it must be a folder with {CASES_FILE}, or with the folders "
                "same and different that hold pairs NAME.a.EXT and NAME.b.EXT."
            )
        return cls(path, tuple(case for folder in folders for case in _pairs(folder)))

    def contents(self, cases: Iterable[Case], max_bytes: int) -> dict[str, bytes]:
        """The contents of all files of `cases`, by path; one of more than `max_bytes` is cut just
        above them, for its digest to refuse it."""
        names = {name for case in cases for name in (case.claim, *case.verifiers)}
        return {name: _read(self.root / name, max_bytes + 1) for name in sorted(names)}


@dataclass(frozen=True, slots=True)
class ShardStore:
    """Distances of shards on disk, each written whole under the name of its shard."""

    folder: Path

    def load(self, name: str, like: Distances) -> Distances | None:
        """Stored distances, or None where there are none of the shape of `like` (measure anew)."""
        try:
            with self._path(name).open("rb") as file, np.load(file, allow_pickle=False) as stored:
                found = Distances(stored["claim"], stored["between"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        for had, wanted in ((found.claim, like.claim), (found.between, like.between)):
            if had.shape != wanted.shape or had.dtype != wanted.dtype:
                return None
        return found

    def save(self, name: str, distances: Distances) -> None:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, claim=distances.claim, between=distances.between)
        write_whole(self._path(name), buffer.getvalue())

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npz"


def read_recipe(path: Path) -> dict[str, Any]:
    """The JSON object in a recipe's file; whether it is a profile is for `Profile.parse`."""
    return parse_object(_read(path), f"recipe {path}", MAX_RECIPE_BYTES, CalibrationError)


def save(result: Result, out: Path) -> tuple[Path, ...]:
    """Writes result.json, report.md, roc.png and, where the limit is met, the profile.

    Returns what was written; each file is written whole or not at all.
    """
    make_folder(out)
    name = str(result.recipe["name"])
    if not FILE_NAME.fullmatch(name):
        raise CalibrationError(
            f"The recipe's name {name!r} cannot be a file's name; use letters, digits, - and _."
        )
    files = {
        "result.json": render(result.to_json()).encode(),
        "report.md": report.markdown(result).encode(),
    }
    if result.usable:
        files[f"{name}.json"] = render(result.recipe).encode()
    for file, data in files.items():
        write_whole(out / file, data)
    plot.save(result, out / "roc.png")
    return tuple(out / file for file in (*files, "roc.png"))


def render(value: Mapping[str, Any]) -> str:
    """JSON with sorted names, a field a line, a list of numbers on one line."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return NUMBERS.sub(lambda found: "".join(found[0].split()), text) + "\n"


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CalibrationError(
            f"The folder {folder} cannot be made ({error.strerror}); give another with --out."
        ) from None


def _read(path: Path, limit: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except OSError as error:
        raise CalibrationError(f"The file {path} cannot be read: {error.strerror}.") from None


def _pairs(folder: Path) -> list[Case]:
    """Cases of a user's folder of one label; the task is the pair's name."""
    sides: dict[str, dict[str, str]] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        match = PAIR.fullmatch(path.name)
        if match is None or not path.is_file():
            raise CalibrationError(f"{path} is not named NAME.a.EXT or NAME.b.EXT; rename it.")
        pair = sides.setdefault(match["name"], {})
        if match["side"] in pair:
            raise CalibrationError(f"{path} and {pair[match['side']]} are one side; remove one.")
        pair[match["side"]] = f"{folder.name}/{path.name}"
    cases = []
    for name, pair in sides.items():
        if len(pair) != 2:
            present = next(iter(pair.values()))
            raise CalibrationError(f"{present} has no partner: both .a. and .b. are needed.")
        cases.append(
            Case.parse(
                json.dumps(
                    {
                        "task": name,
                        "label": folder.name,
                        "variant": folder.name,
                        "claim": pair["a"],
                        "verifiers": [pair["b"]],
                    }
                ).encode()
            )
        )
    return cases
