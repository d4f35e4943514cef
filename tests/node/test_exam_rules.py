"""What a node does next in an exam, by pure rules; seeds of items; sheets at a backend."""

from __future__ import annotations

import json
from dataclasses import replace

import httpx
import pytest

from chain.exam_messages import Book, sheet_commitment
from chain.exam_structs import Sheet
from chain.types import Address, AgentId, Bytes32, SittingState, Stage
from verifier.errors import ExamError
from verifier.exams.reseed import reseed
from verifier.exams.sheets import decode_sheet, encode_sheet
from verifier.node.exams.decide import Act, Examining, Sitting, examine, sit
from verifier.node.exams.sheets import SheetBox
from verifier.tasks import Task

pytestmark = pytest.mark.unit

BOOK = Book(31337, Address("0x" + "11" * 20))
OWNER = Address("0x" + "22" * 20)
SHEET = Sheet(AgentId(7), OWNER, Bytes32(b"\x03" * 32), (Bytes32(b"\x04" * 32),) * 3)
SAT = Sitting(
    Stage.SITTING, Stage.SITTING, SittingState.NONE, True, False, False, now=100, half=200
)
HELD = Examining(
    stage=Stage.PREPARING,
    settled=Stage.PREPARING,
    has_paper=False,
    posted=False,
    opened=False,
    late=False,
    sat=2,
    graded=0,
    collects=False,
    doubts=0,
    now=100,
    half=200,
)


@pytest.mark.parametrize(
    ("changes", "act"),
    [
        ({}, Act.ANSWER),
        ({"wanted": False}, Act.WAIT),
        ({"stage": Stage.PREPARING}, Act.WAIT),
        ({"stage": Stage.OPENING}, Act.FINISH),
        ({"settled": Stage.PREPARING}, Act.WAIT),
        ({"settled": Stage.PREPARING, "now": 200}, Act.ANSWER),
        ({"has_paper": True}, Act.HAND_IN),
        ({"state": SittingState.SAT, "has_paper": True, "ours": True}, Act.WAIT),
        ({"state": SittingState.SAT, "stage": Stage.OPENING}, Act.ANSWER),
        ({"state": SittingState.SAT, "stage": Stage.VOID}, Act.REFUND),
        ({"state": SittingState.SAT, "stage": Stage.CONCLUDED}, Act.FINISH),
        ({"state": SittingState.GRADED, "stage": Stage.GRADING}, Act.FINISH),
    ],
)
def test_candidate__when_so__then_does_that(changes: dict[str, object], act: Act) -> None:
    assert sit(replace(SAT, **changes))[0] is act  # type: ignore[arg-type]


def test_candidate__when_the_end_of_sitting_is_not_settled__then_keeps_its_sheet_a_while() -> None:
    ready = replace(SAT, stage=Stage.GRADING, state=SittingState.SAT, has_paper=True, ours=True)
    assert sit(ready)[0] is Act.WAIT
    assert sit(replace(ready, settled=Stage.OPENING))[0] is Act.REVEAL
    assert sit(replace(ready, now=200))[0] is Act.REVEAL
    assert sit(replace(ready, now=200, ours=False))[0] is Act.WAIT


@pytest.mark.parametrize(
    ("changes", "act"),
    [
        ({}, Act.SET),
        ({"has_paper": True}, Act.POST),
        ({"has_paper": True, "posted": True}, Act.WAIT),
        ({"late": True}, Act.CANCEL),
        ({"stage": Stage.SITTING, "posted": True}, Act.WAIT),
        ({"stage": Stage.OPENING, "sat": 0}, Act.CONCLUDE),
        ({"stage": Stage.OPENING, "has_paper": True}, Act.WAIT),
        ({"stage": Stage.OPENING, "has_paper": True, "settled": Stage.OPENING}, Act.OPEN_KEY),
        ({"stage": Stage.OPENING, "has_paper": True, "now": 200}, Act.OPEN_KEY),
        ({"stage": Stage.OPENING, "has_paper": True, "opened": True, "now": 200}, Act.WAIT),
        ({"stage": Stage.OPENING, "late": True}, Act.CANCEL),
        ({"stage": Stage.DOUBTING, "doubts": 1}, Act.DEFEND),
        ({"stage": Stage.GRADING}, Act.WAIT),
        ({"stage": Stage.GRADING, "collects": True}, Act.GRADE),
        ({"stage": Stage.GRADING, "graded": 2}, Act.CONCLUDE),
        ({"stage": Stage.GRADING, "late": True}, Act.CONCLUDE),
        ({"stage": Stage.CONCLUDED}, Act.FINISH),
    ],
)
def test_examiner__when_so__then_does_that(changes: dict[str, object], act: Act) -> None:
    assert examine(replace(HELD, **changes))[0] is act  # type: ignore[arg-type]


def test_reseed__when_a_task_has_a_seed__then_another_one_that_follows_from_the_exams_key() -> None:
    task = Task(b"\x05" * 32, "text", "m", "p", parameters={"seed": 1})
    first, second = reseed(task, b"\x01" * 32), reseed(task, b"\x02" * 32)
    assert len({task.hash(), first.hash(), second.hash()}) == 3
    assert reseed(task, b"\x01" * 32) == first
    assert replace(first, parameters={"seed": 1}) == task
    unseeded = replace(task, parameters={})
    assert reseed(unseeded, b"\x01" * 32) is unseeded


def test_sheet__when_handed_around__then_the_same_and_only_for_its_exam() -> None:
    data = encode_sheet(BOOK, 3, SHEET)
    assert decode_sheet(data, BOOK, 3) == SHEET
    with pytest.raises(ExamError, match="another exam"):
        decode_sheet(data, BOOK, 4)
    with pytest.raises(ExamError, match="another exam"):
        decode_sheet(data, Book(1, BOOK.address), 3)
    with pytest.raises(ExamError, match="schema"):
        decode_sheet(data.replace(b"exam-sheet/1", b"exam-sheet/2"), BOOK, 3)


def test_sheets__when_collected__then_only_those_that_open_what_was_handed_in() -> None:
    kept: list[bytes] = []
    forged = replace(SHEET, digests=SHEET.digests[:2])

    def backend(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            kept.append(request.content)
            return httpx.Response(201)
        items = [json.loads(each) for each in kept] + [{"schema": "nonsense"}, 5]
        return httpx.Response(200, json={"items": items})

    box = SheetBox("http://127.0.0.1:9", BOOK, transport=httpx.MockTransport(backend))
    commitments = {str(OWNER): bytes(sheet_commitment(BOOK, 3, SHEET))}
    box.send(3, forged)
    assert box.collect(3, commitments) == []
    box.send(3, SHEET)
    assert box.collect(3, commitments) == [SHEET]
    assert SheetBox(None, BOOK).collect(3, commitments) == []


def test_sheets__when_the_backend_refuses__then_said_and_nothing_collected() -> None:
    refusing = httpx.MockTransport(lambda _: httpx.Response(503))
    box = SheetBox("http://127.0.0.1:9", BOOK, transport=refusing)
    with pytest.raises(ExamError, match="answered 503"):
        box.send(3, SHEET)
    assert not box.has_sent(3)
    assert box.collect(3, {}) == []
