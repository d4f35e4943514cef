"""Column types: Ethereum's numbers and hashes on any SQL database."""

from __future__ import annotations

from typing import Annotated, Any

from sqlalchemy import LargeBinary, String
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator

UINT256_BYTES = 32


class Uint256(TypeDecorator[int]):
    """An unsigned integer below 2**256, stored as 32 bytes big-endian.

    SQL integers end at 2**63 and SQLite's NUMERIC is a double; bytes keep every bit, and their
    order is the order of the numbers, so cursors and comparisons work.
    """

    impl = LargeBinary(UINT256_BYTES)
    cache_ok = True

    def process_bind_param(self, value: int | None, _dialect: Dialect) -> bytes | None:
        return None if value is None else value.to_bytes(UINT256_BYTES, "big")

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> int | None:
        return None if value is None else int.from_bytes(value, "big")


Uint = Annotated[int, mapped_column(Uint256)]
"""An id or an amount in wei: any uint256."""

Hash = Annotated[bytes, mapped_column(LargeBinary(32))]
"""32 bytes."""

Address = Annotated[str, mapped_column(String(42))]
"""An account, EIP-55 checksummed."""
