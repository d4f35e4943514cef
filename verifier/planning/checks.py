"""Arguments of plans: each refusal is one sentence that says what to give instead."""

from fractions import Fraction
from math import inf

from verifier.errors import PlanningError

__all__ = ["amount", "count", "exact", "margin", "share"]


def share(value: float, what: str, low: float = 0.0, high: float = 1.0) -> float:
    """`value` if it lies strictly between `low` and `high`; NaN does not."""
    if not low < value < high:
        raise PlanningError(f"The {what} must lie between {low:g} and {high:g}, not be {value:g}.")
    return value


def count(value: int, what: str, low: int, high: int) -> int:
    """`value` if it is a whole number from `low` to `high`."""
    if not low <= value <= high:
        raise PlanningError(f"The {what} must be from {low} to {high}, not {value}.")
    return value


def amount(wei: int, what: str) -> int:
    """`wei` if it is not negative."""
    if wei < 0:
        raise PlanningError(f"The {what} must not be negative.")
    return wei


def margin(value: float) -> float:
    """`value` if it is a share to add to what breaks even: 0 or more."""
    if not 0 <= value < inf:
        raise PlanningError(f"The margin must be 0 or more, not {value:g}.")
    return value


def exact(value: float) -> Fraction:
    """The decimal number that was meant: 0.1 is one tenth, not the double next to it."""
    return Fraction(repr(value))
