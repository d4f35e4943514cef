"""Reading the `features` of a recipe: each value checked, each fault one sentence."""

from collections.abc import Mapping
from typing import Any

from verifier.errors import ProfileError

__all__ = ["integer", "integers"]


def integer(values: Mapping[str, Any], name: str, least: int, most: int) -> int:
    """`values[name]` as an integer from `least` to `most`."""
    value = values[name]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ProfileError(f"The profile's {name} must be an integer from {least} to {most}.")
    return value


def integers(
    values: Mapping[str, Any], name: str, count: int, least: int, most: int
) -> tuple[int, ...]:
    """`values[name]` as `count` integers, each from `least` to `most`."""
    value = values[name]
    if not isinstance(value, list | tuple) or len(value) != count:
        raise ProfileError(f"The profile's {name} must be a list of {count} integers.")
    return tuple(integer({name: item}, name, least, most) for item in value)
