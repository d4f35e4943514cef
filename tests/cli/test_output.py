"""What commands print, for people and for machines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import pytest

from chain.units import parse_ether
from cli import output

pytestmark = pytest.mark.unit


class Colour(IntEnum):
    RED = 1


@dataclass(frozen=True)
class Thing:
    key: bytes
    colour: Colour
    where: Path
    score: float | None


THING = Thing(b"\x00\xff", Colour.RED, Path("a/b"), None)


def test_json__then_values_have_one_form_each(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_json({"things": (THING,), 7: {"ä"}})
    assert json.loads(capsys.readouterr().out) == {
        "things": [{"key": "0x00ff", "colour": "RED", "where": "a/b", "score": None}],
        "7": ["ä"],
    }


@pytest.mark.parametrize("text", ["1e999999999", "1e60", "-1", "nan", "inf", "1e-19", "", "1" * 70])
def test_ether__when_it_is_no_amount__then_refused_at_once(text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount of ETH"):
        parse_ether(text)


def test_ether__when_it_has_many_digits__then_none_is_lost() -> None:
    assert parse_ether("12345678901234.000000000000000001") == 12345678901234 * 10**18 + 1


def test_table__when_piped__then_nothing_is_cut_and_unknown_is_a_dash(
    capsys: pytest.CaptureFixture[str],
) -> None:
    long = "0x" + "ab" * 80
    output.print_table(["agent", "score", "hash"], [[1, None, long], [12, 0.5, long]], "Agents")
    shown = capsys.readouterr().out
    lines = shown.splitlines()
    assert lines[0].strip() == "Agents"
    assert shown.count(long) == 2
    (first,) = [line for line in lines if "│     1 │" in line]
    assert "│     - │" in first


def test_table__when_a_cell_looks_like_markup__then_it_is_shown_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.print_table(["text"], [["[bold]no[/bold]"]])
    assert "[bold]no[/bold]" in capsys.readouterr().out
