"""Queries that are asked very often: put together once, their rows taken as the driver has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Executable


class Reading:
    """A query as a driver takes it. No value is converted: bytes and numbers are not."""

    def __init__(self, dialect: Dialect, query: Executable) -> None:
        compiled = query.compile(dialect=dialect)  # type: ignore[attr-defined]
        self._text = str(compiled)
        self._order: Sequence[str] | None = compiled.positiontup
        # Numbers that SQLAlchemy makes parameters of, such as a limit's.
        self._fixed = {name: v for name, v in compiled.params.items() if v is not None}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """All rows, for these values of the query's parameters."""
        every = {**self._fixed, **values}
        order = self._order
        given = every if order is None else tuple(every[name] for name in order)
        return connection.exec_driver_sql(self._text, given).all()
