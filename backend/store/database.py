"""The database: opening it, knowing it for ours, and its two kinds of transaction.

SQLite and PostgreSQL keep the same promises. A reader sees one snapshot. One writer writes at a
time: SQLite by its own lock (`BEGIN IMMEDIATE`), PostgreSQL by an advisory lock, taken before the
transaction sees anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic_core import to_json
from sqlalchemy import Connection, Engine, create_engine, delete, event, func, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.orm import Session

from backend.errors import StoreOtherDeployment, StoreSchemaMismatch, StoreUnavailable
from backend.store import schema
from backend.store.base import Base
from backend.store.exams import ExamSheet
from backend.store.log import Block, Cursor, Meta
from backend.store.outbox import OUTBOX
from backend.store.relay import RelayEntry

Result = TypeVar("Result")

LOCK_WAIT_SECONDS = 5.0
"""How long a writer waits for another one before it says that the database is locked."""

_BEGIN = "assay_begin"
"""Name of the option that says with which word SQLite begins a transaction; None begins none."""

_WRITER_LOCK = 0x61737361790001
"""PostgreSQL's advisory lock of whoever writes."""

_KEPT = frozenset(table.__tablename__ for table in (*OUTBOX, RelayEntry))


@dataclass(frozen=True)
class Position:
    """Where the index stands. `generation`: how often it was read again (see `Cursor`)."""

    number: int
    hash: bytes
    timestamp: int
    finalized: int
    generation: int = 0


class Store:
    """One database. Thread-safe: each transaction has a connection of its own."""

    def __init__(self, url: str) -> None:
        """Opens nothing yet. `url` is an SQLAlchemy URL such as `sqlite:///assay.db`.

        Raises:
            StoreUnavailable: the URL cannot be read, or its driver is not installed.
        """
        try:
            parsed = make_url(url)
            if parsed.drivername in ("postgres", "postgresql"):
                parsed = parsed.set(drivername="postgresql+psycopg")
            self.is_sqlite = parsed.get_backend_name() == "sqlite"
            self._engine = create_engine(
                parsed, json_serializer=_json, **_arguments(self.is_sqlite)
            )
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise StoreUnavailable(
                "The database URL cannot be used; give one such as sqlite:///assay.db, or"
                " postgresql://user@host/name with assay-network[postgresql] installed."
            ) from error
        self._glancing: list[Connection] = []
        self.url = url
        self.name = parsed.render_as_string(hide_password=True)
        if self.is_sqlite:
            _teach_sqlite(self._engine)

    def open(self, chain_id: int, deployment: str) -> None:
        """Makes the tables or brings them up to date, and checks whose index they hold.

        Args:
            chain_id: EIP-155 id.
            deployment: what tells one deployment from another (the registry's CAIP-10 name and
                the court's address).

        Raises:
            StoreUnavailable, StoreSchemaMismatch, StoreOtherDeployment.
        """
        expected = _identity(chain_id, deployment)
        with self.write() as connection:
            self._migrate(connection)
            found = _whose(connection)
            if not found:
                _belongs(connection, expected)
            elif found != expected:
                raise StoreOtherDeployment(
                    f"The database {self.name} holds the index of another deployment (chain"
                    f" {found.get('chain_id')}, {found.get('deployment')}): give another database,"
                    " or serve with --rebuild to replace it."
                )

    def forget_index(self, chain_id: int, deployment: str) -> None:
        """Empties every table that the chain can fill again; the arguments are those of `open`.

        What was handed in stays: the outbox always, opened sheets if the database is of this
        deployment already.

        Raises:
            StoreUnavailable, StoreSchemaMismatch.
        """
        with self.write() as connection:
            self._migrate(connection)
            forget_rows(connection)
            expected = _identity(chain_id, deployment)
            if _whose(connection) != expected:
                connection.execute(delete(ExamSheet))
            connection.execute(delete(Meta))
            _belongs(connection, expected)

    def _migrate(self, connection: Connection) -> None:
        found = schema.current(connection)
        if found is not None and schema.is_newer(found):
            raise StoreSchemaMismatch(
                f"The database {self.name} was written by a newer version of Assay (schema {found},"
                f" this one reads {schema.newest()}): install that version, or give another"
                " database."
            )
        if found != schema.newest():
            schema.migrate(connection)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that takes the writer's lock at once; commits if its block ends well."""
        with _as_store_errors(self.name), self._engine.connect() as plain:
            if self.is_sqlite:
                connection = plain.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
            else:
                # What the one before us committed must be seen once the lock is ours.
                connection = plain.execution_options(isolation_level="READ COMMITTED")
            with connection.begin():
                if not self.is_sqlite:
                    wait = f"SET LOCAL lock_timeout = {int(LOCK_WAIT_SECONDS * 1000)}"
                    connection.exec_driver_sql(wait)
                    connection.execute(select(func.pg_advisory_xact_lock(_WRITER_LOCK)))
                yield connection

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One consistent snapshot: everything read in it belongs to the same block."""
        with _as_store_errors(self.name), Session(self._engine) as session:
            yield session

    def glance(self, work: Callable[[Connection], Result]) -> Result:
        """What one statement tells, without a transaction: it sees one snapshot by itself.

        Its connection is kept for the next. If the server has ended that since, the work is done
        once more, on a new one.

        Args:
            work: executes one statement and takes its rows.
        """
        with _as_store_errors(self.name):
            try:
                kept = self._glancing.pop()
            except IndexError:
                return self._on(self.session_connection(), work)
            try:
                return self._on(kept, work)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            return self._on(self.session_connection(), work)

    def _on(self, connection: Connection, work: Callable[[Connection], Result]) -> Result:
        try:
            found = work(connection)
        except BaseException:
            # Not back into the pool, whatever state it is in.
            connection.invalidate()
            connection.close()
            raise
        self._glancing.append(connection)
        return found

    def session_connection(self) -> Connection:
        """A connection outside any transaction, for what belongs to a database session."""
        connection = self._engine.connect()
        if self.is_sqlite:
            # No isolation level of SQLAlchemy's: putting it back undoes what the driver was taught.
            return connection.execution_options(**{_BEGIN: None})
        return connection.execution_options(isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        """Closes the connections that wait for work."""
        while self._glancing:
            self._glancing.pop().close()
        self._engine.dispose()


def _identity(chain_id: int, deployment: str) -> dict[str, str]:
    return {"chain_id": str(chain_id), "deployment": deployment}


def _whose(connection: Connection) -> dict[str, str]:
    """Whose index this is, as `_identity` says it; empty before the first `open`."""
    rows = connection.execute(select(Meta.name, Meta.value))
    return {row.name: row.value for row in rows}


def _belongs(connection: Connection, identity: Mapping[str, str]) -> None:
    rows = [{"name": name, "value": value} for name, value in identity.items()]
    connection.execute(insert(Meta), rows)


def forget_rows(connection: Connection) -> None:
    """Empties every table that the chain and the artifacts can fill again. What was handed in
    stays: the outbox, entries to relay, opened sheets."""
    for table in reversed(Base.metadata.sorted_tables):
        if table.name not in {*_KEPT, Meta.__tablename__, ExamSheet.__tablename__}:
            connection.execute(delete(table))


def position(connection: Connection | Session) -> Position | None:
    """Where the index stands, or None before its first block."""
    if isinstance(connection, Session):
        connection = connection.connection()
    row = connection.execute(_POSITION).one_or_none()
    return None if row is None else Position(*row)


# Every request asks it: not put together each time.
_POSITION = select(
    Cursor.block_number,
    Cursor.block_hash,
    Cursor.timestamp,
    Cursor.finalized_number,
    Cursor.generation,
)


def known_blocks(
    connection: Connection | Session, below: int, down_to: int
) -> list[tuple[int, bytes]]:
    """(number, hash) of the applied blocks in [down_to, below], highest first."""
    query = select(Block.number, Block.hash).where(Block.number <= below, Block.number >= down_to)
    return [
        (row.number, row.hash) for row in connection.execute(query.order_by(Block.number.desc()))
    ]


def dump(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every derived table and the cursor, in primary-key order: equal dumps are equal indexes."""
    with store.read() as session:
        return {
            table.name: [
                tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))
            ]
            for table in Base.metadata.sorted_tables
            if table.name not in {"meta", "undo", "blocks", *_KEPT}
        }


