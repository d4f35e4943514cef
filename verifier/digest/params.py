"""Reading the `features` of a recipe: each value checked, each fault one sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verifier.canonical import require_fields
from verifier.errors import ProfileError

__all__ = ["Feature", "integer", "integers", "read"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One name in the `features` of a recipe: an integer, or where `listed` a list of them.

    least, most: the range of each integer, both included.
    """

    name: str
    least: int
    most: int
    listed: bool = False


def read(values: Mapping[str, Any], table: Sequence[Feature]) -> list[int]:
    """The integers of `values` in the table's order; ProfileError unless it has just these names.

    Lists are left to `integers`: how long they must be depends on the rest.
    """
    names = [row.name for row in table]
    require_fields(values, "profile's features object", names, ProfileError)
    return [integer(values, row.name, row.least, row.most) for row in table if not row.listed]


def integer(values: Mapping[str, Any], name: str, least: int, most: int) -> int:
    """`values[name]` as an integer from `least` to `most`."""
    value = values[name]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ProfileError(f"The profile's {name} must be an integer from {least} to {most}.")
    return value


def integers(values: Mapping[str, Any], row: Feature, count: int) -> tuple[int, ...]:
    """`values[row.name]` as a list of `count` integers in the range of `row`."""
    value = values[row.name]
    if not isinstance(value, list | tuple) or len(value) != count:
        raise ProfileError(f"The profile's {row.name} must be a list of {count} integers.")
    return tuple(integer({row.name: item}, row.name, row.least, row.most) for item in value)
