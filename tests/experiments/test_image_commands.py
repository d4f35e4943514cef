"""The commands experiment_images and experiment_attacks, from nothing to their pages."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from scripts import experiment_attacks, experiment_images
from scripts.experiments import (
    image_lookalikes,
    image_outputs,
    image_plot,
    needs,
    photo_recipe,
    photographs,
)
from scripts.experiments.image_plan import Plan
from tests.experiments.pictures import Artist, artist, smooth
from verifier import calibration, profiles

PLAN = Plan(tasks=16, panel=5)


def photograph(name: str, _place: object) -> np.ndarray:
    """In place of those that ship in packages."""
    rng = np.random.default_rng(list(name.encode()))
    planes = np.stack([smooth(rng, 64) for _ in range(3)], axis=2)
    return np.clip(np.rint(planes), 0, 255).astype(np.uint8)


def average_hash(image: Image.Image) -> SimpleNamespace:
    """In place of pHash."""
    small = np.asarray(image.resize((8, 8)))
    return SimpleNamespace(hash=small > np.median(small))


@pytest.fixture
def stand_ins(monkeypatch):
    """Neither the model nor photographs nor the peer's hash are needed."""
    monkeypatch.setattr(image_outputs, "painter", artist)
    monkeypatch.setattr(photographs, "pixels", photograph)
    monkeypatch.setattr(photo_recipe, "pixels", photograph)
    monkeypatch.setattr(
        image_lookalikes, "require", lambda module: SimpleNamespace(phash=average_hash)
    )


@pytest.mark.unit
def test_experiments__when_run__then_pages_and_figures_and_once_more_the_same(
    tmp_path, stand_ins, monkeypatch
):
    work, out = tmp_path / "work", tmp_path / "out"
    experiment_images.experiment(work, out, PLAN, 1, 60, 1)
    figures = json.loads((out / "images.json").read_bytes())
    tolerance = figures["terrain"]["tolerance"]
    page = (out / "images.md").read_text()
    assert f"**{tolerance}** bits" in page
    assert figures["everyTwoOutputs"]["comparisons"] == 60 * 120
    assert calibration.read_recipe(out / "image-perceptual-photographs.json")["tolerance"] > 0
    assert len(calibration.CaseSet.load(work).cases) > 16 * 5
    with Image.open(out / "images.png") as image:
        assert image.size == (1500, 1000)

    before = {path.name: path.read_bytes() for path in out.iterdir()}
    monkeypatch.setattr(Artist, "drawn", 0)
    monkeypatch.setattr(image_plot, "draw", lambda *_: None)  # slow, and drawn above
    experiment_images.experiment(work, out, PLAN, 1, 60, 1)
    assert Artist.drawn == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before

    experiment_attacks.experiment(work, out, PLAN, 2)
    attacks = json.loads((out / "attacks-images.json").read_bytes())
    assert {each["succeeded"] for each in attacks["pushed"].values()} == {5}
    assert attacks["guesses"]["all bits 0"]["majority"]["rate"] == 0
    assert "Key" in (out / "attacks-images.md").read_text().replace("key", "Key")
    with Image.open(out / "attacks-images.png") as image:
        assert image.size == (1430, 605)


@pytest.mark.unit
def test_attacks__when_an_output_is_missing__then_says_what_to_run(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["x", "--work", str(tmp_path), "--quick"])
    assert experiment_attacks.main() == 1
    said = capsys.readouterr().err
    assert "t00000.png is missing: run scripts/experiment_images.py" in said
    assert said.count("\n") == 1


@pytest.mark.unit
def test_images__when_no_process_is_allowed__then_one_sentence(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["x", "--work", str(tmp_path / "w"), "--jobs", "0"])
    assert experiment_images.main() == 1
    assert capsys.readouterr().err == "--jobs is 0; it must be at least 1.\n"
    assert not (tmp_path / "w").exists()


@pytest.mark.unit
def test_images__when_work_is_a_file__then_one_sentence(tmp_path, capsys, monkeypatch):
    (tmp_path / "w").write_text("")
    monkeypatch.setattr(needs, "check", lambda: None)
    monkeypatch.setattr(sys, "argv", ["x", "--work", str(tmp_path / "w"), "--quick"])
    assert experiment_images.main() == 1
    assert capsys.readouterr().err.endswith("give another --work.\n")


@pytest.mark.unit
def test_images__when_something_is_not_installed__then_says_so_before_it_begins(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.setattr(sys, "argv", ["x", "--work", str(tmp_path / "w"), "--quick"])
    assert experiment_images.main() == 1
    said = capsys.readouterr().err
    assert said.startswith("onnx is needed here")
    assert said.endswith("pip install -r requirements/experiments.txt\n")
    assert not (tmp_path / "w").exists()


@pytest.mark.integration
def test_painter__then_its_pictures_are_those_of_a_node():
    from scripts.experiments.terrain import Painter
    from verifier.engines.builtin_image import MODEL, BuiltinImage
    from verifier.tasks import Task

    engine, painter = BuiltinImage(), Painter()

    def node(**parameters: float) -> bytes:
        profile = profiles.load("image-perceptual-terrain128").profile_id
        return engine.generate(Task(profile, "image", MODEL, condition=40, parameters=parameters))

    base = painter.paint(40, 7)
    assert painter.png(base) == node(seed=7)
    again = painter.repaint(base, 40, 0.6, 8)
    assert painter.png(again) == node(seed=8, source_seed=7, strength=0.6)
