"""/v1/exams/{examId}/sheets: opened sheets, left by candidates and collected by examiners.

A sheet is its own proof: it is taken if it opens what its owner handed in on the chain, so there
are never more than candidates who paid. Nobody's is taken while anybody can still sit.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse
from sqlalchemy import and_, delete, insert, select
from starlette.concurrency import run_in_threadpool

from backend.api.bodies import whole_body
from backend.api.context import Services, ServicesOf, Snapshot, SnapshotOf, snapshot_in
from backend.api.schemas.exams import SheetPage
from backend.errors import ArtifactConflict, ArtifactInvalid, QueryMissing
from backend.store import ExamRecord, ExamSheet, ExamSitting
from chain.exam_messages import Book, sheet_commitment
from verifier.errors import ExamError
from verifier.exams.papers import MAX_BYTES
from verifier.exams.sheets import decode_sheet, encode_sheet

router = APIRouter(prefix="/v1/exams/{exam_id}/sheets", tags=["exams"])

ExamIdOf = Annotated[int, Path(ge=1, lt=1 << 32, description="The exam's number.")]
BOOK = "ExamBook"


@router.get("")
def list_sheets(snapshot: SnapshotOf, exam_id: ExamIdOf) -> SheetPage:
    """The opened sheets that were left here, as `assay/exam-sheet/1`."""
    _exam(snapshot, exam_id)
    book = _book(snapshot.services)
    rows = snapshot.session.execute(
        select(ExamSheet.content, ExamSitting.commitment)
        .join(ExamSitting, _of(ExamSitting, ExamSheet.exam_id, ExamSheet.owner))
        .where(ExamSheet.exam_id == exam_id)
        .order_by(ExamSheet.owner)
    )
    # One of a branch that has gone, or of a chain that was started anew, opens nothing here.
    items = [
        json.loads(content)
        for content, commitment in rows
        if _opens(book, exam_id, content) == commitment
    ]
    return SheetPage(items=items, block=snapshot.block)


@router.post("", status_code=201)
async def leave_sheet(request: Request, services: ServicesOf, exam_id: ExamIdOf) -> JSONResponse:
    """Takes an opened sheet, once nobody can sit the exam any more. Anybody may leave anybody's."""
    body = await whole_body(request, MAX_BYTES, "sheet")
    owner = await run_in_threadpool(_taken, services, exam_id, body)
    return JSONResponse({"examId": exam_id, "owner": owner}, 201)


def _taken(services: Services, exam_id: int, body: bytes) -> str:
    """Whose sheet was checked and stored."""
    with services.store.read() as session:
        owner, content = _opening(snapshot_in(session, services), exam_id, body)
    _keep(services, exam_id, owner, content)
    return owner


def _opening(snapshot: Snapshot, exam_id: int, body: bytes) -> tuple[str, bytes]:
    """Whose sheet it is, and its canonical bytes."""
    exam = _exam(snapshot, exam_id)
    book = _book(snapshot.services)
    if exam.sit_closes_at is None or snapshot.block.timestamp < exam.sit_closes_at:
        raise ArtifactConflict(
            f"Exam {exam_id} can still be sat: keep the sheet to yourself until it is over."
        )
    try:
        sheet = decode_sheet(body, book, exam_id)
    except ExamError as error:
        raise ArtifactInvalid(str(error)) from None
    found = snapshot.session.get(ExamSitting, (exam_id, sheet.owner))
    if found is None or sheet_commitment(book, exam_id, sheet) != found.commitment:
        raise ArtifactInvalid(f"The sheet is not what {sheet.owner} handed in at exam {exam_id}.")
    return sheet.owner, encode_sheet(book, exam_id, sheet)


def _keep(services: Services, exam_id: int, owner: str, content: bytes) -> None:
    """In place of what is there, if that is of a branch that has gone, as ours may be by now."""
    mine = _of(ExamSheet, exam_id, owner)
    values: dict[str, Any] = {"exam_id": exam_id, "owner": owner, "content": content}
    with services.store.write() as connection:
        sat = connection.scalar(
            select(ExamSitting.commitment).where(_of(ExamSitting, exam_id, owner))
        )
        if sat != _opens(_book(services), exam_id, content):
            raise ArtifactInvalid(f"The sheet is not what {owner} handed in at exam {exam_id}.")
        if connection.scalar(select(ExamSheet.content).where(mine)) != content:
            connection.execute(delete(ExamSheet).where(mine))
            connection.execute(insert(ExamSheet).values(**values))


def _book(services: Services) -> Book:
    return Book(services.network.chain_id, services.network.contracts[BOOK])


def _of(table: type[ExamSheet] | type[ExamSitting], exam_id: Any, owner: Any) -> Any:
    return and_(table.exam_id == exam_id, table.owner == owner)


@lru_cache(maxsize=4096)
def _opens(book: Book, exam_id: int, content: bytes) -> bytes:
    """The commitment that a stored sheet opens; none if it is of another book."""
    try:
        sheet = decode_sheet(content, book, exam_id)
    except ExamError:
        return b""
    return bytes(sheet_commitment(book, exam_id, sheet))


def _exam(snapshot: Snapshot, exam_id: int) -> ExamRecord:
    row = snapshot.session.get(ExamRecord, exam_id)
    if row is None:
        raise QueryMissing(f"There is no exam {exam_id} as of block {snapshot.block.number}.")
    return row
