"""Revert data → `RevertError` with one sentence.

Custom errors are looked up by selector among all artifacts; a contract may pass on the error of one
it called, so the contract that reverted does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from functools import cache
from typing import Any, Final

from chain import abi, artifacts
from chain.errors import MessageError, RevertError
from chain.sentences import PANICS, SENTENCES
from chain.types import PROVIDER_SEAT
from chain.units import show_ether, show_moment

_REASON: Final = bytes.fromhex("08c379a0")  # Error(string)
_PANIC: Final = bytes.fromhex("4e487b71")  # Panic(uint256)
_MOMENTS: Final = frozenset(
    {
        "closedAt",
        "closesAt",
        "dueAt",
        "from",
        "unbondsAt",
        "deadline",
        "timestamp",
        "until",
        "latest",
        "nextPeriodAt",
        "staleAt",
    }
)
_AMOUNTS: Final = frozenset({"sent", "required", "amount", "free", "slashed", "lock"})


def revert_error(data: bytes, context: str = "") -> RevertError:
    """What a contract meant.

    Args:
        data: the revert data, empty if there was none.
        context: what was tried, such as "VerificationRounds.commit".
    """
    try:
        name, arguments, sentence = _read(data)
    except MessageError:
        name, arguments = "", {}
        sentence = f"The contract refused with data that has no meaning here: 0x{data.hex()}."
    if not name and context:
        sentence = f"{context}: {sentence}"
    return RevertError(name, arguments, sentence, data)


def _read(data: bytes) -> tuple[str, dict[str, Any], str]:
    selector, body = data[:4], data[4:]
    if not data:
        return "", {}, "The contract refused without giving a reason."
    if selector == _REASON:
        reason = abi.decode_one({"type": "string"}, body)
        return "Error", {"reason": reason}, f"The contract refused: {reason}"
    if selector == _PANIC:
        code = abi.decode_one({"type": "uint256"}, body)
        what = PANICS.get(code, f"code {code:#x}")
        return "Panic", {"code": code}, f"The contract stopped on an internal check: {what}."
    entry = _errors().get(selector)
    if entry is None:
        return "", {}, f"The contract refused with an error unknown here (0x{data.hex()})."
    values = abi.decode(entry["inputs"], body)
    arguments = {param["name"]: value for param, value in zip(entry["inputs"], values, strict=True)}
    return entry["name"], arguments, sentence_for(entry["name"], arguments)


def sentence_for(name: str, arguments: Mapping[str, Any]) -> str:
    """The sentence of a custom error with its values filled in."""
    shown = {key: _show(key, value) for key, value in arguments.items()}
    return SENTENCES[name].format(**shown)


@cache
def _errors() -> dict[bytes, abi.Entry]:
    table: dict[bytes, abi.Entry] = {}
    for contract in artifacts.names():
        for entry in artifacts.load(contract).entries("error"):
            if entry["name"] in SENTENCES:
                table[abi.selector(entry)] = entry
    return table


def _show(name: str, value: Any) -> str:
    if isinstance(value, IntEnum):
        return value.name.capitalize()
    if isinstance(value, bytes):
        return f"0x{value.hex()}" if len(value) <= 8 else f"0x{value[:6].hex()}…"
    if name in _MOMENTS:
        return show_moment(value)
    if name in _AMOUNTS:
        return show_ether(value)
    if name == "seat":
        return "of the provider" if value == PROVIDER_SEAT else str(value)
    return str(value)
