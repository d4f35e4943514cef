"""Folded rows: read, changed, and put back exactly as they were when a block is rolled back.

A projection lives for one transaction. It caches the rows it touched, writes each once at `flush`,
and for every block that may still be rolled back keeps the row as it was before that block first
changed it. Rolling back to a block restores, for each row, the image of the lowest block above it:
by construction the table is then what it was at that block, whatever the rules wrote.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Table, and_, delete, select, tuple_, update

from backend.errors import EventLeftOut
from backend.store.base import Appended, Base, Folded
from backend.store.bulk import Row, insert_rows, update_rows
from backend.store.log import Block, Undo

READ_AT_ONCE: Final = 200
"""Keys of one statement: databases limit how many values one may have."""

_RowKey = tuple[str, tuple[Any, ...]]


class Projection:
    """The folded rows of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: dict[_RowKey, Row | None] = {}
        self._stored: set[_RowKey] = set()
        self._dirty: dict[_RowKey, None] = {}
        self._appended: defaultdict[str, list[Row]] = defaultdict(list)
        self._journalled: dict[_RowKey, int] = {}
        self._block: int | None = None

    def enter(self, block_number: int, *, final: bool) -> None:
        """Says which block the next writes belong to; a final one leaves no way back."""
        self._block = None if final else block_number

    def preload(self, model: type[Folded], keys: Iterable[tuple[Any, ...]]) -> None:
        """Reads rows that will be asked for, many at once instead of one by one."""
        name = model.__tablename__
        table = Base.metadata.tables[name]
        columns = list(table.primary_key.columns)
        wanted = [key for key in dict.fromkeys(keys) if (name, key) not in self._rows]
        for start in range(0, len(wanted), READ_AT_ONCE):
            some = wanted[start : start + READ_AT_ONCE]
            self._rows.update({(name, key): None for key in some})
            if len(columns) == 1:
                among = columns[0].in_([key[0] for key in some])
            else:
                among = tuple_(*columns).in_(some)
            for row in self._connection.execute(select(table).where(among)).mappings():
                row_key = (name, tuple(row[column.name] for column in columns))
                self._rows[row_key] = dict(row)
                self._stored.add(row_key)

    def get(self, model: type[Folded], *key: Any) -> Row | None:
        """A copy of the row under the primary key, or None."""
        row = self._load((model.__tablename__, key))
        return None if row is None else dict(row)

    def put(self, model: type[Folded], *key: Any, **changes: Any) -> None:
        """Changes the named columns of the row, or makes it: then columns not named are null.

        Raises:
            EventLeftOut: there is no such row, and these columns do not make one.
        """
        row_key = (model.__tablename__, key)
        row = self._load(row_key)
        if self._block is not None:
            self._keep(self._block, Base.metadata.tables[model.__tablename__], row_key, row)
        if row is None:
            names, keys = _columns(model)
            row = {**dict.fromkeys(names), **dict(zip(keys, key, strict=True)), **changes}
            if any(row[name] is None for name in _required(model)):
                raise missing(model, key)
            self._rows[row_key] = row
        row.update(changes)
        self._dirty[row_key] = None

    def need(self, model: type[Folded], *key: Any) -> Row:
        """A copy of the row that an earlier event made.

        Raises:
            EventLeftOut: there is none.
        """
        row = self.get(model, *key)
        if row is None:
            raise missing(model, key)
        return row

    def append(self, model: type[Appended], **columns: Any) -> None:
        """Adds a row that nothing changes later."""
        self._appended[model.__tablename__].append(columns)

    def flush(self) -> None:
        """Writes everything. Call once, before the transaction ends."""
        inserts: dict[str, list[Row]] = {**self._appended}
        updates: dict[str, list[Row]] = {}
        for row_key in self._dirty:
            row = self._rows[row_key]
            assert row is not None
            target = updates if row_key in self._stored else inserts
            target.setdefault(row_key[0], []).append(row)
        for name, rows in inserts.items():
            insert_rows(self._connection, Base.metadata.tables[name], rows)
        for name, rows in updates.items():
            update_rows(self._connection, Base.metadata.tables[name], rows)
        self._stored.update(self._dirty)
        self._dirty.clear()
        self._appended.clear()

    def _load(self, row_key: _RowKey) -> Row | None:
        if row_key not in self._rows:
            name, key = row_key
            table = Base.metadata.tables[name]
            columns = table.primary_key.columns
            found = (
                self._connection.execute(
                    select(table).where(and_(*(c == k for c, k in zip(columns, key, strict=True))))
                )
                .mappings()
                .one_or_none()
            )
            self._rows[row_key] = None if found is None else dict(found)
            if found is not None:
                self._stored.add(row_key)
        return self._rows[row_key]

    def _keep(self, block: int, table: Table, row_key: _RowKey, before: Row | None) -> None:
        if self._journalled.get(row_key) == block:
            return
        self._journalled[row_key] = block
        undo = self._appended[Undo.__tablename__]
        undo.append(
            {
                "block_number": block,
                "position": len(undo),
                "table_name": table.name,
                "key": _encode(
                    dict(zip(table.primary_key.columns.keys(), row_key[1], strict=True))
                ),
                "before": None if before is None else _encode(before),
            }
        )


