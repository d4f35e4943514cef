"""Brings the tasks of rounds whose taskURI leads elsewhere into the store, under their taskHash.

What arrives is believed only if it hashes to the taskHash that the receipt committed to, so it does
not matter who served it. A URI that fails is asked again a few times, ever later, while the round
still needs its task; none keeps the others waiting for long.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from sqlalchemy import or_, select

from backend.artifacts.foreign import Foreign
from backend.artifacts.store import ArtifactStore
from backend.errors import BackendError
from backend.store import RoundRecord, Store
from chain.types import Phase
from verifier.errors import TaskError
from verifier.tasks import MAX_TASK_BYTES, Task

SCHEMES: Final = ("http://", "https://", "ipfs://")
PAUSE_SECONDS: Final = 2.0
TRIES: Final = 6
FIRST_WAIT: Final = 5.0
"""Seconds before the second try; doubled each time."""

AT_ONCE: Final = 4
MOST: Final = 200
"""URIs looked at in one pass."""

logger = logging.getLogger(__name__)

Wanted = tuple[bytes, str]
"""(taskHash, taskURI)."""


@dataclass
class _Attempts:
    made: int = 0
    next_at: float = 0.0


class TaskFetcher:
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
        while not stop.is_set():
            try:
                if self._leads():
                    self.step()
            except BackendError as error:
                logger.warning("Tasks behind foreign URIs: %s", error)
            stop.wait(PAUSE_SECONDS)

    def step(self, now: float | None = None) -> int:
        """One pass; returns how many tasks it brought. `now`: seconds of a monotonic clock."""
        now = time.monotonic() if now is None else now
        wanted = self._wanted()
        self._attempts = {key: self._attempts.get(key, _Attempts()) for key in wanted}
        due = [
            key
            for key, attempts in self._attempts.items()
            if attempts.made < TRIES and attempts.next_at <= now
        ]
        for key in due:
            attempts = self._attempts[key]
            attempts.next_at = now + FIRST_WAIT * 2**attempts.made
            attempts.made += 1
        with ThreadPoolExecutor(AT_ONCE, "foreign") as pool:
            return sum(pool.map(self._bring, due))

    def _wanted(self) -> list[Wanted]:
        query = (
            select(RoundRecord.task_hash, RoundRecord.task_uri)
            .where(
                RoundRecord.phase != int(Phase.FINAL),
                or_(*(RoundRecord.task_uri.startswith(scheme) for scheme in SCHEMES)),
            )
            .order_by(RoundRecord.submitted_block.desc(), RoundRecord.log_index.desc())
            .limit(MOST)
        )
        with self._store.read() as session:
            found = dict.fromkeys((row.task_hash, row.task_uri) for row in session.execute(query))
        return [key for key in found if self._files.public(key[0]) is None]

    def _bring(self, wanted: Wanted) -> bool:
        task_hash, uri = wanted
        try:
            data = self._foreign.fetch(uri, MAX_TASK_BYTES)
            self._files.take(Task.from_json(data, task_hash).canonical())
        except (BackendError, TaskError) as error:
            logger.info("The task 0x%s was not fetched: %s", task_hash.hex(), error)
            return False
        return True