def _json(value: Any) -> str:
    """The text of a JSON column: four times as fast as by the standard library."""
    return to_json(value).decode()


def _arguments(is_sqlite: bool) -> dict[str, Any]:
    if is_sqlite:
        return {"connect_args": {"timeout": LOCK_WAIT_SECONDS, "check_same_thread": False}}
    return {"isolation_level": "REPEATABLE READ", "pool_pre_ping": True, "pool_size": 10}


def _teach_sqlite(engine: Engine) -> None:
    """WAL, so that readers never wait; explicit BEGIN, so that a read is one snapshot."""

    @event.listens_for(engine, "connect")
    def connected(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None
        dbapi.execute("PRAGMA journal_mode=WAL")
        dbapi.execute("PRAGMA synchronous=NORMAL")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        word = connection.get_execution_options().get(_BEGIN, "BEGIN")
        if word is not None:
            connection.exec_driver_sql(word)


@contextmanager
def _as_store_errors(name: str) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if "locked" in str(error.orig) or "lock timeout" in str(error.orig):
            raise StoreUnavailable(
                f"The database {name} is locked by another process: stop the other server, or"
                " give another database."
            ) from error
        raise StoreUnavailable(
            f"The database {name} cannot be used ({error.orig}): check its path, its permissions"
            " and the free space."
        ) from error
    except DatabaseError as error:
        if type(error) is not DatabaseError:
            raise  # A subclass is a mistake of ours, not a file that is no database.
        raise StoreUnavailable(
            f"{name} is not a database that Assay can read ({error.orig}): give another one."
        ) from error
