"""`assay source`: what people are told, and mistakes answered in one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.api import create_app
from cli import backend_door, main
from tests.backend.conftest import World
from tests.backend.epochs import BAD, DOMAIN, GOOD, WINDOW, check, epoch_of, told, with_anchor
from tests.support.asgi import Through

pytestmark = pytest.mark.unit

Run = Callable[..., str]
DOMAIN_HEX = "0x" + DOMAIN.hex()


@pytest.fixture
def run(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command against a backend with an epoch that can be read and one that cannot yet."""
    first = told(with_anchor(world), epoch_of(world))
    world.chain.mine(seconds=WINDOW)
    told(world, epoch_of(world, first))
    check(world)
    through = Through(create_app(world.services()))
    real = backend_door.Client
    monkeypatch.setattr(backend_door, "Client", lambda url: real(url, transport=through))

    def command(*words: str, status: int = 0) -> str:
        capsys.readouterr()
        line = ["source", *words, "--backend-url=http://test"]
        assert main.run(line) == status
        shown = capsys.readouterr()
        return shown.err if status else shown.out

    return command


def test_list__when_an_epoch_is_chosen__then_its_scores_with_what_is_unknown_as_a_dash(
    run: Run,
) -> None:
    table = run("list", "--epoch=1")
    assert "71.42%" in table
    assert "-" in table
    found: list[dict[str, Any]] = json.loads(run("list", "--json"))
    assert {each["agentId"] for each in found} == {GOOD, BAD}


def test_show__when_a_source_has_a_past__then_each_epoch_by_domain(run: Run) -> None:
    shown = run("show", str(GOOD))
    assert DOMAIN_HEX in shown
    found = json.loads(run("show", str(GOOD), "--json"))
    assert [point["epoch"] for point in found["domains"][DOMAIN_HEX]] == [2, 1]
    assert "has no score as a source" in run("show", "1")


def test_epochs__then_state_and_evidence_of_each(run: Run) -> None:
    shown = run("epochs")
    assert "open" in shown
    assert "final" in shown
    assert [each["bundle"]["state"] for each in json.loads(run("epochs", "--json"))] == [
        "holds"
    ] * 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("list", "--epoch=9"), "There is no epoch 9"),
        (("list", "--domain=0x1"), "A domain is 0x and 64 hex digits"),
        (("show", "x"), "'x' is not an agent's number"),
        (("show", "999"), "no agent 999"),
        (("proof", str(BAD), "--epoch=1"), "has 2 scores there: give --epoch and --domain"),
    ],
)
def test_source__when_asked_for_what_is_not__then_one_sentence(
    run: Run, words: tuple[str, ...], sentence: str
) -> None:
    said = run(*words, status=1)
    assert sentence in said
    assert said.count("\n") == 1


def test_source__when_files_or_numbers_are_wrong__then_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = [f"--deployment={tmp_path / 'none.json'}", "--local-account=1"]
    sign = ["source", "attest", "--source=1", f"--domain={DOMAIN_HEX}", f"--query={DOMAIN_HEX}"]
    for line, sentence in (
        ([*sign, "--contribution=2", *there], "'2' is not a contribution"),
        ([*sign, "--contribution=much", *there], "'much' is not a contribution"),
        ([*sign, "--contribution=1", *there], "none.json"),
        (["source", "report", str(tmp_path), *there], "none.json"),
        (["source", "settle", *there], "none.json"),
        (["source", "answer", "1", f"--state-dir={tmp_path}"], "There is no node in"),
    ):
        assert main.run(line) == 1
        said = capsys.readouterr().err
        assert sentence in said
        assert said.count("\n") == 1
