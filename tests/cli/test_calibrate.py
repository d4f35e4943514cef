"""`assay calibrate`, as a person runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli import main
from tests.calibration.casefolder import RECIPE, write_cases, write_pairs
from verifier.profiles import Profile


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_cases(tmp_path / "cases", 40)
    (tmp_path / "recipe.json").write_text(json.dumps(RECIPE))
    return tmp_path


def arguments(place: Path, *more: str, cases: str = "cases") -> list[str]:
    return [
        *["calibrate", str(place / cases), "--recipe", str(place / "recipe.json")],
        *["--out", str(place / "out"), *more],
    ]


@pytest.mark.integration
def test_calibrate__when_run_by_two_processes__then_the_profile_and_the_figures_are_there(
    place: Path,
):
    done = subprocess.run(
        [sys.executable, "-m", "cli", *arguments(place, "--jobs", "2", "--keys", "1")],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"},
        cwd=place,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    profile = Profile.parse((place / "out" / "text-of-a-test.json").read_bytes())
    assert f"tolerance {profile.tolerance}, profileId 0x{profile.profile_id.hex()}" in done.stdout
    assert "dishonest accepted: 0 of" in done.stdout
    assert "distances measured" in done.stderr
    assert {path.name for path in (place / "out").iterdir()} == {
        *["report.md", "result.json", "roc.png", "shards", "text-of-a-test.json"]
    }


@pytest.mark.unit
def test_calibrate__when_a_users_own_folder__then_calibrated(
    place: Path, capsys: pytest.CaptureFixture[str]
):
    write_pairs(place / "own", 6)
    assert main.run(arguments(place, "--holdout", "0", cases="own")) == 0
    assert "honest not accepted: 0 of 24" in capsys.readouterr().out
    report = (place / "out" / "report.md").read_text()
    assert "the same on which the tolerance was chosen" in report


@pytest.mark.unit
def test_calibrate__when_no_tolerance_will_do__then_status_1_and_no_profile(
    place: Path, capsys: pytest.CaptureFixture[str]
):
    """A variant whose claims are copies of what a verifier generated."""
    lines = (place / "cases" / "cases.jsonl").read_text().replace(', "goal": false', "")
    (place / "cases" / "cases.jsonl").write_text(
        "".join(line for line in lines.splitlines(True) if "edited" not in line)
        + "".join(
            json.dumps(json.loads(line) | {"variant": "copied", "claim": f"outputs/{task}-v0.txt"})
            + "\n"
            for task, line in enumerate(old for old in lines.splitlines() if "edited" in old)
        )
    )
    assert main.run(arguments(place)) == 1
    error = capsys.readouterr().err
    assert "No tolerance keeps false accepts at or below 0.0267 %" in error
    assert (place / "out" / "report.md").is_file()
    assert not (place / "out" / "text-of-a-test.json").exists()


@pytest.mark.unit
@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--tolerance", "300"], "admits 0 to 255"),
        (["--holdout", "1"], "1 with --tolerance"),
        (["--max-false-accept", "0"], "above 0 and below 1"),
        (["--keys", "0"], "The number of keys is 0"),
        (["--jobs", "0"], "The number of jobs is 0"),
        (["--recipe", "absent.json"], "absent.json cannot be read"),
        (["--recipe", "cases/cases.jsonl"], "is not valid JSON"),
        (["--out", "recipe.json"], "cannot be made"),
    ],
)
def test_calibrate__when_an_option_is_bad__then_one_sentence(
    place: Path,
    more: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(place)
    assert main.run(arguments(place, *more)) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("assay: ")]
    assert len(lines) == 1
    assert sentence in lines[0]
    assert "unexpected" not in lines[0]
    assert not (place / "out").exists()


@pytest.mark.unit
@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        ({"schema": "assay/profile/9"}, "this version reads 'assay/profile/1'"),
        ({"family": "none"}, "The profile's family 'none' is unknown"),
        ({"tolerance": "6"}, "tolerance must be an integer"),
        ({"features": {"wordShingle": 99, "characterShingle": 0}}, "wordShingle must be"),
        ({"colour": 1}, "unknown field 'colour'"),
    ],
)
def test_calibrate__when_the_recipe_is_none__then_one_sentence(
    place: Path, recipe: dict[str, object], sentence: str, capsys: pytest.CaptureFixture[str]
):
    (place / "recipe.json").write_text(json.dumps(RECIPE | recipe))
    assert main.run(arguments(place)) == 1
    assert sentence in capsys.readouterr().err
    assert not (place / "out").exists()


@pytest.mark.unit
def test_calibrate__when_matplotlib_is_missing__then_said_before_anything_is_measured(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main.run(arguments(place)) == 1
    assert "install assay-network[calibrate]" in capsys.readouterr().err
    assert not (place / "out").exists()
