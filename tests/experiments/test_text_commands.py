"""The command experiment_text, from outputs to its pages."""

import json
from pathlib import Path

import pytest

from scripts import experiment_text
from scripts.experiments import needs
from tests.experiments.made_texts import write_work

pytestmark = pytest.mark.unit


def test_pages__when_outputs_are_there__then_each_with_figures_and_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write_work(tmp_path)
    for name in ("SEARCHES", "QUICK_SEARCHES"):
        monkeypatch.setattr(experiment_text, name, 1)
    monkeypatch.setattr(experiment_text, "QUICK_TRIES", 5000)
    monkeypatch.setattr(
        "sys.argv", ["experiment_text.py", "--work", str(tmp_path), "--quick", "--only", "pages"]
    )
    assert experiment_text.main() == 0
    for name in ("text", "logprobs", "attacks-text"):
        page = (tmp_path / f"{name}.md").read_text()
        assert "$" not in page
        assert f"({name}.png)" in page
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert json.loads((tmp_path / f"{name}.json").read_bytes())["schema"].endswith("/1")
    figures = json.loads((tmp_path / "text.json").read_bytes())
    assert figures["exact"]["heldOut"]["falseReject"]["oneVerifier"]["events"] == 0
    assert "the moon, in 2001" in (tmp_path / "text.md").read_text()


def test_command__when_a_package_or_the_outputs_are_missing__then_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.argv", ["x", "--work", str(tmp_path), "--only", "pages"])
    assert experiment_text.main() == 1
    said = capsys.readouterr().err
    assert said.endswith("made.json: No such file or directory; give another --work.\n")
    monkeypatch.setattr(experiment_text, "NEEDED", ("no_such_engine",))
    assert experiment_text.main() == 1
    said = capsys.readouterr().err
    assert said.startswith("no_such_engine is needed here")
    assert said.endswith("pip install -r requirements/experiments-text.txt\n")
    with pytest.raises(needs.ExperimentError, match=r"experiments\.txt$"):
        needs.require("no_such_engine")
