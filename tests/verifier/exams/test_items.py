"""The tasks of a section: what is packed comes back, what is altered is refused."""

from __future__ import annotations

import base64
import json

import pytest

from chain.exam_messages import item_leaf
from verifier.errors import ExamError
from verifier.exams import items
from verifier.reliability.merkle import process
from verifier.tasks import DATA_URI, Task

pytestmark = pytest.mark.unit

PROFILE = bytes(range(32))
TASKS = [Task(PROFILE, "text", "model", f"question {i}") for i in range(5)]
HASHES = [task.hash() for task in TASKS]


def test_pack__then_unpack_gives_the_same_tasks_in_order() -> None:
    assert items.unpack(items.pack(TASKS), items.root(HASHES), 5) == tuple(TASKS)


def test_root__when_items_change_places__then_another() -> None:
    assert items.root(HASHES) != items.root(HASHES[::-1])


@pytest.mark.parametrize("index", range(5))
def test_proof__then_leads_from_the_item_at_its_place_to_the_root(index: int) -> None:
    proof = items.proof(HASHES, index)

    assert process(item_leaf(index, HASHES[index]), proof) == items.root(HASHES)
    assert process(item_leaf(index + 1, HASHES[index]), proof) != items.root(HASHES)


def test_pack__when_a_task_comes_twice__then_refused() -> None:
    with pytest.raises(ExamError, match="same task"):
        items.pack([TASKS[0], TASKS[0]])


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("https://example.org/items", "not in its URI"),
        (DATA_URI + "%%%", "not valid base64"),
        (DATA_URI + base64.b64encode(b'{"schema":"other","tasks":[]}').decode(), "schema"),
        (items.pack(TASKS[:4]), "has 4 items"),
        (items.pack([*TASKS[:4], Task(PROFILE, "text", "model", "easier")]), "not those"),
        (DATA_URI + base64.b64encode(b"[1]").decode(), "section"),
    ],
)
def test_unpack__when_the_uri_holds_something_else__then_one_sentence(uri: str, says: str) -> None:
    with pytest.raises(ExamError, match=says):
        items.unpack(uri, items.root(HASHES), 5)


def test_pack__then_the_json_is_of_the_schema() -> None:
    value = json.loads(base64.b64decode(items.pack(TASKS)[len(DATA_URI) :]))

    assert value["schema"] == "assay/exam-items/1"
    assert value["tasks"][0] == TASKS[0].as_json()
