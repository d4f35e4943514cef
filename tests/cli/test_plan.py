"""`assay plan`: tables for people, JSON for machines, a sentence for what cannot be."""

from __future__ import annotations

import json

import pytest

from cli import main

pytestmark = pytest.mark.unit

COMMANDS = {
    "exam": ["--fee", "0.01", "--identity-cost", "0.1", "--budget", "1", "--attempts", "2"],
    "committee": ["--accuracy", "0.95", "--correlation", "0.05"],
    "audit": ["--saved", "0.001", "--reward", "0.002", "--rate", "0.05"],
    "stake": ["--work", "0.001", "--saved", "0.005", "--reward", "0.006", "--gain", "0.1"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_plan__then_prints_a_table_and_the_formulas_source(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["plan", name, *COMMANDS[name]]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(name.title())
    assert "\nSource: " in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_plan__when_asked_for_json__then_one_document_with_wei_as_strings(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["plan", name, *COMMANDS[name], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["plan"] == name
    assert found["sources"]
    numbers = [
        value
        for part in found.values()
        if isinstance(part, dict)
        for value in part.values()
        if isinstance(value, int)
    ]
    assert all(number < 2**53 for number in numbers)


def test_plan_exam__when_in_json__then_the_design_and_its_chances(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.run(["plan", "exam", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    fixed = found["fixed"]
    assert (fixed["items"], fixed["mark"], fixed["sectionMark"]) == (48, 40, 11)
    assert found["sequential"]["admitMeanItems"] < 48
    assert found["goal"]["budget"] == "0"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["exam", "--refuse", "0.9", "--admit", "0.6"], "must be below the accuracy to admit"),
        (["exam", "--refuse", "0"], "accuracy to refuse must lie between 0 and 1"),
        (["exam", "--fee", "much"], "'much' is not an amount"),
        (["committee", "--accuracy", "0.4"], "No committee of up to 101 seats"),
        (["audit", "--saved", "1", "--reward", "1"], "Give the stake or the audit rate"),
        (["stake", "--work", "1", "--saved", "1", "--reward", "1", "--seats", "0"], "seats"),
    ],
)
def test_plan__when_it_cannot_be__then_one_sentence_and_status_1(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["plan", *arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert sentence in captured.err
    assert captured.err.count("\n") == 1
