"""`verifier.calibration.cases`: lines read and refused, keys, the split."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.calibration.cases import Case, held_out, key_of, parse_cases
from verifier.errors import CalibrationError

pytestmark = pytest.mark.unit

GOOD: dict[str, Any] = {
    "task": "t1",
    "label": "same",
    "variant": "again",
    "claim": "outputs/1.png",
    "verifiers": ["outputs/1a.png", "outputs/1b.png"],
}


def line(**changes: Any) -> bytes:
    value = {name: item for name, item in (GOOD | changes).items() if item is not None}
    return json.dumps(value).encode()


def test_case__when_written_and_read_again__then_the_same():
    for changes in ({}, {"goal": False}, {"key": "0x" + "ab" * 32, "label": "different"}):
        case = Case.parse(line(**changes))
        assert Case.parse(json.dumps(case.to_json()).encode()) == case
        assert case.honest is (case.label == "same")
    assert Case.parse(line()).goal
    assert not Case.parse(line(goal=False)).goal
    assert Case.parse(line(key="0x" + "ab" * 32)).key == b"\xab" * 32


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (b"{", "is not valid JSON"),
        (b"[]", "must be a JSON object"),
        (b'"\xff"', "not UTF-8"),
        (b'{"task": "a", "task": "b"}', "appears twice"),
        (line(label=None), "lacks the field 'label'"),
        (line(variants="x"), "unknown field 'variants'"),
        (line(label="equal"), "must be one of same, different"),
        (line(task=""), "task must be printable text"),
        (line(task="a\nb"), "task must be printable text"),
        (line(variant="x" * 201), "variant must be printable text"),
        (line(variant=7), "variant must be printable text"),
        (line(claim="../secret"), "stay in the folder"),
        (line(claim="/etc/passwd"), "must be relative"),
        (line(claim=3), "must be relative"),
        (line(claim="a\\b"), "with slashes"),
        (line(claim="a\0b"), "must be relative"),
        (line(verifiers=[]), "list of 1 to 16 paths"),
        (line(verifiers="outputs/1a.png"), "list of 1 to 16 paths"),
        (line(verifiers=["a"] * 17), "list of 1 to 16 paths"),
        (line(verifiers=["a", ".."]), "stay in the folder"),
        (line(goal="no"), "goal must be true or false"),
        (line(key="0x12"), "64 lower-case hexadecimal digits"),
        (b'{"task": "' + b"a" * 70_000 + b'"}', "at most 65536 are allowed"),
    ],
)
def test_cases__when_a_line_is_bad__then_one_sentence_with_its_number(bad: bytes, sentence: str):
    with pytest.raises(CalibrationError) as caught:
        parse_cases(line() + b"\n\n" + bad + b"\n", "cases.jsonl")
    message = str(caught.value)
    assert message.startswith("cases.jsonl, line 3: ")
    assert sentence in message
    assert "\n" not in message


@given(st.binary() | st.text().map(str.encode) | st.dictionaries(
    st.sampled_from([*GOOD, "goal", "key"]), st.none() | st.text() | st.lists(st.text())
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_cases__when_anything_comes__then_cases_or_a_sentence(data: bytes):
    with contextlib.suppress(CalibrationError):
        assert parse_cases(data, "x")


def test_cases__when_there_is_none__then_a_sentence():
    with pytest.raises(CalibrationError, match="holds no case"):
        parse_cases(b"\n \n", "cases.jsonl")


def test_cases__when_a_variant_changes_its_label_or_goal__then_a_sentence():
    for changes in ({"label": "different"}, {"goal": False}):
        with pytest.raises(CalibrationError, match="line 2: The variant 'again' has another label"):
            parse_cases(line() + b"\r\n" + line(**changes), "cases.jsonl")


def test_key_of__then_known_and_no_two_alike():
    assert key_of("t1", 0).hex() == KNOWN_KEY
    keys = {key_of(task, number) for task in ("t1", "t10", "t") for number in range(12)}
    assert len(keys) == 36
    assert {len(key) for key in keys} == {32}


def test_held_out__then_by_the_name_alone_and_about_that_share():
    names = [f"task {number}" for number in range(4000)]
    held = held_out(names, 0.25)
    assert sum(held.values()) == pytest.approx(1000, abs=120)
    assert held_out(names[7:9], 0.25) == {name: held[name] for name in names[7:9]}
    wider = held_out(names, 0.5)
    assert all(wider[name] for name in names if held[name])
    assert not any(held_out(names, 0).values())
    assert all(held_out(names, 1).values())


KNOWN_KEY = "e8db6ad9a72d1366c7237d746d3939c08e82e575c205290d14508c19869a1d09"
"""SHAKE-256 of "assay/calibration/1/key", a zero byte, "t1", a zero byte and "0"."""
