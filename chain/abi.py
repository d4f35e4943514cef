"""ABI coding between JSON ABI entries and Python values.

Structs become the dataclasses of `chain.structs`, enums the IntEnums of `chain.types`, addresses
are checksummed, `bytes32` is `bytes`. Strings that are not UTF-8 decode with replacement
characters: anybody may emit one, and an indexer must not die of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import IntEnum
from functools import cache, lru_cache
from typing import Any, Final

from eth_abi import codec
from eth_abi.decoding import StringDecoder
from eth_abi.exceptions import DecodingError, EncodingError
from eth_abi.registry import BaseEquals, registry
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from chain import artifacts
from chain.checksum import checksummed
from chain.errors import ConfigError, MessageError
from chain.structs import STRUCTS
from chain.types import (
    DoubtKind,
    DoubtState,
    Family,
    FlagKind,
    Phase,
    SeatState,
    SittingState,
    Stage,
    Verdict,
)

Param = Mapping[str, Any]
Entry = Mapping[str, Any]

ENUMS: Final[dict[str, type[IntEnum]]] = {
    "Family": Family,
    "FlagKind": FlagKind,
    "Phase": Phase,
    "SeatState": SeatState,
    "Verdict": Verdict,
    "Stage": Stage,
    "SittingState": SittingState,
    "DoubtKind": DoubtKind,
    "DoubtState": DoubtState,
}
"""Solidity enum name → IntEnum."""


def _tolerant_codec() -> codec.ABICodec:
    tolerant = registry.copy()  # type: ignore[no-untyped-call]
    tolerant.unregister_decoder("string")
    tolerant.register_decoder(
        BaseEquals("string", with_sub=False),  # type: ignore[no-untyped-call]
        StringDecoder(handle_string_errors="replace"),  # type: ignore[no-untyped-call]
        label="string",
    )
    return codec.ABICodec(tolerant)


_CODEC: Final = _tolerant_codec()


def snake(name: str) -> str:
    """`taskURI` → `task_uri`; the Python name of a Solidity parameter."""
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().lstrip("_")
    return f"{text}_" if text in {"from", "is", "in", "not"} else text


def type_of(param: Param) -> str:
    """Canonical type of a parameter, tuples expanded: `(uint256,bytes32)[]`."""
    kind: str = param["type"]
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(type_of(component) for component in param["components"])
    return f"({inner}){kind[len('tuple') :]}"


def signature(entry: Entry) -> str:
    """`name(type,type)` of a function, event or error."""
    return f"{entry['name']}({','.join(type_of(param) for param in entry['inputs'])})"


def selector(entry: Entry) -> bytes:
    """The 4 bytes that name a function or an error."""
    return bytes(keccak(text=signature(entry))[:4])


def topic0(entry: Entry) -> bytes:
    """The 32 bytes that name an event."""
    return bytes(keccak(text=signature(entry)))


def encode(params: Sequence[Param], values: Sequence[Any]) -> bytes:
    """ABI-encodes values for parameters.

    Raises:
        MessageError: a value does not fit its type.
    """
    if len(params) != len(values):
        raise MessageError(f"{len(params)} values are needed, {len(values)} were given.")
    plain = [_plain(value) for value in values]
    types = [type_of(param) for param in params]
    try:
        return bytes(_CODEC.encode(types, plain))
    except EncodingError as error:
        raise MessageError(f"A value does not fit its type: {error}.") from error


def decode(params: Sequence[Param], data: bytes) -> tuple[Any, ...]:
    """Decodes ABI data into Python values, one per parameter.

    Raises:
        MessageError: the data is not what the parameters say.
    """
    try:
        raw = _CODEC.decode([type_of(param) for param in params], data)
    except DecodingError as error:
        raise MessageError(f"The data does not have the form the ABI says: {error}.") from error
    return tuple(_rich(value, param) for value, param in zip(raw, params, strict=True))


def word_reader(param: Param) -> Callable[[bytes], Any] | None:
    """Reads a value that is one word, as `decode` does; None for types that are not.

    Most events are words only, and an index decodes a great many of them.
    """
    kind = param["type"]
    if kind == "address":
        return _address_of
    if kind == "bytes32":
        return bytes
    if kind == "bool":
        return _reader_below(2, bool)
    if kind.startswith("uint") and kind[4:].isdigit():
        internal = str(param.get("internalType", ""))
        cls = ENUMS.get(_base_name(internal)) if internal.startswith("enum ") else None
        return _reader_below(1 << int(kind[4:]), cls or int)
    return None


def _reader_below(limit: int, rich: Callable[[int], Any]) -> Callable[[bytes], Any]:
    def read(word: bytes) -> Any:
        value = int.from_bytes(word, "big")
        if value >= limit:
            raise MessageError("The data does not have the form the ABI says: a number too large.")
        return value if rich is int else rich(value)

    return read


def decode_one(param: Param, data: bytes) -> Any:
    """Decodes one value; see `decode`."""
    return decode([param], data)[0]


def function(contract: str, name: str, arguments: int) -> Entry:
    """The ABI entry of a function, by name and number of arguments, or by full signature.

    Raises:
        ConfigError: no such function, or several that only their types tell apart.
    """
    found = _functions(contract).get((name, arguments), ())
    if not found:
        raise ConfigError(f"{contract} has no function {name} with {arguments} arguments.")
    if len(found) > 1:
        choice = " or ".join(signature(entry) for entry in found)
        raise ConfigError(f"{contract}.{name} is overloaded: say {choice}.")
    return found[0]


@cache
def _functions(contract: str) -> dict[tuple[str, int], tuple[Entry, ...]]:
    table: dict[tuple[str, int], tuple[Entry, ...]] = {}
    for entry in artifacts.load(contract).entries("function"):
        count = len(entry["inputs"])
        table[entry["name"], count] = (*table.get((entry["name"], count), ()), entry)
        table[signature(entry), count] = (entry,)
    return table


def encode_call(contract: str, name: str, values: Sequence[Any]) -> bytes:
    """Selector and arguments of a call."""
    entry = function(contract, name, len(values))
    return selector(entry) + encode(entry["inputs"], values)


def decode_call(contract: str, name: str, arguments: int, data: bytes) -> tuple[Any, ...] | None:
    """The arguments of a call, as `encode_call` made it; None if it is of another function.

    Raises:
        MessageError: the arguments are not what the function takes.
    """
    entry = function(contract, name, arguments)
    if data[:4] != selector(entry):
        return None
    return decode(entry["inputs"], data[4:])


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return tuple(_plain(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    if isinstance(value, IntEnum):
        return int(value)
    return value


def _rich(value: Any, param: Param) -> Any:
    kind: str = param["type"]
    if kind.endswith("]"):
        item = {**param, "type": kind[: kind.rindex("[")]}
        return tuple(_rich(element, item) for element in value)
    internal = str(param.get("internalType", ""))
    if kind == "tuple":
        inner = [
            _rich(element, component)
            for element, component in zip(value, param["components"], strict=True)
        ]
        cls = STRUCTS.get(_base_name(internal))
        return cls(*inner) if cls else tuple(inner)
    if kind == "address":
        return _checksummed(value)
    if internal.startswith("enum "):
        cls_ = ENUMS.get(_base_name(internal))
        return cls_(value) if cls_ else value
    return value


def _base_name(internal: str) -> str:
    """`struct IStakeVault.Stake[3]` → `Stake`."""
    return internal.split(" ")[-1].split(".")[-1].split("[")[0]


@lru_cache(maxsize=1 << 16)
def _address_of(word: bytes) -> str:
    if any(word[:12]):
        raise MessageError("The data does not have the form the ABI says: no address.")
    return checksummed(word[12:])


@lru_cache(maxsize=1 << 16)
def _checksummed(address: str) -> str:
    """Costs a hash, and the same few addresses come again and again."""
    return str(to_checksum_address(address))


def forget_accounts() -> None:
    """As if no account had been read yet, for measuring what new ones cost."""
    _address_of.cache_clear()
    _checksummed.cache_clear()
