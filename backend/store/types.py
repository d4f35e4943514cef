"""Column types: Ethereum's numbers and hashes on any SQL database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from sqlalchemy import LargeBinary, String
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator

UINT256_BYTES = 32


class Bytes(LargeBinary):
    """Byte strings as both drivers take and give them: nothing is wrapped on the way."""

    def bind_processor(self, _dialect: Dialect) -> None:
        return None

    def result_processor(self, _dialect: Dialect, _coltype: object) -> None:
        return None


class Uint256(TypeDecorator[int]):
    """An unsigned integer below 2**256, stored as 32 bytes big-endian.

    SQL integers end at 2**63 and SQLite's NUMERIC is a double; bytes keep every bit, and their
    order is the order of the numbers, so cursors and comparisons work.
    """

    impl = Bytes(UINT256_BYTES)
    cache_ok = True

    def bind_processor(self, _dialect: Dialect) -> Callable[[int | None], bytes | None]:
        return _to_bytes

    def result_processor(
        self, _dialect: Dialect, _coltype: object
    ) -> Callable[[Any | None], int | None]:
        return _from_bytes


def _to_bytes(value: int | None) -> bytes | None:
    return None if value is None else value.to_bytes(UINT256_BYTES, "big")


def _from_bytes(value: Any | None) -> int | None:
    return None if value is None else int.from_bytes(value, "big")


Uint = Annotated[int, mapped_column(Uint256)]
"""An id or an amount in wei: any uint256."""

Hash = Annotated[bytes, mapped_column(Bytes(32))]
"""32 bytes."""

Address = Annotated[str, mapped_column(String(42))]
"""An account, EIP-55 checksummed."""
