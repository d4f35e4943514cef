"""/v1/exams/{examId}/sheets: opened sheets, left by candidates and collected by examiners.

A sheet is its own proof: it is taken if it opens what its owner handed in on the chain, so there
are never more than candidates who paid. Nobody's is taken while anybody can still sit.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse
from sqlalchemy import delete, insert, select
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
    rows = snapshot.session.scalars(
        select(ExamSheet.content).where(ExamSheet.exam_id == exam_id).order_by(ExamSheet.owner)
    )
    return SheetPage(items=[json.loads(content) for content in rows], block=snapshot.block)


@router.post("", status_code=201)
async def leave_sheet(request: Request, services: ServicesOf, exam_id: ExamIdOf) -> JSONResponse:
    """Takes an opened sheet, once nobody can sit the exam any more. Anybody may leave anybody's."""
    body = await whole_body(request, MAX_BYTES, "sheet")
    owner, content = await run_in_threadpool(_checked, services, exam_id, body)
    await run_in_threadpool(_keep, services, exam_id, owner, content)
    return JSONResponse({"examId": exam_id, "owner": owner}, 201)


def _checked(services: Services, exam_id: int, body: bytes) -> tuple[str, bytes]:
    with services.store.read() as session:
        return _opening(snapshot_in(session, services), exam_id, body)


def _opening(snapshot: Snapshot, exam_id: int, body: bytes) -> tuple[str, bytes]:
    """Whose sheet it is, and its canonical bytes."""
    services, exam = snapshot.services, _exam(snapshot, exam_id)
    book = Book(services.network.chain_id, services.network.contracts[BOOK])
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
    """In place of what is there, if that is of a branch that has gone."""
    mine = (ExamSheet.exam_id == exam_id, ExamSheet.owner == owner)
    values: dict[str, Any] = {"exam_id": exam_id, "owner": owner, "content": content}
    with services.store.write() as connection:
        if connection.scalar(select(ExamSheet.content).where(*mine)) != content:
            connection.execute(delete(ExamSheet).where(*mine))
            connection.execute(insert(ExamSheet).values(**values))


def _exam(snapshot: Snapshot, exam_id: int) -> ExamRecord:
    row = snapshot.session.get(ExamRecord, exam_id)
    if row is None:
        raise QueryMissing(f"There is no exam {exam_id} as of block {snapshot.block.number}.")
    return row
