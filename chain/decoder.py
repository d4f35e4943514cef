"""Turns raw JSON-RPC logs into the dataclasses of `chain.events`.

A log counts only if the *address* that emitted it is the deployment's: a topic alone can be forged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from itertools import count
from typing import Any

from chain import abi, artifacts
from chain.blocks import counted
from chain.errors import MessageError
from chain.events import EVENTS, Event, Log
from chain.types import Address, BlockHash, BlockNumber, TxHash

Values = Callable[[list[bytes], bytes], list[Any]]
"""An event's values from its topics, the first left out, and its data."""


class EventDecoder:
    """Turns raw JSON-RPC logs of known contracts into events."""

    def __init__(self, contracts: Mapping[str, Address]) -> None:
        """
        Args:
            contracts: contract name → address, as in a deployment.
        """
        # By the form in which nodes write them: a checksum costs more than all the rest.
        self._known = {str(at).lower(): (name, at) for name, at in contracts.items()}

    @property
    def addresses(self) -> list[str]:
        """Whose logs can be decoded."""
        return [str(address) for _, address in self._known.values()]

    def decode(self, raw: Mapping[str, Any]) -> Event | None:
        """The event, or None for a log of another contract or of an event without a class."""
        known = self._known.get(str(raw["address"]).lower())
        if known is None or not raw["topics"]:
            return None
        contract, address = known
        topics = [bytes.fromhex(str(topic)[2:]) for topic in raw["topics"]]
        found = _table(contract).get(topics[0])
        if found is None:
            return None
        cls, values = found
        log = Log(
            contract=contract,
            address=address,
            block_number=BlockNumber(counted(raw["blockNumber"])),
            block_hash=BlockHash(bytes.fromhex(raw["blockHash"][2:])),
            transaction_hash=TxHash(bytes.fromhex(raw["transactionHash"][2:])),
            log_index=counted(raw["logIndex"]),
        )
        return cls(log, *values(topics[1:], bytes.fromhex(raw["data"][2:])))


@cache
def _table(contract: str) -> dict[bytes, tuple[type[Event], Values]]:
    classes = {cls.__name__: cls for cls in EVENTS if contract in cls.CONTRACT}
    return {
        abi.topic0(entry): (classes[entry["name"]], words(entry) or partial(anything, entry))
        for entry in artifacts.load(contract).entries("event")
        if entry["name"] in classes
    }


def words(entry: abi.Entry) -> Values | None:
    """How an event's values are read if each is one word; None if one is not."""
    indexed = [param["indexed"] for param in entry["inputs"]]
    readers = [
        abi.word_reader(_in_topic(param) if param["indexed"] else param)
        for param in entry["inputs"]
    ]
    # Where each word is once the topics are put before the data.
    topics, data = count(), count(sum(indexed))
    places = [next(topics) if inside else next(data) for inside in indexed]
    fields = [
        (reader, slice(32 * place, 32 * place + 32))
        for reader, place in zip(readers, places, strict=True)
        if reader is not None
    ]
    if len(fields) < len(readers):
        return None
    size = 32 * len(fields)

    def values(inside: list[bytes], data: bytes) -> list[Any]:
        joined = b"".join(inside) + data
        if len(inside) != sum(indexed) or len(joined) < size:
            raise MessageError("The data does not have the form the ABI says: it is too short.")
        return [reader(joined[at]) for reader, at in fields]

    return values


def anything(entry: abi.Entry, topics: list[bytes], data: bytes) -> list[Any]:
    """An event's values, whatever their types."""
    params = entry["inputs"]
    plain = iter(abi.decode([param for param in params if not param["indexed"]], data))
    inside = [_in_topic(param) for param in params if param["indexed"]]
    # A topic is a word, so several are what a tuple of them would be.
    indexed = iter(abi.decode(inside, b"".join(topics)))
    return [next(indexed) if param["indexed"] else next(plain) for param in params]


def _in_topic(param: abi.Param) -> abi.Param:
    """A parameter as a topic holds it: where it does not fit, its hash."""
    kind = param["type"]
    if kind in {"string", "bytes"} or kind.endswith("]") or kind == "tuple":
        return {**param, "type": "bytes32"}
    return param