@cache
def _columns(model: type[Folded]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of all columns, and of the primary key's."""
    table = Base.metadata.tables[model.__tablename__]
    return tuple(table.columns.keys()), tuple(table.primary_key.columns.keys())


@cache
def _required(model: type[Folded]) -> tuple[str, ...]:
    """Names of the columns that are never null."""
    columns = Base.metadata.tables[model.__tablename__].columns
    return tuple(column.name for column in columns if not column.nullable)


def missing(model: type[Folded], key: tuple[Any, ...]) -> EventLeftOut:
    """What a rule ends with that finds no row where the contracts promise one."""
    named = ", ".join("0x" + part.hex() if isinstance(part, bytes) else str(part) for part in key)
    return EventLeftOut(
        f"A node left out the event that made {model.__tablename__} {named}: reading again."
    )


def roll_back(connection: Connection, ancestor: int) -> None:
    """Makes every table what it was when `ancestor` was the last block applied."""
    earliest: dict[tuple[str, str], str | None] = {}
    undo = select(Undo.table_name, Undo.key, Undo.before).where(Undo.block_number > ancestor)
    for name, key, before in connection.execute(undo.order_by(Undo.block_number.desc())):
        earliest[name, key] = before
    for (name, key), before in earliest.items():
        table = Base.metadata.tables[name]
        where = _matches(table, _decode(key))
        if before is None:
            connection.execute(delete(table).where(where))
        else:
            connection.execute(update(table).where(where).values(_decode(before)))
    for mapper in Base.registry.mappers:
        if issubclass(mapper.class_, Appended):
            connection.execute(delete(mapper.class_).where(mapper.class_.block_number > ancestor))
    connection.execute(delete(Undo).where(Undo.block_number > ancestor))
    connection.execute(delete(Block).where(Block.number > ancestor))


def forget_undo(connection: Connection, finalized: int) -> None:
    """Drops the images of blocks that can no more be rolled back."""
    connection.execute(delete(Undo).where(Undo.block_number <= finalized))


def _matches(table: Table, row: Mapping[str, Any]) -> Any:
    return and_(*(column == row[column.name] for column in table.primary_key.columns))


def _encode(row: Row) -> str:
    """JSON in which bytes are told from text."""
    return json.dumps(
        {
            name: {"hex": value.hex()} if isinstance(value, bytes) else value
            for name, value in row.items()
        }
    )


def _decode(text: str) -> Row:
    return {
        name: bytes.fromhex(value["hex"]) if isinstance(value, dict) else value
        for name, value in json.loads(text).items()
    }
