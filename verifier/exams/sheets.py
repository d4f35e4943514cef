"""Opened sheets as they are handed around, schema `assay/exam-sheet/1`.

    {"schema": "assay/exam-sheet/1", "chainId": 31337, "book": "0x…", "examId": 7, "agentId": "3",
     "owner": "0x…", "salt": "0x…", "digests": ["0x…"]}

No signature is needed: only who handed a sheet in knows the salt that opens it.
"""

from typing import Any, Final

from chain.exam_messages import Book
from chain.exam_structs import Sheet
from chain.types import Address, AgentId, Bytes32
from verifier.canonical import canonical_json, parse_object, require_fields
from verifier.errors import ExamError
from verifier.exams.papers import MAX_BYTES, address_of, whole_of, word_of, words_of

__all__ = ["SCHEMA", "decode_sheet", "encode_sheet"]

SCHEMA: Final = "assay/exam-sheet/1"
FIELDS: Final = ("schema", "chainId", "book", "examId", "agentId", "owner", "salt", "digests")


def encode_sheet(book: Book, exam_id: int, sheet: Sheet) -> bytes:
    """A sheet's canonical bytes."""
    return canonical_json(
        {
            "schema": SCHEMA,
            "chainId": book.chain_id,
            "book": book.address,
            "examId": exam_id,
            "agentId": str(sheet.agent_id),
            "owner": sheet.owner,
            "salt": "0x" + sheet.salt.hex(),
            "digests": ["0x" + digest.hex() for digest in sheet.digests],
        },
        ExamError,
    )


def decode_sheet(data: bytes, book: Book, exam_id: int) -> Sheet:
    """The sheet in `data`. ExamError if it is none, or for another exam or book."""
    value: dict[str, Any] = parse_object(data, "sheet", MAX_BYTES, ExamError)
    require_fields(value, "sheet", FIELDS, ExamError)
    if value["schema"] != SCHEMA:
        raise ExamError(f"The sheet is not of schema {SCHEMA!r}.")
    meant = (whole_of(value["chainId"], "chainId"), str(value["book"]).lower())
    if meant != (book.chain_id, book.address.lower()) or value["examId"] != exam_id:
        raise ExamError("The sheet is of another exam, or of another chain's.")
    return Sheet(
        AgentId(whole_of(value["agentId"], "agentId")),
        Address(address_of(value["owner"])),
        Bytes32(word_of(value["salt"], "salt")),
        tuple(Bytes32(each) for each in words_of(value["digests"], "digests")),
    )
