"""`assay verify score`: a proof against a root, or against all the evidence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli import main
from tests.verifier.reliability.epochs import DOMAIN, ONE, bundle, closed, item
from verifier.reliability.proof import ScoreProof

pytestmark = pytest.mark.unit


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """`score.json`, `bundle.json` and a score that lies; the root."""
    monkeypatch.chdir(tmp_path)
    made, found = closed(bundle(item(0, 7, ONE), item(1, 8, -ONE), item(2, 7, ONE // 2)))
    proof = ScoreProof.of(1, found, 7, DOMAIN).to_json()
    Path("score.json").write_text(json.dumps(proof))
    Path("lie.json").write_text(json.dumps(proof | {"meanBps": 9999}))
    Path("later.json").write_text(json.dumps(proof | {"epoch": 2}))
    Path("bundle.json").write_bytes(made.to_bytes())
    return "0x" + found.root.hex()


def test_score__when_under_the_root__then_said_with_its_numbers(
    files: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["verify", "score", "score.json", "--root", files]) == 0
    shown = capsys.readouterr().out
    assert f"The score is under the root {files} of epoch 1, given." in shown
    assert "1.50" in shown


def test_score__when_the_evidence_is_at_hand__then_the_root_is_computed(
    files: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["verify", "score", "score.json", "--bundle", "bundle.json", "--root", files]
    assert main.run([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["holds"], found["recomputed"], found["source"]) == (True, True, "7")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["score.json"], "A proof alone proves nothing"),
        (["lie.json", "--bundle", "bundle.json"], "is not under the root"),
        (["later.json", "--bundle", "bundle.json"], "of epoch 1, the score of epoch 2"),
        (["score.json", "--bundle", "bundle.json", "--root", "0x" + "11" * 32], "root is false"),
        (["score.json", "--root", "0x12"], "The root must be 0x followed by 64"),
        (["missing.json", "--root", "0x" + "11" * 32], "Cannot read missing.json"),
        (["bundle.json", "--root", "0x" + "11" * 32], "score proof"),
    ],
)
def test_score__when_it_does_not_hold__then_one_sentence_and_status_1(
    files: str, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["verify", "score", *arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert sentence in captured.err
    assert captured.err.count("\n") == 1
