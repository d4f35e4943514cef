"""Brings what rounds refer to elsewhere into the store: their tasks, and what they published.

What arrives is believed only if it has the hash that the receipt committed to, so it does not
matter who served it. A task's URI that fails is asked again a few times, ever later, while the
round still needs it; an output's as long as the committee may be asked about it. None keeps the
others waiting for long.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from eth_utils.crypto import keccak
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from backend.artifacts.foreign import Foreign
from backend.artifacts.store import ArtifactStore
from backend.errors import ArtifactInvalid, BackendError
from backend.passes import passes
from backend.store import RoundRecord, Store
from chain.types import Phase
from verifier.errors import TaskError
from verifier.tasks import MAX_TASK_BYTES, Task

SCHEMES: Final[tuple[str, ...]] = ("http://", "https://", "ipfs://")
PAUSE_SECONDS: Final = 2.0
TRIES: Final = 6
FIRST_WAIT: Final = 5.0
"""Seconds before the second try; doubled each time."""

LONGEST_WAIT: Final = 300.0

AT_ONCE: Final = 4
PASS: Final = 4 * AT_ONCE
"""URIs asked for in one pass."""

MOST: Final = 200
"""URIs looked at in one pass, of tasks and of outputs."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """What a round refers to. `hash` of the task, or of the output."""

    hash: bytes
    uri: str
    is_output: bool = False

    @property
    def tries(self) -> float:
        return float("inf") if self.is_output else TRIES


@dataclass
class _Attempts:
    made: int = 0
    next_at: float = 0.0


class Fetcher:
    """Looks at the live rounds again and again."""

    def __init__(
        self,
        store: Store,
        files: ArtifactStore,
        foreign: Foreign,
        *,
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        """`leads`: whether this replica is the one to do it."""
        self._store = store
        self._files = files
        self._foreign = foreign
        self._leads = leads
        self._attempts: dict[Wanted, _Attempts] = {}

    def run(self, stop: threading.Event) -> None:
        """Passes until told to stop; what fails is tried again later."""
        passes(self.step, stop, PAUSE_SECONDS, self._leads, logger, "What is behind foreign URIs")

    def step(self, now: float | None = None) -> int:
        """One pass; returns how many it brought. `now`: seconds of a monotonic clock."""
        now = time.monotonic() if now is None else now
        wanted = self._wanted()
        self._attempts = {key: self._attempts.get(key, _Attempts()) for key in wanted}
        due = [
            key
            for key, attempts in self._attempts.items()
            if attempts.made < key.tries and attempts.next_at <= now
        ]
        # What was never tried comes first, and a pass is short: hosts that let one wait must not
        # keep the others waiting.
        due = sorted(due, key=lambda key: self._attempts[key].made)[:PASS]
        for key in due:
            attempts = self._attempts[key]
            attempts.next_at = now + min(FIRST_WAIT * 2**attempts.made, LONGEST_WAIT)
            attempts.made += 1
        with ThreadPoolExecutor(AT_ONCE, "foreign") as pool:
            return sum(pool.map(self._bring, due))

    def _wanted(self) -> list[Wanted]:
        tasks = self._behind(
            RoundRecord.task_hash, RoundRecord.task_uri, RoundRecord.phase != int(Phase.FINAL)
        )
        judged = RoundRecord.phase.in_((int(Phase.FLAGGING), int(Phase.VOTING)))
        outputs = self._behind(RoundRecord.content_hash, RoundRecord.output_uri, judged)
        # Outputs first: while one is missing, its provider's bond may be.
        found = [Wanted(*each, True) for each in outputs] + [Wanted(*each) for each in tasks]
        return [each for each in found if self._files.public(each.hash) is None]

    def _behind(
        self,
        content: InstrumentedAttribute[Any],
        uri: InstrumentedAttribute[Any],
        needed: ColumnElement[bool],
    ) -> dict[tuple[bytes, str], None]:
        """(hash, URI) of the newest rounds that need what is behind a foreign URI."""
        query = (
            select(content, uri)
            .where(needed, or_(*(uri.startswith(scheme) for scheme in SCHEMES)))
            .order_by(RoundRecord.submitted_block.desc(), RoundRecord.log_index.desc())
            .limit(MOST)
        )
        with self._store.read() as session:
            return dict.fromkeys((row[0], row[1]) for row in session.execute(query))

    def _bring(self, wanted: Wanted) -> bool:
        try:
            if wanted.is_output:
                content = self._foreign.fetch(wanted.uri, self._files.max_bytes)
                if keccak(content) != wanted.hash:
                    raise ArtifactInvalid("What is there is not the output that was promised.")
            else:
                data = self._foreign.fetch(wanted.uri, MAX_TASK_BYTES)
                content = Task.from_json(data, wanted.hash).canonical()
            self._files.take(content)
        except (BackendError, TaskError) as error:
            kind = "output" if wanted.is_output else "task"
            logger.info("The %s 0x%s was not fetched: %s", kind, wanted.hash.hex(), error)
            return False
        return True
