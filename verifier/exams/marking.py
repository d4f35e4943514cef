"""How many answers of a sheet are right, counted as `ExamBook.grade` does."""

from collections.abc import Sequence
from dataclasses import dataclass

from verifier.digest import distance
from verifier.errors import ExamError

__all__ = ["Marks", "count", "unpack"]

MARK_BITS = 8


@dataclass(frozen=True, slots=True)
class Marks:
    """Right answers by section."""

    sections: tuple[int, ...]

    @property
    def right(self) -> int:
        """In all."""
        return sum(self.sections)

    def passes(self, mark: int, section_mark: int) -> bool:
        """Whether they are enough: `mark` in all, and `section_mark` in each section."""
        return self.right >= mark and min(self.sections) >= section_mark


def count(keys: Sequence[Sequence[bytes]], digests: Sequence[bytes], tolerance: int) -> Marks:
    """keys: digests (32 bytes) by section; digests: the sheet's, section by section.

    Raises:
        ExamError: the sheet has not one answer for each item.
    """
    total = sum(len(key) for key in keys)
    if not keys or len(digests) != total:
        raise ExamError(f"The sheet has {len(digests)} answers, and the exam {total} items.")
    answers = iter(digests)
    return Marks(
        tuple(
            sum(distance(right, next(answers)) <= tolerance for right in section)
            for section in keys
        )
    )


def unpack(marks: int, sections: int) -> Marks:
    """What the event `Graded` says: the count of section i in byte i."""
    return Marks(tuple((marks >> (MARK_BITS * i)) & 0xFF for i in range(sections)))
