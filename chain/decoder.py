"""Turns raw JSON-RPC logs into the dataclasses of `chain.events`.

A log counts only if the *address* that emitted it is the deployment's: a topic alone can be forged.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from eth_utils.address import to_checksum_address

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
        self._names = {str(address): name for name, address in contracts.items()}

    @property
    def addresses(self) -> list[str]:
        """Whose logs can be decoded."""
        return list(self._names)

    def decode(self, raw: Mapping[str, Any]) -> Event | None:
        """The event, or None for a log of another contract or of an event without a class."""
        address = Address(str(to_checksum_address(str(raw["address"]))))
        contract = self._names.get(address)
        if contract is None or not raw["topics"]:
            return None
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
    plain = [param for param in entry["inputs"] if not param["indexed"]]
    rest = iter(abi.decode(plain, data))
    indexed = iter(topics)
    return [
        _topic(param, next(indexed)) if param["indexed"] else next(rest)
        for param in entry["inputs"]
    ]


def _topic(param: abi.Param, topic: bytes) -> Any:
    kind = param["type"]
    if kind in {"string", "bytes"} or kind.endswith("]") or kind == "tuple":
        return topic
    return abi.decode_one(param, topic)
