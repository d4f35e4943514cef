"""What the command makes of a backend that lies about its form, or writes to the terminal."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from cli.logs import visible
from cli.main import run

pytestmark = pytest.mark.unit

BLOCK = {"number": 1, "timestamp": 0, "hash": "0x"}
SCORE = {"profileName": "x", "profileId": None, "domain": "0x", "role": "y", "mean": None}
SHOWN: dict[str, Any] = {"registry": "r", "owner": None, "block": BLOCK, "scores": []}


def ask(monkeypatch: pytest.MonkeyPatch, body: Any, *more: str) -> int:
    answer = httpx.Response(200, json=body)
    monkeypatch.setattr(httpx, "get", lambda *_, **__: answer)
    return run(["reputation", "show", "0", "--api", "http://user:secret@backend.test", *more])


@pytest.mark.parametrize(
    "body",
    [
        [],
        "scores",
        {"scores": 7},
        {"scores": [], "block": None},
        {"error": "no"},
        {"error": {"message": "no"}, "scores": []},
        {**SHOWN, "scores": [7]},
        {**SHOWN, "scores": [SCORE]},
        {**SHOWN, "block": {"number": 1, "timestamp": 10**30}},
    ],
)
def test_reputation__when_the_answer_is_of_another_form__then_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], body: Any
) -> None:
    assert ask(monkeypatch, body) == 1
    told = capsys.readouterr()
    assert told.out == ""
    (line,) = told.err.splitlines()
    assert line in (
        "assay: What answers at http://backend.test is not a backend of Assay.",
        "assay: no",
    )


def test_reputation__when_names_write_to_the_terminal__then_they_are_shown_escaped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "\x1b]52;c;cm0gLXJm\x07\u202e\x9b31m\r\n"
    score = {**SCORE, "profileName": evil, "lowerBound": None, "n": None, "lastUpdate": None}
    assert ask(monkeypatch, {**SHOWN, "registry": evil, "scores": [score]}) == 0
    assert ask(monkeypatch, {"error": {"message": evil}}) == 1
    told = capsys.readouterr()
    for text in (told.out, told.err):
        assert visible(evil) in text
        assert not set(text) & set(evil) - set("52;cm0gLXJ]f31m\n")


@pytest.mark.parametrize(
    ("url", "words"),
    [("http://x\n", "is no address of a backend"), ("\udcff", "is no valid Unicode")],
)
def test_backend__when_its_address_is_none__then_one_sentence(
    capsys: pytest.CaptureFixture[str], url: str, words: str
) -> None:
    assert run(["source", "epochs", "--backend-url", url]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
    assert "unexpected" not in line
