"""Which of several replicas does the work that only one may do.

On PostgreSQL a lease is an advisory lock of a connection kept open for it: it ends with the
process, however that ends, and another replica has it at its next try. An SQLite database belongs
to one process, so there a lease is held at once.
"""

from __future__ import annotations

import logging
import threading
from enum import IntEnum

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from backend.errors import StoreUnavailable
from backend.store.database import Store

_log = logging.getLogger(__name__)


class Duty(IntEnum):
    """Work for one replica at a time; the number is its advisory lock's."""

    INDEX = 0x61737361790010
    SEND = 0x61737361790011


class Lease:
    """One replica's claim to a duty. Thread-safe."""

    def __init__(self, store: Store, duty: Duty) -> None:
        self._store = store
        self._duty = duty
        self._connection: Connection | None = None
        self._guard = threading.Lock()

    def held(self) -> bool:
        """Whether the duty is ours now; tries to get it if it is not.

        True is told only after the database has answered on the connection that has the lock, so a
        replica that was cut off learns of it before it acts.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        if self._store.is_sqlite:
            return True
        with self._guard:
            try:
                if self._connection is not None:
                    self._connection.execute(select(1))
                    return True
                return self._acquire()
            except SQLAlchemyError as error:
                self._drop()
                raise StoreUnavailable(
                    f"The database {self._store.name} does not answer: is it running?"
                ) from error

    def release(self) -> None:
        """Lets another replica have it. Releasing what is not held changes nothing."""
        with self._guard:
            self._drop()

    def _acquire(self) -> bool:
        connection = self._store.session_connection()
        got = bool(connection.scalar(select(func.pg_try_advisory_lock(int(self._duty)))))
        if got:
            _log.info("this replica has the duty: %s", self._duty.name.lower())
            self._connection = connection
        else:
            connection.invalidate()
            connection.close()
        return got

    def _drop(self) -> None:
        if self._connection is None:
            return
        # Not back into the pool: the lock ends with its session.
        self._connection.invalidate()
        self._connection.close()
        self._connection = None
