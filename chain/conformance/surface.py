"""Functions and events of ERC-8004 and ERC-8294, as the standards write them.

Written down apart from our own ABIs, so that neither can drift without the other noticing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from eth_utils.crypto import keccak

from chain import abi
from chain.errors import ConfigError

IDENTITY: Final = "IdentityRegistry"
REPUTATION: Final = "ReputationRegistry"
VALIDATION: Final = "ValidationRegistry"
NETWORK: Final = "ValidationNetwork"

FUNCTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    IDENTITY: (
        "register() returns (uint256)",
        "register(string) returns (uint256)",
        "register(string,(string,bytes)[]) returns (uint256)",
        "setAgentURI(uint256,string)",
        "getMetadata(uint256,string) returns (bytes)",
        "setMetadata(uint256,string,bytes)",
        "getAgentWallet(uint256) returns (address)",
        "setAgentWallet(uint256,address,uint256,bytes)",
        "unsetAgentWallet(uint256)",
        "isAuthorizedOrOwner(address,uint256) returns (bool)",
        "getVersion() returns (string)",
        "ownerOf(uint256) returns (address)",
        "tokenURI(uint256) returns (string)",
        "balanceOf(address) returns (uint256)",
        "approve(address,uint256)",
        "getApproved(uint256) returns (address)",
        "setApprovalForAll(address,bool)",
        "isApprovedForAll(address,address) returns (bool)",
        "transferFrom(address,address,uint256)",
        "safeTransferFrom(address,address,uint256)",
        "supportsInterface(bytes4) returns (bool)",
    ),
    REPUTATION: (
        "getIdentityRegistry() returns (address)",
        "giveFeedback(uint256,int128,uint8,string,string,string,string,bytes32)",
        "revokeFeedback(uint256,uint64)",
        "appendResponse(uint256,address,uint64,string,bytes32)",
        "getSummary(uint256,address[],string,string) returns (uint64,int128,uint8)",
        "readFeedback(uint256,address,uint64) returns (int128,uint8,string,string,bool)",
        "readAllFeedback(uint256,address[],string,string,bool) returns"
        " (address[],uint64[],int128[],uint8[],string[],string[],bool[])",
        "getResponseCount(uint256,address,uint64,address[]) returns (uint64)",
        "getClients(uint256) returns (address[])",
        "getLastIndex(uint256,address) returns (uint64)",
        "getVersion() returns (string)",
    ),
    VALIDATION: (
        "getIdentityRegistry() returns (address)",
        "validationRequest(address,uint256,string,bytes32)",
        "validationResponse(bytes32,uint8,string,bytes32,string)",
        "getValidationStatus(bytes32) returns (address,uint256,uint8,bytes32,string,uint256)",
        "getSummary(uint256,address[],string) returns (uint64,uint8)",
        "getAgentValidations(uint256) returns (bytes32[])",
        "getValidatorRequests(address) returns (bytes32[])",
        "getVersion() returns (string)",
    ),
    NETWORK: (
        "OUT_OF_BAND_PRICE() returns (uint256)",
        "validationRegistry() returns (address)",
        "submit(bytes32,bytes,bytes)",
        "quote(bytes) returns (uint256,uint32)",
        "policySchema() returns (string)",
        "verificationProfile() returns (bytes32)",
        "supportsPolicy(bytes) returns (bool)",
        "status(bytes32) returns (uint8,uint16,bool)",
        "supportsInterface(bytes4) returns (bool)",
    ),
}
"""Every function, with its answer."""

EVENTS: Final[Mapping[str, tuple[str, ...]]] = {
    IDENTITY: (
        "Registered(uint256 indexed,string,address indexed)",
        "MetadataSet(uint256 indexed,string indexed,string,bytes)",
        "URIUpdated(uint256 indexed,string,address indexed)",
        "Transfer(address indexed,address indexed,uint256 indexed)",
    ),
    REPUTATION: (
        "NewFeedback(uint256 indexed,address indexed,uint64,int128,uint8,string indexed,string,"
        "string,string,string,bytes32)",
        "FeedbackRevoked(uint256 indexed,address indexed,uint64 indexed)",
        "ResponseAppended(uint256 indexed,address indexed,uint64,address indexed,string,bytes32)",
    ),
    VALIDATION: (
        "ValidationRequest(address indexed,uint256 indexed,string,bytes32 indexed)",
        "ValidationResponse(address indexed,uint256 indexed,bytes32 indexed,uint8,string,bytes32,"
        "string)",
    ),
    NETWORK: (
        "RequestAccepted(bytes32 indexed,bytes,uint256)",
        "ValidatorsSelected(bytes32 indexed,address[],bytes32)",
        "AttestationsAggregated(bytes32 indexed,address[],bytes32,uint8)",
    ),
}
"""Every event, with what is indexed."""

ERRORS: Final = (
    "NotAddressee(bytes32)",
    "AlreadySubmitted(bytes32)",
    "PolicyNotSupported(bytes)",
)
"""Of ERC-8294; ERC-8004 leaves its registries' errors open."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function: types of its arguments and of its answer."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def signature(self) -> str:
        return f"{self.name}({','.join(self.inputs)})"

    @property
    def selector(self) -> bytes:
        return bytes(keccak(text=self.signature)[:4])

    def encode(self, values: tuple[Any, ...]) -> bytes:
        """Call data."""
        return self.selector + abi.encode([{"type": kind} for kind in self.inputs], values)

    def decode(self, data: bytes) -> Any:
        """The answer: a value, a tuple of several, or None."""
        values = abi.decode([{"type": kind} for kind in self.outputs], data)
        return (values[0] if len(values) == 1 else values) if values else None


