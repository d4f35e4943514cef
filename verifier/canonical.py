"""RFC 8785 JSON out, strict JSON in, and the hash of the former."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import rfc8785
from eth_utils.crypto import keccak

from verifier.errors import VerifierError

__all__ = ["canonical_json", "from_hex", "keccak256", "parse_object", "require_fields", "shown"]

MOST_SHOWN = 80
TOO_LARGE = 1 << 53


def keccak256(data: bytes) -> bytes:
    """The 32 bytes of keccak-256 (Ethereum's, not SHA3-256) of `data`."""
    return bytes(keccak(data))


def canonical_json(value: Any, error: type[VerifierError] = VerifierError) -> bytes:
    """`value` as RFC 8785 bytes; raises `error` for what JSON cannot carry exactly, and what reads
    the bytes again would refuse."""
    try:
        _check_numbers(value)
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as problem:
        raise error(
            f"The value cannot be written as canonical JSON ({problem}); use text, booleans "
            "and numbers below 2^53 in size only."
        ) from None


def parse_object(
    data: bytes, what: str, max_bytes: int, error: type[VerifierError]
) -> dict[str, Any]:
    """The JSON object in `data`: UTF-8, no duplicate names, no NaN or Infinity, bounded size."""
    if len(data) > max_bytes:
        raise error(f"The {what} has {len(data)} bytes; at most {max_bytes} are allowed.")
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_constant=_no_constant
        )
    except UnicodeDecodeError:
        raise error(f"The {what} is not UTF-8 text; save it as UTF-8 JSON.") from None
    except RecursionError:
        raise error(f"The {what} is nested too deeply; flatten it.") from None
    except ValueError as problem:
        raise error(f"The {what} is not valid JSON: {problem}.") from None
    if not isinstance(value, dict):
        raise error(f"The {what} must be a JSON object, not {type(value).__name__}.")
    return value


def require_fields(
    value: Mapping[str, Any],
    what: str,
    required: Iterable[str],
    error: type[VerifierError],
    optional: Iterable[str] = (),
) -> None:
    """Raises `error` unless `value` has all `required` names and none beyond `optional`."""
    needed, allowed = set(required), set(required) | set(optional)
    missing, unknown = sorted(needed - set(value)), sorted(set(value) - allowed)
    if missing:
        raise error(f"The {what} lacks the field {shown(missing[0])}; add it.")
    if unknown:
        raise error(
            f"The {what} has the unknown field {shown(unknown[0])}; remove it "
            f"(known: {', '.join(sorted(allowed))})."
        )


def shown(value: Any) -> str:
    """`value` as a sentence quotes it: on one line, and only the beginning of what is long."""
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def from_hex(value: Any, size: int, what: str, error: type[VerifierError]) -> bytes:
    """The `size` bytes that the lower-case string `0x…` stands for."""
    if isinstance(value, str) and value.startswith("0x") and value == value.lower():
        try:
            raw = bytes.fromhex(value[2:])
        except ValueError:
            raw = b""
        if len(raw) == size and len(value) == 2 + 2 * size:
            return raw
    raise error(f"The {what} must be 0x followed by {2 * size} lower-case hexadecimal digits.")


def _check_numbers(value: Any) -> None:
    """Floats from 2^53 on are whole, and most are written as integers that no reader takes."""
    if isinstance(value, float) and not abs(value) < TOO_LARGE:
        raise rfc8785.FloatDomainError(value)
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for each in value:
        _check_numbers(each)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {shown(twice)} appears twice in one object")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")
