"""Tasks done by an engine, and their outputs digested under the exam's key."""

from collections.abc import Sequence
from dataclasses import dataclass

from verifier.canonical import keccak256
from verifier.digest import digest_batch, from_words
from verifier.engines.base import Engine, require_environment
from verifier.errors import ExamError
from verifier.profiles import Profile
from verifier.tasks import Task

__all__ = ["Answers", "answer"]


@dataclass(frozen=True, slots=True)
class Answers:
    """By item: digests (32 bytes), and keccak256 of the outputs that they are of."""

    digests: tuple[bytes, ...]
    contents: tuple[bytes, ...]


def answer(
    tasks: Sequence[Task],
    profile: Profile,
    key: bytes,
    engine: Engine,
) -> Answers:
    """Does every task.

    Args:
        key: the exam's, 32 bytes.

    Raises:
        ExamError: a task is not of the examined profile.
        EngineError: the engine is of another environment class, or has no answer.
    """
    require_environment(profile, engine)
    outputs = []
    for task in tasks:
        if task.profile != profile.profile_id:
            raise ExamError(
                "A task of the exam names another profile than the one examined: do not sit it."
            )
        outputs.append(engine.generate(task))
    digests = from_words(digest_batch(outputs, profile, key))
    return Answers(tuple(digests), tuple(keccak256(output) for output in outputs))
