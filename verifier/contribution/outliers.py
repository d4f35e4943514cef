"""Which contributions stand apart: the modified z-score by the median absolute deviation.

A value is an outlier if 0.6745 · |x − median| / MAD > 3.5 (Iglewicz and Hoaglin, How to Detect and
Handle Outliers, ASQC 1993). Unlike the standard deviation, the MAD holds as long as fewer than half
of the values are bad.
"""

from collections.abc import Sequence
from fractions import Fraction

__all__ = ["median", "outliers"]

THRESHOLD = Fraction(35_000, 6745)
LEAST_VALUES = 3


def outliers(values: Sequence[int | None], least_deviation: int = 1) -> tuple[bool | None, ...]:
    """Whether each value is an outlier; None where there is no value.

    least_deviation: the MAD is taken to be at least this much, so that where most values are equal
        the smallest difference is not an outlier. Of fewer than three values none is one.
    """
    there = [value for value in values if value is not None]
    if len(there) < LEAST_VALUES:
        return tuple(None if value is None else False for value in values)
    middle = median(there)
    spread = max(median([abs(value - middle) for value in there]), Fraction(least_deviation))
    return tuple(
        None if value is None else abs(value - middle) > THRESHOLD * spread for value in values
    )


def median(values: Sequence[int | Fraction]) -> Fraction:
    """The middle value, or half the sum of the two middle ones. At least one value."""
    ordered = sorted(values)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return Fraction(ordered[half])
    return Fraction(ordered[half - 1] + ordered[half]) / 2
