"""Amounts and moments as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Final

ETHER: Final = 10**18
GWEI: Final = 10**9

_DIGITS: Final = 60
"""Of an amount in wei, at most: a uint256 holds a few more."""

_EXACT: Final = Context(prec=_DIGITS + 20)


def show_ether(wei: int) -> str:
    """`1500000000000000000` → `1.5 ETH`, exact."""
    sign, wei = ("-", -wei) if wei < 0 else ("", wei)
    whole, rest = divmod(wei, ETHER)
    digits = f"{whole}.{rest:018d}".rstrip("0").rstrip(".")
    return f"{sign}{digits} ETH"


def parse_ether(text: str) -> int:
    """`1.5` → wei, exact. ValueError unless it is 0 or more, with at most 18 decimals."""
    try:
        wei = _EXACT.multiply(Decimal(text), ETHER)
    except ArithmeticError:
        wei = Decimal(-1)
    # What has too many digits to be money would also take for ever to become an integer.
    if not wei.is_finite() or wei < 0 or wei.adjusted() >= _DIGITS or wei != int(wei):
        raise ValueError(f"{text!r} is not an amount of ETH")
    return int(wei)


def show_moment(seconds: int) -> str:
    """Unix seconds → `2026-01-31 12:00:00 UTC`."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"second {seconds}"
