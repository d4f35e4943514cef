"""`verifier.calibration.files`: folders of cases as people make them, and JSON as we write it."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.calibration.casefolder import RECIPE, write_cases, write_pairs
from verifier import calibration, profiles
from verifier.calibration import plot
from verifier.calibration.atomic import write_whole
from verifier.errors import CalibrationError

pytestmark = pytest.mark.unit


def test_load__when_a_folder_of_pairs__then_a_case_each(tmp_path: Path):
    found = calibration.CaseSet.load(write_pairs(tmp_path, 2))
    (tmp_path / "same" / ".DS_Store").touch()
    assert calibration.CaseSet.load(tmp_path) == found
    assert [case.to_json() for case in found.cases] == [
        {
            "task": f"p{task}",
            "label": label,
            "variant": label,
            "claim": f"{label}/p{task}.a.txt",
            "verifiers": [f"{label}/p{task}.b.txt"],
        }
        for label in ("same", "different")
        for task in range(2)
    ]
    assert found.contents(found.cases[:1], 4) == {
        "same/p0.a.txt": b"w0x0 ",
        "same/p0.b.txt": b"w0x0 ",
    }


def test_load__when_the_file_itself_is_named__then_as_with_its_folder(tmp_path: Path):
    folder = write_cases(tmp_path / "cases", 2)
    by_file = calibration.CaseSet.load(folder / "cases.jsonl")
    assert by_file == calibration.CaseSet.load(folder)


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("same/p0.b.png", "p0.b.png are one side; remove one"),
        ("same/p9.a.txt", "same/p9.a.txt has no partner: both .a. and .b. are needed"),
        ("different/notes.txt", "is not named NAME.a.EXT or NAME.b.EXT; rename it"),
        ("different/p7.c.txt", "is not named NAME.a.EXT or NAME.b.EXT; rename it"),
    ],
)
def test_load__when_a_pair_is_odd__then_one_sentence(tmp_path: Path, file: str, sentence: str):
    (write_pairs(tmp_path, 1) / file).touch()
    with pytest.raises(CalibrationError) as caught:
        calibration.CaseSet.load(tmp_path)
    assert sentence in str(caught.value)


def test_load__when_there_are_no_cases__then_one_sentence(tmp_path: Path):
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(CalibrationError, match="has no cases: it must be a folder with"):
            calibration.CaseSet.load(path)


def test_contents__when_a_file_is_missing_or_a_folder__then_it_is_named(tmp_path: Path):
    folder = write_cases(tmp_path, 1)
    (folder / "outputs" / "0-v1.txt").unlink()
    cases = calibration.CaseSet.load(folder)
    with pytest.raises(CalibrationError, match=r"0-v1\.txt cannot be read: No such file"):
        cases.contents(cases.cases, 10)
    (folder / "outputs" / "0-v1.txt").mkdir()
    with pytest.raises(CalibrationError, match=r"0-v1\.txt cannot be read: Is a directory"):
        cases.contents(cases.cases, 10)


def test_read_recipe__when_it_is_none__then_one_sentence(tmp_path: Path):
    for text, sentence in (("[1]", "must be a JSON object"), ("{", "is not valid JSON")):
        (tmp_path / "r.json").write_text(text)
        with pytest.raises(CalibrationError, match=sentence):
            calibration.read_recipe(tmp_path / "r.json")
    with pytest.raises(CalibrationError, match="cannot be read"):
        calibration.read_recipe(tmp_path / "absent.json")


def test_save__when_the_name_is_no_file_name__then_refused_before_anything_is_written(
    tmp_path: Path,
):
    cases = calibration.CaseSet.load(write_pairs(tmp_path / "cases", 2))
    result = calibration.run(cases, RECIPE | {"name": "../x"}, tmp_path / "out", holdout=0, keys=1)
    with pytest.raises(CalibrationError, match="cannot be a file's name"):
        calibration.save(result, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["shards"]


def test_save__when_the_folder_cannot_be_made__then_one_sentence(tmp_path: Path):
    cases = calibration.CaseSet.load(write_pairs(tmp_path / "cases", 2))
    (tmp_path / "out").touch()
    with pytest.raises(CalibrationError, match=r"cannot be made .*--out"):
        calibration.run(cases, RECIPE, tmp_path / "out", holdout=0, keys=1)


def test_render__then_the_same_value_with_numbers_on_one_line():
    value = {"b": [1, -2.5, 3e-9], "a": {"text": "[1, 2]", "words": ["x", "y z"]}, "c": []}
    text = calibration.render(value)
    assert json.loads(text) == value
    assert '"b": [1,-2.5,3e-09]' in text
    for name in profiles.names():
        recipe = json.loads(profiles.load(name).recipe)
        assert json.loads(calibration.render(recipe)) == recipe


def test_save__when_a_file_cannot_be_put_in_place__then_one_sentence_and_no_part_of_it(
    tmp_path: Path,
):
    (tmp_path / "report.md").mkdir()
    with pytest.raises(CalibrationError, match=r"report\.md cannot be written: .*; make room"):
        write_whole(tmp_path / "report.md", b"text")
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]


def test_plot__then_shows_both_kinds_of_claims_and_the_same_result_gives_the_same_picture(
    tmp_path: Path,
):
    cases = calibration.CaseSet.load(write_pairs(tmp_path / "cases", 4))
    result = calibration.run(cases, RECIPE, tmp_path / "out", holdout=0, keys=1)
    plot.save(result, tmp_path / "a.png")
    plot.save(result, tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as picture:
        red, green, blue = (
            np.asarray(picture.convert("RGB"))[..., c].astype(int) for c in range(3)
        )
    assert (green - np.maximum(red, blue) > 30).sum() > 20
    assert (red - np.maximum(green, blue) > 30).sum() > 20
