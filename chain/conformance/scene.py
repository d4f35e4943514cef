"""What a check does: it lets actors call the contracts, and insists on what must come of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Any

from eth_utils.crypto import keccak

from chain import abi
from chain.conformance import surface
from chain.conformance.stage import Outcome, Stage, raw_log
from chain.conformance.surface import IDENTITY, NETWORK, REPUTATION, VALIDATION
from chain.errors import MessageError, RpcRejected
from chain.rpc import Rpc
from chain.types import Address

REASON = bytes.fromhex("08c379a0")
"""Error(string), as the reference contracts revert."""


class Failed(Exception):
    """What the contract does instead; the message is the result's detail."""


class NotApplicable(Exception):
    """Why the check has nothing to look at."""


@dataclass(frozen=True)
class Subject:
    """The addresses to look at, and the block from which on their logs are read.

    Without a contract's address its checks do not apply. `files`: attestation files by the hash of
    their request, where they are not on chain.
    """

    rpc: Rpc
    addresses: Mapping[str, Address]
    from_block: int = 0
    files: Mapping[bytes, bytes] = field(default_factory=dict)

    def address(self, contract: str) -> Address:
        """Where a contract stands."""
        if contract not in self.addresses:
            raise NotApplicable(f"no address of the {contract} was given")
        return self.addresses[contract]


def require(holds: bool, instead: str) -> None:
    """Fails the check, saying what the contract does instead."""
    if not holds:
        raise Failed(instead)


