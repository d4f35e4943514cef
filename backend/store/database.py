"""The database: opening it, knowing it for ours, and its two kinds of transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session

from backend.errors import StoreOtherDeployment, StoreSchemaMismatch, StoreUnavailable
from backend.store.base import SCHEMA_VERSION, Base
from backend.store.log import Block, Cursor, Meta

LOCK_WAIT_SECONDS = 5.0
"""How long a writer waits for another one before it says that the database is locked."""

_WRITES = "assay_writes"


@dataclass(frozen=True)
class Position:
    """Where the index stands."""

    number: int
    hash: bytes
    timestamp: int
    finalized: int


class Store:
    """One database. Thread-safe: each transaction has a connection of its own."""

    def __init__(self, url: str) -> None:
        """Opens nothing yet. `url` is an SQLAlchemy URL such as `sqlite:///assay.db`.

        Raises:
            StoreUnavailable: the URL cannot be read, or its driver is not installed.
        """
        try:
            parsed = make_url(url)
            self._sqlite = parsed.get_backend_name() == "sqlite"
            arguments: dict[str, Any] = {}
            if self._sqlite:
                arguments["connect_args"] = {
                    "timeout": LOCK_WAIT_SECONDS,
                    "check_same_thread": False,
                }
            else:
                arguments["isolation_level"] = "REPEATABLE READ"
            self._engine = create_engine(parsed, **arguments)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise StoreUnavailable(
                "The database URL cannot be used; give one such as sqlite:///assay.db."
            ) from error
        self.name = parsed.render_as_string(hide_password=True)
        if self._sqlite:
            _teach_sqlite(self._engine)

    def open(self, chain_id: int, deployment: str) -> None:
        """Creates the tables, or checks that those there are ours, of this chain and deployment.

        Args:
            chain_id: EIP-155 id.
            deployment: what tells one deployment from another (the registry's CAIP-10 name and
                the court's address).

        Raises:
            StoreUnavailable, StoreSchemaMismatch, StoreOtherDeployment.
        """
        expected = {
            "schema_version": str(SCHEMA_VERSION),
            "chain_id": str(chain_id),
            "deployment": deployment,
        }
        with self.write() as connection:
            if not inspect(connection).has_table(Meta.__tablename__):
                Base.metadata.create_all(connection)
                connection.execute(
                    insert(Meta),
                    [{"name": name, "value": value} for name, value in expected.items()],
                )
                return
            rows = connection.execute(select(Meta.name, Meta.value))
            found = {row.name: row.value for row in rows}
        self._compare(expected, found)

    def _compare(self, expected: dict[str, str], found: dict[str, str]) -> None:
        version = int(found.get("schema_version", "0"))
        if version != SCHEMA_VERSION:
            whose = "a newer" if version > SCHEMA_VERSION else "an older"
            todo = "install that version" if version > SCHEMA_VERSION else "serve with --rebuild"
            raise StoreSchemaMismatch(
                f"The database {self.name} was written by {whose} version of Assay (schema"
                f" {version}, this one reads {SCHEMA_VERSION}): {todo}, or give another database."
            )
        if found != expected:
            raise StoreOtherDeployment(
                f"The database {self.name} holds the index of another deployment (chain"
                f" {found.get('chain_id')}, {found.get('deployment')}): give another database, or"
                " serve with --rebuild to replace it."
            )

    def drop(self) -> None:
        """Deletes every table of Assay. Refuses a database of a newer schema."""
        with self.write() as connection:
            if inspect(connection).has_table(Meta.__tablename__):
                query = select(Meta.value).where(Meta.name == "schema_version")
                version = int(connection.scalar(query) or "0")
                if version > SCHEMA_VERSION:
                    self._compare({}, {"schema_version": str(version)})
            Base.metadata.drop_all(connection)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that takes the writer's lock at once; commits if its block ends well."""
        with _as_store_errors(self.name), self._engine.connect() as plain:
            connection = plain.execution_options(**{_WRITES: True})
            with connection.begin():
                yield connection

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One consistent snapshot: everything read in it belongs to the same block."""
        with _as_store_errors(self.name), Session(self._engine) as session:
            yield session

    def close(self) -> None:
        """Closes the pooled connections."""
        self._engine.dispose()


def position(connection: Connection | Session) -> Position | None:
    """Where the index stands, or None before its first block."""
    row = connection.execute(
        select(Cursor.block_number, Cursor.block_hash, Cursor.timestamp, Cursor.finalized_number)
    ).one_or_none()
    return None if row is None else Position(*row)


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
            if table.name not in ("meta", "undo", "blocks")
        }


def _teach_sqlite(engine: Engine) -> None:
    """WAL, so that readers never wait; explicit BEGIN, so that a read is one snapshot."""

    @event.listens_for(engine, "connect")
    def connected(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None
        dbapi.execute("PRAGMA journal_mode=WAL")
        dbapi.execute("PRAGMA synchronous=NORMAL")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _as_store_errors(name: str) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if "locked" in str(error.orig):
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
