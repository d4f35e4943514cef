"""Where candidates leave opened sheets and examiners collect them, to grade many at once.

A backend keeps them. Nothing depends on it: a sheet that nobody graded by half of the window its
own node hands in.
"""

from __future__ import annotations

import logging
from typing import Final

import httpx

from chain.exam_messages import Book, sheet_commitment
from chain.exam_structs import Sheet
from verifier.canonical import canonical_json
from verifier.engines.base import shown_url
from verifier.errors import ExamError
from verifier.exams.papers import MAX_BYTES
from verifier.exams.sheets import decode_sheet, encode_sheet
from verifier.node.downloads import AS_IT_IS, body_of

__all__ = ["SheetBox"]

_log = logging.getLogger("assay.node")
_MOST: Final = 1000


class SheetBox:
    """Sheets at a backend, if one is configured."""

    def __init__(
        self,
        backend_url: str | None,
        book: Book,
        *,
        timeout: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._base = backend_url.rstrip("/") if backend_url else None
        self._book = book
        self._timeout = timeout
        self._transport = transport
        self._sent: set[int] = set()

    @property
    def can_send(self) -> bool:
        return self._base is not None

    def has_sent(self, exam_id: int) -> bool:
        """Whether this process left its sheet of an exam."""
        return exam_id in self._sent

    def send(self, exam_id: int, sheet: Sheet) -> None:
        """Leaves an opened sheet. ExamError if the backend does not take it."""
        body = encode_sheet(self._book, exam_id, sheet)
        reply = self._ask("POST", exam_id, body)
        if not reply.is_success:
            raise ExamError(self._refusal(reply.status_code))
        self._sent.add(exam_id)

    def collect(self, exam_id: int, commitments: dict[str, bytes]) -> list[Sheet]:
        """The sheets at hand of an exam that open what their owners handed in.

        commitments: by owner, as the chain has them. What opens nothing is left out.
        """
        if self._base is None:
            return []
        try:
            reply = self._ask("GET", exam_id, None)
            found = list(reply.json()["items"])[:_MOST] if reply.is_success else []
        except (ExamError, ValueError, LookupError, TypeError, RecursionError) as error:
            _log.info("no sheets from the backend: %s", error)
            return []
        valid = (self._valid(exam_id, each, commitments) for each in found)
        return [sheet for sheet in valid if sheet is not None]

    def _valid(self, exam_id: int, value: object, commitments: dict[str, bytes]) -> Sheet | None:
        try:
            sheet = decode_sheet(canonical_json(value, ExamError), self._book, exam_id)
        except ExamError:
            return None
        wanted = commitments.get(sheet.owner)
        return sheet if sheet_commitment(self._book, exam_id, sheet) == wanted else None

    def _ask(self, method: str, exam_id: int, body: bytes | None) -> httpx.Response:
        url = f"{self._base}/v1/exams/{exam_id}/sheets"
        headers = {**AS_IT_IS, "Content-Type": "application/json"}
        try:
            with (
                httpx.Client(timeout=self._timeout, transport=self._transport) as client,
                client.stream(method, url, content=body, headers=headers) as reply,
            ):
                data = body_of(reply, _MOST * MAX_BYTES // 16)
                if data is None:
                    raise ExamError(self._refusal(reply.status_code))
                return httpx.Response(reply.status_code, content=data)
        except httpx.HTTPError as error:
            raise ExamError(
                f"The backend at {shown_url(self._base or '')} cannot be reached "
                f"({error or type(error).__name__}); see whether it is running."
            ) from None

    def _refusal(self, status: int) -> str:
        return f"The backend at {shown_url(self._base or '')} answered {status} about sheets."
