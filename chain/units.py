"""Amounts and moments as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

ETHER: Final = 10**18
GWEI: Final = 10**9


def show_ether(wei: int) -> str:
    """`1500000000000000000` → `1.5 ETH`, exact."""
    sign, wei = ("-", -wei) if wei < 0 else ("", wei)
    whole, rest = divmod(wei, ETHER)
    digits = f"{whole}.{rest:018d}".rstrip("0").rstrip(".")
    return f"{sign}{digits} ETH"


def parse_ether(text: str) -> int:
    """`1.5` → wei, exact. ValueError unless it is 0 or more, with at most 18 decimals."""
    try:
        wei = Decimal(text) * ETHER
    except InvalidOperation:
        wei = Decimal(-1)
    if not wei.is_finite() or wei < 0 or wei != int(wei):
        raise ValueError(f"{text!r} is not an amount of ETH")
    return int(wei)


def show_moment(seconds: int) -> str:
    """Unix seconds → `2026-01-31 12:00:00 UTC`."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"second {seconds}"
