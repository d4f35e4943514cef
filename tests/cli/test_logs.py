"""Logs go to stderr, as lines for people or as JSON for machines."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from cli import logs

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level


def test_json__then_one_object_a_line_with_extra_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("info", "json")
    logging.getLogger("assay.node").info("seat %d drawn", 3, extra={"round": "0xab"})
    captured = capsys.readouterr()
    entry = json.loads(captured.err)
    assert captured.out == ""
    assert entry.pop("time").endswith("+00:00")
    assert entry == {
        "level": "info",
        "logger": "assay.node",
        "message": "seat 3 drawn",
        "round": "0xab",
    }


def test_json__when_an_exception_is_logged__then_it_stays_in_its_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.setup("info", "json")
    try:
        int("boom")
    except ValueError:
        logging.getLogger("assay").exception("failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError: invalid literal" in json.loads(line)["error"]


def test_text__then_level_is_respected(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("warning", "text")
    logging.getLogger("assay").info("quiet")
    logging.getLogger("assay").warning("loud")
    shown = capsys.readouterr().err
    assert "quiet" not in shown
    assert shown.endswith("WARNING assay: loud\n")


def test_text__when_a_message_carries_control_characters__then_they_do_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.setup("info", "text")
    logging.getLogger("assay").info("the model %s", "a\n12:00:00 INFO assay: paid \x1b[2J é")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(r"the model a\n12:00:00 INFO assay: paid \x1b[2J é")
