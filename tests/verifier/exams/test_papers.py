"""Keys, sheets and marks: kept whole, counted as the contract counts, refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chain.exam_messages import Book, key_salt, sealed_key, sheet_commitment, sheet_salt
from chain.keys import local_signer
from chain.types import Address
from verifier.errors import ExamError
from verifier.exams.answers import answer
from verifier.exams.marking import Marks, count, unpack
from verifier.exams.papers import Paper
from verifier.profiles import load
from verifier.tasks import Task

pytestmark = pytest.mark.unit

BOOK = Book(31337, Address("0x5FbDB2315678afecb367f032d93F642f64180aa3"))
OWNER = Address("0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512")
WORDS = tuple(bytes([i]) * 32 for i in range(4))
SHEET = Paper(BOOK, 3, 1 << 200, OWNER, None, WORDS[0], WORDS, WORDS[::-1])
KEY = Paper(BOOK, 3, 0, OWNER, 2, WORDS[1], WORDS, WORDS[::-1])
SIGNER = local_signer(3, 31337)


@pytest.mark.parametrize("paper", [SHEET, KEY])
def test_paper__when_saved__then_loaded_the_same_and_only_its_owner_reads_it(
    paper: Paper, tmp_path: Path
) -> None:
    file = tmp_path / "new" / "paper.json"
    paper.save(file)

    assert Paper.load(file) == paper
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in file.parent.iterdir()] == ["paper.json"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": "assay/exam-paper/9"}, "schema"),
        ({"salt": "0x12"}, "salt"),
        ({"digests": ["0x12"]}, "digests"),
        ({"digests": 5}, "digests"),
        ({"examId": -1}, "examId"),
        ({"book": "0x12"}, "address"),
        ({"section": True}, "section"),
    ],
)
def test_paper__when_something_is_wrong__then_one_sentence(
    change: dict[str, Any], says: str, tmp_path: Path
) -> None:
    file = tmp_path / "paper.json"
    SHEET.save(file)
    file.write_text(json.dumps(json.loads(file.read_text()) | change))

    with pytest.raises(ExamError, match=says):
        Paper.load(file)


def test_paper__when_the_file_cannot_be_read_or_written__then_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ExamError, match="cannot be read"):
        Paper.load(tmp_path / "none.json")
    (tmp_path / "file").touch()
    with pytest.raises(ExamError, match="cannot be written"):
        SHEET.save(tmp_path / "file" / "paper.json")


def test_commitments__when_anything_differs__then_they_do() -> None:
    salts = {
        sheet_salt(SIGNER, BOOK, 1, 1),
        sheet_salt(SIGNER, BOOK, 2, 1),
        sheet_salt(SIGNER, BOOK, 1, 2),
        sheet_salt(local_signer(4, 31337), BOOK, 1, 1),
        key_salt(SIGNER, BOOK, 1, 1, 0),
        key_salt(SIGNER, BOOK, 1, 1, 1),
    }
    elsewhere = Book(1, BOOK.address)
    commitments = {
        sheet_commitment(BOOK, 3, SHEET.sheet()),
        sheet_commitment(BOOK, 4, SHEET.sheet()),
        sheet_commitment(elsewhere, 3, SHEET.sheet()),
        sheet_commitment(BOOK, 3, KEY.sheet()),
        sealed_key(BOOK, 3, 2, KEY.key(), KEY.salt),
        sealed_key(BOOK, 3, 1, KEY.key(), KEY.salt),
        sealed_key(elsewhere, 3, 2, KEY.key(), KEY.salt),
    }

    assert len(salts) == 6
    assert len(commitments) == 7
    assert sheet_salt(SIGNER, BOOK, 1, 1) == sheet_salt(SIGNER, BOOK, 1, 1)


def test_count__then_section_by_section_within_the_tolerance() -> None:
    zero, near, far = bytes(32), bytes(31) + b"\x03", bytes(31) + b"\x07"
    keys = [[zero, zero], [zero], [zero, far]]

    marks = count(keys, [near, far, zero, far, far], 2)

    assert marks.sections == (1, 1, 1)
    assert marks.right == 3
    assert marks.passes(3, 1)
    assert not marks.passes(4, 1)
    assert not marks.passes(3, 2)
    assert unpack(1 | 2 << 8 | 16 << 16, 3) == Marks((1, 2, 16))
    with pytest.raises(ExamError, match="4 answers, and the exam 5 items"):
        count(keys, [zero] * 4, 2)


class Echo:
    """Answers with the question."""

    def info(self) -> dict[str, str]:
        return {"engine": "echo"}

    def generate(self, task: Task) -> bytes:
        return str(task.prompt).encode()

    def close(self) -> None:
        """Nothing to free."""


def test_answer__then_digests_of_the_engines_outputs_under_the_key() -> None:
    profile = load("exact-bytes")
    tasks = [Task(profile.profile_id, "text", "echo", f"say {i}") for i in range(3)]

    done = answer(tasks, profile, WORDS[1], Echo())

    assert len(set(done.digests)) == 3
    assert done == answer(tasks, profile, WORDS[1], Echo())
    assert answer(tasks, profile, WORDS[2], Echo()).contents == done.contents
    assert answer(tasks, profile, WORDS[2], Echo()).digests != done.digests
    with pytest.raises(ExamError, match="another profile"):
        answer([Task(WORDS[0], "text", "echo", "say")], profile, WORDS[1], Echo())
