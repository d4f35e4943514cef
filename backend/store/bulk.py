"""Many rows at once: SQLAlchemy writes the statement, the driver gets the rows as they are.

Executing an insert with a list of rows has SQLAlchemy look at every value of every row once more;
for an index that writes four rows an event this costs more than the database does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Executable, Table, and_, bindparam, insert, update

Row = dict[str, Any]
Converter = Callable[[Any], Any]

_KEY: Final = "where_"
"""Before the name of a primary key's column in the condition of an update; no column has it."""


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """New rows, all with the columns of the first."""
    if rows:
        _execute(connection, _insert(table, connection.dialect, tuple(rows[0])), rows)


def update_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Rows that are there, told by their primary keys, as they are now: every column."""
    if rows:
        _execute(connection, _update(table, connection.dialect), rows)


class _Statement:
    """A statement as the driver takes it, and how a row becomes its parameters."""

    def __init__(self, table: Table, dialect: Dialect, statement: Executable) -> None:
        compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        names: Iterable[str] = compiled.positiontup or compiled.params
        self.text = str(compiled)
        self._names = tuple(names)
        self._take = itemgetter(*(name.removeprefix(_KEY) for name in self._names))
        self._converters = [
            (place, converter)
            for place, name in enumerate(self._names)
            if (converter := _converter(table, dialect, name.removeprefix(_KEY))) is not None
        ]
        self._positional = compiled.positiontup is not None

    def parameters(self, rows: Iterable[Row]) -> list[Any]:
        # Column by column: what is done for each value is then done by the interpreter's own loops.
        columns: list[Iterable[Any]] = list(zip(*map(self._take, rows), strict=True))
        for place, convert in self._converters:
            columns[place] = map(convert, columns[place])
        taken = zip(*columns, strict=True)
        if self._positional:
            return list(taken)
        return [dict(zip(self._names, values, strict=True)) for values in taken]


def _converter(table: Table, dialect: Dialect, name: str) -> Converter | None:
    kind = table.columns[name].type
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _execute(connection: Connection, statement: _Statement, rows: Sequence[Row]) -> None:
    connection.exec_driver_sql(statement.text, statement.parameters(rows))


@lru_cache(maxsize=256)
def _insert(table: Table, dialect: Dialect, names: tuple[str, ...]) -> _Statement:
    return _Statement(
        table, dialect, insert(table).values({name: bindparam(name) for name in names})
    )


@lru_cache(maxsize=256)
def _update(table: Table, dialect: Dialect) -> _Statement:
    key = and_(*(column == bindparam(_KEY + column.name) for column in table.primary_key.columns))
    rest = [column.name for column in table.columns if not column.primary_key]
    return _Statement(
        table, dialect, update(table).where(key).values({name: bindparam(name) for name in rest})
    )