class Scene:
    """The play of one check: the owner has agents, others rate, answer, or may do nothing."""

    _numbers: Iterator[int] = count()

    def __init__(self, subject: Subject, stage: Stage) -> None:
        self.subject = subject
        self.stage = stage
        self.owner, self.client, self.validator, self.stranger = stage.cast
        self._operators: list[Address] = []

    def close(self) -> None:
        """Leaves nothing behind that a later scene on the same chain would trip over."""
        for operator in self._operators:
            self.act(self.owner, IDENTITY, "setApprovalForAll", operator, False)

    # ------------------------------------------------------------------ calls

    def act(self, by: Address, contract: str, name: str, *values: Any) -> Outcome:
        """Calls a function; the outcome may be a refusal."""
        function = surface.function(contract, name)
        return self.stage.act(by, self.subject.address(contract), function.encode(values))

    def do(self, by: Address, contract: str, name: str, *values: Any) -> Outcome:
        """Calls a function that must not be refused."""
        outcome = self.act(by, contract, name, *values)
        require(outcome.ok, f"{name} was refused{_reason(outcome)}")
        return outcome

    def refuses(self, instead: str, by: Address, contract: str, name: str, *values: Any) -> Outcome:
        """Calls a function that must be refused; `instead` says what went through."""
        outcome = self.act(by, contract, name, *values)
        require(not outcome.ok, instead)
        return outcome

    def look(self, contract: str, name: str, *values: Any) -> Any:
        """The answer of a view, which must not be refused and must have the standard's form."""
        outcome = self.view(contract, name, *values)
        require(outcome.ok, f"{name} was refused{_reason(outcome)}")
        function = surface.function(contract, name)
        try:
            return function.decode(outcome.data)
        except MessageError:
            answer = f"({','.join(function.outputs)})"
            raise Failed(f"{name} does not answer {answer}: 0x{outcome.data.hex()}") from None

    def view(self, contract: str, name: str, *values: Any) -> Outcome:
        """Calls a view; the outcome may be a refusal."""
        function = surface.function(contract, name)
        return self.stage.look(self.subject.address(contract), function.encode(values))

    def event(self, outcome: Outcome, contract: str, name: str) -> tuple[Any, ...]:
        """The values of the only event of a kind that a contract emitted."""
        shape = surface.events(contract)[name]
        address = self.subject.address(contract)
        found = [
            log
            for log in outcome.logs
            if log.address == address and log.topics[:1] == (shape.topic,)
        ]
        require(len(found) == 1, f"{len(found)} events {name} were emitted, not 1")
        try:
            return shape.decode(found[0].topics, found[0].data)
        except (MessageError, StopIteration):
            raise Failed(f"the event {name} does not have the standard's form") from None

    def logs(self, contract: str, name: str, *topics: bytes) -> list[tuple[Any, ...]]:
        """The values of every event of a kind since the subject's first block, in order."""
        shape = surface.events(contract)[name]
        wanted = ["0x" + topic.hex() for topic in (shape.topic, *topics)]
        where = {
            "address": self.subject.address(contract),
            "fromBlock": hex(self.subject.from_block),
            "toBlock": "latest",
            "topics": wanted,
        }
        try:
            raw = self.subject.rpc.request("eth_getLogs", where)
            return [shape.decode(log.topics, log.data) for log in map(raw_log, raw)]
        except RpcRejected as error:
            raise NotApplicable(f"the node does not give the logs: {error.reason}") from None
        except (MessageError, StopIteration):
            raise Failed(f"the event {name} does not have the standard's form") from None

    # ------------------------------------------------------------------ usual beginnings

    def agent(self, by: Address | None = None, uri: str = "") -> int:
        """A new agent of the owner's, or of somebody else's."""
        outcome = self.do(by or self.owner, IDENTITY, "register(string)", uri)
        number = surface.function(IDENTITY, "register(string)").decode(outcome.data)
        return int(number)

    def appoint(self, operator: Address) -> None:
        """Lets an operator act for all agents of the owner's until the scene is over."""
        self._operators.append(operator)
        self.do(self.owner, IDENTITY, "setApprovalForAll", operator, True)

    def rate(
        self,
        agent: int,
        value: int,
        decimals: int = 0,
        tag: str = "",
        *,
        by: Address | None = None,
        second: str = "",
    ) -> Outcome:
        """The client, or somebody else, rates an agent."""
        return self.do(by or self.client, *feedback(agent, value, decimals, tag, second))

    def ask(self, agent: int, validator: Address | None = None) -> bytes:
        """The owner asks a validator to check an agent's work; returns the request's hash."""
        request = self.fresh_hash()
        to = validator or self.validator
        self.do(self.owner, VALIDATION, "validationRequest", to, agent, "uri", request)
        return request

    def answer(self, request: bytes, response: int, tag: str = "") -> Outcome:
        """The validator answers a request."""
        return self.do(self.validator, *response_to(request, response, tag))

    def fresh_hash(self) -> bytes:
        """A hash that nobody used before, also not in an earlier run on the same chain."""
        head = self.subject.rpc.request("eth_blockNumber")
        return bytes(keccak(text=f"assay conformance {head} {next(self._numbers)}"))

    @cached_property
    def unknown_agent(self) -> int:
        """An agent that nobody registered."""
        return 2**200


def feedback(
    agent: int, value: int, decimals: int = 0, tag: str = "", second: str = ""
) -> tuple[Any, ...]:
    """The contract, function and arguments of a rating."""
    return (REPUTATION, "giveFeedback", agent, value, decimals, tag, second, "", "", bytes(32))


def response_to(request: bytes, response: int, tag: str = "") -> tuple[Any, ...]:
    """The contract, function and arguments of a validator's answer."""
    return (VALIDATION, "validationResponse", request, response, "", bytes(32), tag)


def _reason(outcome: Outcome) -> str:
    if not outcome.data:
        return " without a reason"
    if outcome.data[:4] == REASON:
        return f": {abi.decode_one({'type': 'string'}, outcome.data[4:])}"
    return f" with 0x{outcome.data[:4].hex()}"


__all__ = [
    "IDENTITY",
    "NETWORK",
    "REPUTATION",
    "VALIDATION",
    "Failed",
    "NotApplicable",
    "Scene",
    "Subject",
    "feedback",
    "require",
    "response_to",
]
