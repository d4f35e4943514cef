"""Requests answered together: those that come while others are being answered share the next look
at the database, and the thread that takes it.

A look begins after the last of its requests has come, so none is told what was true before it
asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")

TOGETHER: Final = 64
"""At most so many at once: databases limit how many values a statement may have."""


class Gathered(Generic[Question, Answer]):
    """Asks one function for many. Used by coroutines of one event loop at a time."""

    def __init__(
        self, answer: Callable[[Sequence[Question]], Sequence[Answer | Exception]]
    ) -> None:
        """
        Args:
            answer: gives for each question its answer, or the error to raise; what it raises itself
                is for all of them. Never called by two threads at once.
        """
        self._answer = answer
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._working: asyncio.Task[None] | None = None
        # Its own: handing work to the pool that all share costs half as much again.
        self._thread = ThreadPoolExecutor(1, "gathered")

    async def ask(self, question: Question) -> Answer:
        """The answer. Raises what belongs to the question."""
        waits: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, waits))
        if self._working is None:
            self._working = asyncio.ensure_future(self._work())
        return await waits

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
                questions = [question for question, _ in group]
                answers = await loop.run_in_executor(self._thread, self._all, questions)
                for (_, waits), answer in zip(group, answers, strict=True):
                    if waits.done():
                        continue  # Whoever asked has gone.
                    if isinstance(answer, Exception):
                        waits.set_exception(answer)
                    else:
                        waits.set_result(answer)
        finally:
            self._working = None

    def _all(self, questions: list[Question]) -> Sequence[Answer | Exception]:
        try:
            return self._answer(questions)
        except Exception as error:  # noqa: BLE001 - raised again by everyone who asked
            return [error] * len(questions)
