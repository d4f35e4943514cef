"""What both roles in exams share: the tools they work with, and transactions sent one per name."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from chain.errors import AssayError, RevertError
from chain.exam_messages import Book
from chain.keys import Signer
from chain.types import Address
from verifier.node.engine_book import EngineBook
from verifier.node.exams.book import BookReader
from verifier.node.exams.shelf import Shelf
from verifier.node.recipes import RecipeBook
from verifier.node.retries import Retries
from verifier.node.seat import Transactor
from verifier.node.statedir import StateDir
from verifier.node.workers import Generator, Sendings

__all__ = ["Errands", "ExamTools", "Turns"]

_log = logging.getLogger("assay.node")


@dataclass(frozen=True, slots=True)
class ExamTools:
    """What a role works with. `seal_for`: which book commitments are for."""

    agent_id: int
    seal_for: Book
    reader: BookReader
    shelf: Shelf
    files: StateDir
    recipes: RecipeBook
    engines: EngineBook
    signer: Signer
    sender: Transactor
    generator: Generator

    @property
    def owner(self) -> Address:
        """Whose agent it is now."""
        found: Address = self.reader.chain.call("IdentityRegistry", "ownerOf", self.agent_id)
        return found


class Errands:
    """Jobs that are tried again after a pause; the transactions among them one per name."""

    def __init__(self, sendings: Sendings) -> None:
        self._sendings = sendings
        self._retries = Retries()
        self._stirred = False

    def send(self, name: Hashable, what: str, job: Callable[[], Any]) -> None:
        """Starts a sending unless one of that name runs, or failed a moment ago."""
        if self._retries.ready(name) and not self._sendings.busy(name):
            self._sendings.start(name, lambda: self.attempt(name, what, job))

    def ready(self, name: Hashable) -> bool:
        """Whether the pause after the last failure is over."""
        return self._retries.ready(name)

    def stirred(self) -> bool:
        """Whether anything was done since this was asked last: then more may be to do."""
        stirred, self._stirred = self._stirred, False
        return stirred

    def attempt(self, name: Hashable, what: str, job: Callable[[], Any]) -> None:
        """Does a job now; a failure is said and begins a pause. `what`: its name for people.

        A job that answers False had nothing to do, and is not asked again for a while.
        """
        try:
            if job() is False:
                self._retries.failed(name)
                return
        except RevertError as error:
            # Mostly somebody was quicker; the next look tells.
            self._retries.failed(name)
            _log.info("%s was refused: %s", what, error)
        except AssayError as error:
            pause = self._retries.failed(name)
            _log.warning("%s: %s (again in %.0f s)", what, error, pause)
        except Exception:
            self._retries.failed(name)
            raise
        else:
            self._retries.succeeded(name)
            self._stirred = True
            _log.info("%s: done", what)


class Turns:
    """Whose turn it is to do what anybody may do: the first at once, others each a while later."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._since: dict[Hashable, float] = {}

    def come(self, name: Hashable, place: int) -> bool:
        """Whether the turn of `place` (from 0) has come since `name` was first asked about."""
        started = self._since.setdefault(name, self._clock())
        return self._clock() - started >= place * self._seconds