@dataclass(frozen=True, slots=True)
class EventShape:
    """One event: type and whether it is indexed, of each parameter."""

    name: str
    params: tuple[tuple[str, bool], ...]

    @property
    def signature(self) -> str:
        return f"{self.name}({','.join(kind for kind, _ in self.params)})"

    @property
    def topic(self) -> bytes:
        return bytes(keccak(text=self.signature))

    def decode(self, topics: tuple[bytes, ...], data: bytes) -> tuple[Any, ...]:
        """Values in order; of indexed texts their keccak256, as the log holds it."""
        indexed = iter(topics[1:])
        plain = iter(abi.decode([{"type": k} for k, is_topic in self.params if not is_topic], data))
        return tuple(
            _topic_value(kind, next(indexed)) if is_topic else next(plain)
            for kind, is_topic in self.params
        )


def _topic_value(kind: str, topic: bytes) -> Any:
    if kind in {"string", "bytes"} or kind.endswith("]"):
        return topic
    return abi.decode_one({"type": kind}, topic)


def split(types: str) -> Iterator[str]:
    """`a,(b,c)[],d` → a, (b,c)[], d."""
    depth, start = 0, 0
    for at, char in enumerate(types):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            yield types[start:at].strip()
            start = at + 1
    if types:
        yield types[start:].strip()


def parse_function(text: str) -> Function:
    """`name(types) returns (types)`."""
    head, _, answer = text.partition(" returns ")
    name, _, inputs = head.partition("(")
    return Function(name, tuple(split(inputs[:-1])), tuple(split(answer[1:-1])))


def parse_event(text: str) -> EventShape:
    """`Name(type [indexed],...)`."""
    found = re.fullmatch(r"(\w+)\((.*)\)", text)
    if found is None:
        raise ValueError(text)
    params = tuple(
        (param.removesuffix(" indexed"), param.endswith(" indexed")) for param in split(found[2])
    )
    return EventShape(found[1], params)


@cache
def functions(contract: str) -> dict[str, Function]:
    """Functions of a contract by signature, and by name where that is clear."""
    found = [parse_function(text) for text in FUNCTIONS[contract]]
    names = [function.name for function in found]
    table = {function.signature: function for function in found}
    return table | {f.name: f for f in found if names.count(f.name) == 1}


@cache
def events(contract: str) -> dict[str, EventShape]:
    """Events of a contract by name."""
    return {shape.name: shape for shape in map(parse_event, EVENTS[contract])}


def function(contract: str, name: str) -> Function:
    """A function by signature or by name.

    Raises:
        ConfigError: there is none.
    """
    found = functions(contract).get(name)
    if found is None:
        raise ConfigError(f"{contract} has no function {name} in the standard.")
    return found


def error_selector(signature: str) -> bytes:
    """The first 4 bytes of what a contract reverts with."""
    return bytes(keccak(text=signature)[:4])


def interface_id(contract: str) -> bytes:
    """ERC-165: XOR of the selectors, supportsInterface's own left out."""
    value = 0
    for text in FUNCTIONS[contract]:
        found = parse_function(text)
        if found.name != "supportsInterface":
            value ^= int.from_bytes(found.selector, "big")
    return value.to_bytes(4, "big")
