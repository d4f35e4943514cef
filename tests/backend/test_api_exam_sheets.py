"""Opened sheets at a backend: only those that open what was handed in, once sitting is over."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import insert

from backend.api import create_app
from backend.store import ExamSheet
from chain.exam_events import ExamAnnounced, Sat, SittingOpened, TermsSet
from chain.exam_messages import Book, sheet_commitment
from chain.exam_structs import Sheet
from chain.types import Address, AgentId
from tests.backend.conftest import World
from tests.backend.stories import PROFILE_ID, owner_of
from tests.backend.test_api_exams import CANDIDATE, TERMS, now
from tests.support.asgi import AsgiClient
from tests.support.fakechain import address, emit, word
from verifier.exams.sheets import encode_sheet

pytestmark = pytest.mark.unit

SHEET = Sheet(
    AgentId(CANDIDATE), Address(owner_of(CANDIDATE)), word("salt"), (word("a"), word("b"))
)


def desk(world: World) -> tuple[Book, AsgiClient]:
    services = world.services()
    book = Book(services.network.chain_id, address("exams"))
    network = replace(services.network, contracts={"ExamBook": book.address})
    return book, AsgiClient(create_app(replace(services, network=network)))


def announce(world: World) -> None:
    world.chain.mine(
        emit(TermsSet, 1, PROFILE_ID, TERMS, (0, 1, 2)),
        emit(ExamAnnounced, 1, PROFILE_ID, 1, word("key"), now(world) + 60),
    )


def sit(world: World, book: Book, sheet: Sheet) -> None:
    world.chain.mine(
        emit(SittingOpened, 1, now(world) + 60),
        emit(Sat, 1, CANDIDATE, sheet.owner, sheet.owner, sheet_commitment(book, 1, sheet)),
    )
    world.catch_up()


def test_sheets__when_left__then_only_what_opens_a_commitment_and_only_after_sitting(
    world: World,
) -> None:
    book, client = desk(world)
    announce(world)
    sit(world, book, SHEET)

    def leave(sheet: Sheet, exam_id: int = 1) -> int:
        data = encode_sheet(book, 1, sheet)
        return client.post(f"/v1/exams/{exam_id}/sheets", content=data).status_code

    assert leave(SHEET) == 409
    world.chain.mine(seconds=60)
    world.catch_up()
    assert leave(replace(SHEET, salt=word("another"))) == 422
    assert leave(replace(SHEET, digests=(word("b"), word("a")))) == 422
    assert leave(SHEET, exam_id=2) == 404
    assert client.post("/v1/exams/1/sheets", content=b"{}").status_code == 422
    assert client.get("/v1/exams/1/sheets").json()["items"] == []

    assert leave(SHEET) == leave(SHEET) == 201
    (kept,) = client.get("/v1/exams/1/sheets").json()["items"]
    assert kept["owner"] == SHEET.owner
    assert kept["digests"] == ["0x" + each.hex() for each in SHEET.digests]
    assert client.get("/v1/exams/2/sheets").status_code == 404


def test_sheets__when_another_was_handed_in_after_a_reorganisation__then_it_takes_the_place(
    world: World,
) -> None:
    book, client = desk(world)
    announce(world)
    for sheet in (SHEET, replace(SHEET, salt=word("another"))):
        sit(world, book, sheet)
        assert client.get("/v1/exams/1/sheets").json()["items"] == []
        world.chain.mine(seconds=60)
        world.catch_up()
        data = encode_sheet(book, 1, sheet)
        assert client.post("/v1/exams/1/sheets", content=data).status_code == 201
        (kept,) = client.get("/v1/exams/1/sheets").json()["items"]
        assert kept["salt"] == "0x" + sheet.salt.hex()
        world.chain.reorganise(2)


def test_sheets__when_one_is_of_another_book__then_it_is_not_served(world: World) -> None:
    book, client = desk(world)
    announce(world)
    sit(world, book, SHEET)
    other = encode_sheet(replace(book, address=address("another book")), 1, SHEET)
    with world.store.write() as connection:
        values = {"exam_id": 1, "owner": SHEET.owner, "content": other}
        connection.execute(insert(ExamSheet).values(**values))
    answer = client.get("/v1/exams/1/sheets")
    assert answer.status_code == 200
    assert answer.json()["items"] == []
