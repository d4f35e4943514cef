"""What makes the index not ready."""

from __future__ import annotations

import pytest

from backend.indexer import Progress
from backend.indexer.status import SILENCE_LIMIT_SECONDS

pytestmark = pytest.mark.unit

NOW = 1000.0


@pytest.mark.parametrize(
    ("progress", "says"),
    [
        (Progress(), "not heard from the chain"),
        (Progress(trouble="Nothing answers."), "Nothing answers."),
        (Progress(head=9, heard_at=NOW), "not applied its first block"),
        (Progress(head=9, heard_at=NOW, indexed=3), "6 blocks behind the chain (limit 5)"),
        (
            Progress(head=9, heard_at=NOW - SILENCE_LIMIT_SECONDS - 1, indexed=9),
            "not answered for 61 seconds",
        ),
        (
            Progress(
                head=9,
                heard_at=NOW - SILENCE_LIMIT_SECONDS - 1,
                indexed=9,
                trouble="Nothing answers.",
            ),
            "Nothing answers.",
        ),
        (Progress(head=9, heard_at=NOW, indexed=9, halted="It stopped."), "It stopped."),
    ],
)
def test_not_ready__when_it_should_not_be_asked__then_says_why(
    progress: Progress, says: str
) -> None:
    reason = progress.not_ready(5, NOW)
    assert reason is not None
    assert says in reason


@pytest.mark.parametrize("indexed", [4, 9, 12])
def test_not_ready__when_near_the_head__then_none(indexed: int) -> None:
    assert Progress(head=9, heard_at=NOW, indexed=indexed).not_ready(5, NOW) is None
