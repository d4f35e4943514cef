"""The jobs: put in by whoever wants something done, taken out by the one submitter."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, delete, func, insert, select, update

from backend.store import Job, Store
from chain.blocks import Call
from chain.types import Address, Wei


class JobStatus(StrEnum):
    """See the package's drawing. The last four are ends."""

    QUEUED = "queued"
    SENT = "sent"
    MINED = "mined"
    FINAL = "final"
    NEEDLESS = "needless"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Task:
    """One thing to be done.

    Attributes:
        job: its name; the same name is never done twice.
        kind: what knows whether it is done already (see `backend.submitter.submit`).
        error: why it is not done, in a sentence.
    """

    job: str
    kind: str
    call: Call
    status: JobStatus = JobStatus.QUEUED
    error: str | None = None


class Outbox:
    """The jobs of one chain. Safe for several processes: the database decides."""

    def __init__(self, store: Store, chain: str) -> None:
        """
        Args:
            chain: chain id and the hash of block 0, as `chain.journal` has it.
        """
        self._store = store
        self._chain = chain

    def put(self, task: Task) -> bool:
        """Records a job unless one of its name is there. True if it was not."""
        assert task.call.to is not None
        now = int(time.time())
        with self._store.write() as connection:
            if connection.scalar(select(Job.job).where(self._is(task.job))) is not None:
                return False
            connection.execute(
                insert(Job).values(
                    chain=self._chain,
                    job=task.job,
                    kind=task.kind,
                    call_to=task.call.to,
                    call_data=task.call.data,
                    call_value=task.call.value,
                    label=task.call.label,
                    state=task.status.value,
                    created_at=now,
                    updated_at=now,
                    tries=0,
                )
            )
        return True

    def get(self, job: str) -> Task | None:
        with self._store.read() as session:
            row = session.get(Job, (self._chain, job))
            return None if row is None else _task(row)

    def waiting(self, *states: JobStatus, limit: int = 100) -> list[Task]:
        """Jobs in any of these states, oldest first."""
        query = (
            select(Job)
            .where(Job.chain == self._chain, Job.state.in_([state.value for state in states]))
            .order_by(Job.created_at, Job.job)
            .limit(limit)
        )
        with self._store.read() as session:
            return [_task(row) for row in session.scalars(query)]

    def known(self, jobs: Sequence[str]) -> set[str]:
        """Which of these names are taken."""
        with self._store.read() as session:
            query = select(Job.job).where(Job.chain == self._chain, Job.job.in_(jobs))
            return set(session.scalars(query))

    def move(
        self, job: str, before: Sequence[JobStatus], after: JobStatus, error: str | None = None
    ) -> bool:
        """Changes a job's state if it is one of `before`. Of two who try, one does."""
        with self._store.write() as connection:
            changed = connection.execute(
                update(Job)
                .where(self._is(job), Job.state.in_([state.value for state in before]))
                .values(
                    state=after.value,
                    error=error,
                    updated_at=int(time.time()),
                    tries=Job.tries + int(after is JobStatus.SENT),
                )
            )
            return changed.rowcount == 1

    def forget(self, job: str) -> None:
        """Removes a job that turned out too early; it may be put in again."""
        with self._store.write() as connection:
            connection.execute(delete(Job).where(self._is(job)))

    def counts(self) -> dict[JobStatus, int]:
        """How many jobs are in each state."""
        query = select(Job.state, func.count()).where(Job.chain == self._chain).group_by(Job.state)
        with self._store.read() as session:
            found = Counter({JobStatus(state): count for state, count in session.execute(query)})
        return {status: found[status] for status in JobStatus}

    def _is(self, job: str) -> ColumnElement[bool]:
        return and_(Job.chain == self._chain, Job.job == job)


def _task(row: Job) -> Task:
    call = Call(Address(row.call_to), row.call_data, Wei(row.call_value), row.label)
    return Task(row.job, row.kind, call, JobStatus(row.state), row.error)
