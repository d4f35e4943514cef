"""`verifier.tasks`: one hash per task, and nothing that is not a task."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.canonical import keccak256
from verifier.errors import TaskError
from verifier.tasks import MAX_TASK_BYTES, Task, task_from_uri, task_hash

pytestmark = pytest.mark.unit

PROFILE = "0x" + "ab" * 32


def text_task(**changes: object) -> Task:
    fields: dict[str, object] = {
        "profile": bytes.fromhex("ab" * 32),
        "modality": "text",
        "model": "m",
        "prompt": "Why?",
        "parameters": {"seed": 7, "max_tokens": 64},
    }
    return Task(**{**fields, **changes})  # type: ignore[arg-type]


def as_json(**changes: object) -> bytes:
    return json.dumps({**text_task().as_json(), **changes}).encode()


def test_canonical__when_a_task_is_given__then_it_is_rfc_8785():
    assert text_task().canonical() == (
        b'{"modality":"text","model":"m","parameters":{"max_tokens":64,"seed":7},'
        b'"profile":"' + PROFILE.encode() + b'","prompt":"Why?","schema":"assay/task/1"}'
    )


def test_hash__when_a_task_is_given__then_it_is_keccak_of_the_canonical_bytes():
    task = text_task()
    assert task.hash() == task_hash(task) == keccak256(task.canonical())


def test_from_json__when_spacing_and_order_differ__then_the_hash_is_the_same():
    value = dict(reversed(text_task().as_json().items()))
    assert Task.from_json(json.dumps(value, indent=4).encode()).hash() == text_task().hash()


def test_from_json__when_the_task_has_a_condition__then_it_round_trips():
    task = text_task(modality="image", prompt=None, condition=40)
    assert Task.from_json(task.canonical(), task.hash()) == task


@given(number=st.one_of(st.floats(), st.integers(), st.sampled_from([2.0**53, 2.0**53 - 1, 1e20])))
def test_task__when_it_has_any_number__then_what_it_is_written_as_is_read_or_it_is_refused(
    number: float,
):
    if abs(number) < 2**53:
        task = text_task(parameters={"a": number})
        assert Task.from_json(task.canonical(), task.hash()) == task
    else:
        with pytest.raises(TaskError, match=r"numbers below 2\^53"):
            text_task(parameters={"a": number})


def test_from_json__when_the_hash_is_of_another_task__then_it_says_so():
    with pytest.raises(TaskError, match=r"hashes to 0x.* but 0x11"):
        Task.from_json(text_task().canonical(), b"\x11" * 32)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xff", "not UTF-8"),
        (b"{", "not valid JSON"),
        (b"[]", "must be a JSON object"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b'{"schema": 1, "schema": 2}', "'schema' appears twice"),
        (b"[" * 50_000, "nested too deeply|not valid JSON"),
        (b" " * (MAX_TASK_BYTES + 1), "at most 65536"),
        (as_json(schema="assay/task/2"), "reads 'assay/task/1'"),
        (as_json(extra=1), "unknown field 'extra'"),
        (as_json(profile="0xAB" + "ab" * 31), "lower-case hexadecimal"),
        (as_json(profile="ab" * 32), "lower-case hexadecimal"),
        (as_json(modality="audio"), "must be one of text, image"),
        (as_json(model=""), "1 to 128 characters"),
        (as_json(prompt=" \n"), "not blank"),
        (as_json(prompt=None), "null"),
        (as_json(prompt="\ud800"), "canonical JSON"),
        (as_json(condition=1), "not both"),
        (as_json(parameters=[]), "must be a JSON object"),
        (as_json(parameters={"a": [1]}), "must be text, a boolean or a number"),
        (as_json(parameters={"a": 2**53 + 1}), "canonical JSON"),
        (as_json(parameters={"a": 2.0**53}), "numbers below 2\\^53"),
        (as_json(parameters={"a": -(2.0**53)}), "numbers below 2\\^53"),
        (as_json(parameters={"a": 444444444444444444.441}), "numbers below 2\\^53"),
        (as_json(parameters={"a": 1e21}), "numbers below 2\\^53"),
        (as_json().replace(b"64", b"1e999"), "numbers below 2\\^53"),
        (as_json(parameters={"": 1}), "name must have"),
        (as_json(parameters={str(i): i for i in range(65)}), "more than 64"),
    ],
)
def test_from_json__when_it_is_no_task__then_one_sentence_says_why(data: bytes, says: str):
    with pytest.raises(TaskError, match=says) as problem:
        Task.from_json(data)
    assert "\n" not in str(problem.value)


def test_task__when_a_field_is_missing__then_it_is_named():
    value = text_task().as_json()
    del value["model"]
    with pytest.raises(TaskError, match="lacks the field 'model'"):
        Task.from_json(json.dumps(value).encode())


def test_task__when_neither_prompt_nor_condition_is_given__then_it_is_refused():
    with pytest.raises(TaskError, match="either a prompt or a condition"):
        text_task(prompt=None)


def test_task__when_the_prompt_is_longer_than_a_task__then_it_is_refused():
    with pytest.raises(TaskError, match="shorten the prompt"):
        text_task(prompt="x" * MAX_TASK_BYTES)


def test_uri__when_a_task_is_given__then_it_resolves_to_it():
    task = text_task(prompt="Où ?")
    assert task_from_uri(task.uri(), task.hash()) == task


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("assay:0x00", "does not begin with"),
        ("data:application/json;base64,@@@", "not valid base64"),
        ("data:application/json;base64,é", "not valid base64"),
        ("data:application/json;base64," + "A" * 100_000, "too long"),
    ],
)
def test_task_from_uri__when_it_is_malformed__then_one_sentence_says_why(uri: str, says: str):
    with pytest.raises(TaskError, match=says):
        task_from_uri(uri, bytes(32))
