"""Turns raw JSON-RPC logs into the dataclasses of `chain.events`.

A log counts only if the *address* that emitted it is the deployment's: a topic alone can be forged.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from chain import abi, artifacts
from chain.events import EVENTS, Event, Log
from chain.types import Address, BlockHash, BlockNumber, TxHash


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
        cls, entry = found
        log = Log(
            contract=contract,
            address=address,
            block_number=BlockNumber(int(raw["blockNumber"], 16)),
            block_hash=BlockHash(bytes.fromhex(raw["blockHash"][2:])),
            transaction_hash=TxHash(bytes.fromhex(raw["transactionHash"][2:])),
            log_index=int(raw["logIndex"], 16),
        )
        return cls(log, *_values(entry, topics[1:], bytes.fromhex(raw["data"][2:])))


@cache
def _table(contract: str) -> dict[bytes, tuple[type[Event], abi.Entry]]:
    classes = {cls.__name__: cls for cls in EVENTS if contract in cls.CONTRACT}
    return {
        abi.topic0(entry): (classes[entry["name"]], entry)
        for entry in artifacts.load(contract).entries("event")
        if entry["name"] in classes
    }


def _values(entry: abi.Entry, topics: list[bytes], data: bytes) -> list[Any]:
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
