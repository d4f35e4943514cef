"""Exams and capabilities as the index has them: each stage, each end, and what is taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from backend.api import create_app
from backend.store import Credit, dump
from chain.events import Credited, Log
from chain.exam_events import (
    CapabilityGranted,
    DoubtAnswered,
    Doubted,
    DoubtUpheld,
    ExamAnnounced,
    ExamConcluded,
    ExamVoided,
    Gated,
    Graded,
    KeyOpened,
    KeysComplete,
    Refunded,
    Sat,
    SectionPosted,
    SittingOpened,
    TermsSet,
)
from chain.exam_structs import ExamTerms
from chain.types import DoubtKind, Wei
from tests.backend.conftest import World
from tests.backend.stories import PROFILE_ID, owner_of
from tests.support.asgi import AsgiClient
from tests.support.fakechain import BLOCK_SECONDS, Emitted, address, emit, word

pytestmark = pytest.mark.unit

TERMS = ExamTerms(
    PROFILE_ID, PROFILE_ID, Wei(10), Wei(100), Wei(50), 2, 5, 1, 60, 60, 60, 60, 60, 60, 60, 10_000
)
CANDIDATE = 3
DIGESTS = (word("right 0"), word("right 1"))
DOUBT = word("doubt")

Ask = Callable[[str], Any]


@pytest.fixture
def ask(world: World) -> Ask:
    client = AsgiClient(create_app(world.services()))

    def get(path: str) -> Any:
        world.catch_up()
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return get


def now(world: World) -> int:
    """The time of the next block."""
    return world.chain.blocks[-1].timestamp + BLOCK_SECONDS


def announce(world: World) -> None:
    world.chain.mine(
        emit(TermsSet, 1, PROFILE_ID, TERMS, (0, 1, 2)),
        emit(ExamAnnounced, 1, PROFILE_ID, 1, word("key"), now(world) + 60),
    )


def prepare(world: World) -> None:
    announce(world)
    posted = [
        emit(SectionPosted, 1, i, i, word(f"root {i}"), word(f"seal {i}"), "data:,items")
        for i in range(3)
    ]
    world.chain.mine(*posted, emit(SittingOpened, 1, now(world) + 60))


def sit(world: World) -> None:
    prepare(world)
    owner = owner_of(CANDIDATE)
    world.chain.mine(emit(Sat, 1, CANDIDATE, owner, owner, word("commitment")))


def open_keys(world: World) -> None:
    sit(world)
    opened = [emit(KeyOpened, 1, i, DIGESTS, DIGESTS) for i in range(3)]
    world.chain.mine(*opened, emit(KeysComplete, 1, now(world) + 60), seconds=60)


def test_exam__when_it_goes_on__then_each_stage_by_the_blocks_time(world: World, ask: Ask) -> None:
    def stage() -> tuple[str, int]:
        found = ask("/v1/exams/1")
        return found["stage"], found["stageEndsAt"]

    announce(world)
    start = world.chain.blocks[-1].timestamp
    assert stage() == ("preparing", start + 60)

    world.chain.mine(
        *(emit(SectionPosted, 1, i, i, word("r"), word("s"), "data:,") for i in range(3)),
        emit(SittingOpened, 1, now(world) + 60),
    )
    sitting = world.chain.blocks[-1].timestamp
    assert stage() == ("sitting", sitting + 60)
    world.chain.mine(seconds=60)
    assert stage() == ("opening", sitting + 120)
    world.chain.mine(
        *(emit(KeyOpened, 1, i, DIGESTS, DIGESTS) for i in range(3)),
        emit(KeysComplete, 1, now(world) + 60),
    )
    opened = world.chain.blocks[-1].timestamp
    assert stage() == ("doubting", opened + 60)
    world.chain.mine(seconds=60)
    assert stage() == ("grading", opened + 120)
    world.chain.mine(emit(ExamConcluded, 1, Wei(0)))
    assert stage() == ("concluded", None)


def test_exam__when_graded__then_all_that_is_needed_to_count_again(world: World, ask: Ask) -> None:
    open_keys(world)
    owner = owner_of(CANDIDATE)
    until = now(world) + 10_000
    world.chain.mine(
        emit(Graded, 1, CANDIDATE, owner, 2 | 1 << 8 | 2 << 16, True),
        emit(CapabilityGranted, PROFILE_ID, CANDIDATE, owner, until),
        emit(Gated, PROFILE_ID, 5),
    )

    exam = ask("/v1/exams/1")
    held = ask(f"/v1/agents/{CANDIDATE}/capabilities")

    assert exam["mark"] == 5
    assert exam["fee"] == "10"
    assert exam["key"] == "0x" + word("key").hex()
    assert [each["digests"] for each in exam["papers"]] == [["0x" + d.hex() for d in DIGESTS]] * 3
    (sitting,) = exam["sittings"]
    assert (sitting["passed"], sitting["marks"]) == (True, [2, 1, 2])
    assert exam["candidates"] == exam["graded"] == 1
    (capability,) = held["items"]
    assert capability["valid"]
    assert capability["until"] == until
    assert held["gates"] == {"0x" + bytes(PROFILE_ID).hex(): 5}
    world.chain.mine(seconds=10_000)
    (expired,) = ask(f"/v1/agents/{CANDIDATE}/capabilities")["items"]
    assert not expired["valid"]


def test_exam__when_doubted__then_it_waits_for_the_round_and_for_the_digest(
    world: World, ask: Ask
) -> None:
    open_keys(world)
    asker = address("asker")
    world.chain.mine(
        emit(Doubted, DOUBT, 1, asker, 1, 0, DoubtKind.OUTPUT, word("task"), now(world) + 60)
    )
    world.chain.mine(seconds=200)
    assert ask("/v1/exams/1")["stage"] == "doubting"
    world.chain.mine(emit(DoubtAnswered, DOUBT, word("round"), now(world) + 60))
    world.chain.mine(emit(DoubtUpheld, DOUBT, 1))
    upheld = world.chain.blocks[-1].timestamp

    exam = ask("/v1/exams/1")

    assert (exam["stage"], exam["stageEndsAt"]) == ("doubting", upheld + 60)
    (doubt,) = exam["doubts"]
    assert doubt["kind"] == "output"
    assert doubt["requestHash"] == "0x" + word("round").hex()
    assert doubt["upheldAt"] == upheld
    world.chain.mine(seconds=60)
    assert ask("/v1/exams/1")["stage"] == "grading"


def test_exam__when_void__then_who_was_slashed_and_who_was_refunded(world: World, ask: Ask) -> None:
    sit(world)
    world.chain.mine(emit(ExamVoided, 1, 0b101))
    world.chain.mine(emit(Refunded, 1, owner_of(CANDIDATE)))

    exam = ask("/v1/exams/1")

    assert exam["stage"] == "void"
    assert exam["slashedSections"] == [0, 2]
    assert exam["sittings"][0]["refundedAt"] is not None
    assert exam["sittings"][0]["passed"] is None


def test_exams__when_listed_in_pages__then_newest_first_each_once(world: World, ask: Ask) -> None:
    announce(world)
    for number in (2, 3):
        world.chain.mine(emit(ExamAnnounced, number, PROFILE_ID, 1, word("key"), now(world) + 60))
    page, seen = ask("/v1/exams?limit=2"), []
    seen += [each["examId"] for each in page["items"]]
    page = ask(f"/v1/exams?limit=2&cursor={page['next']}")
    seen += [each["examId"] for each in page["items"]]

    assert seen == [3, 2, 1]
    assert page["next"] is None


def test_exam__when_there_is_none__then_404_in_one_sentence(world: World) -> None:
    world.chain.mine()
    world.catch_up()
    answer = AsgiClient(create_app(world.services())).get("/v1/exams/7")

    assert answer.status_code == 404
    assert "There is no exam 7" in answer.json()["error"]["message"]


def test_exam__when_its_blocks_are_rolled_back__then_as_if_it_never_was(world: World) -> None:
    world.catch_up()
    before = _exams(world)
    height = len(world.chain.blocks)
    open_keys(world)
    world.catch_up()
    assert _exams(world) != before

    world.chain.reorganise(len(world.chain.blocks) - height)
    world.chain.mine()
    world.chain.mine()
    world.catch_up()

    assert _exams(world) == before


def test_credit__when_an_exam_book_owes_it__then_not_counted_as_the_courts(world: World) -> None:
    account = address("examiner")

    def of_the_book(log: Log) -> Credited:
        return Credited(replace(log, contract="ExamBook"), account, Wei(5))

    made: list[Emitted] = [of_the_book, emit(Credited, account, Wei(7))]
    world.chain.mine(*made)
    world.catch_up()

    with world.store.read() as session:
        found = session.get(Credit, account)
        assert found is not None
        assert found.credited == 7


def _exams(world: World) -> dict[str, Any]:
    return {name: rows for name, rows in dump(world.store).items() if name.startswith("exam")}
