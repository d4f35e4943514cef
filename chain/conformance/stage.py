"""Where a scene is played: simulated by the node, or with real transactions on a local chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from chain.blocks import Call, unhex
from chain.errors import RevertError, RpcRejected
from chain.gateway import Gateway
from chain.keys import local_signer
from chain.rpc import Rpc
from chain.sender import Sender
from chain.types import Address, Wei

CAST: Final = 4
"""How many accounts a scene has: owner, client, validator, stranger."""


class NotPlayable(Exception):
    """The node cannot simulate scenes; the message says what to do."""


@dataclass(frozen=True, slots=True)
class RawLog:
    """A log as it stands in a receipt."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one call: `data` is the answer, or what it reverted with."""

    ok: bool
    data: bytes
    logs: tuple[RawLog, ...] = ()


class Stage(Protocol):
    """Plays the calls of one scene, each after the ones before it."""

    @property
    def cast(self) -> Sequence[Address]: ...
    def act(self, by: Address, to: Address, data: bytes) -> Outcome:
        """Does something."""
        ...

    def look(self, to: Address, data: bytes) -> Outcome:
        """Asks something."""
        ...


class Simulated:
    """The node plays the scene so far for each new call; nothing is sent."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._played: list[dict[str, str]] = []
        self.cast: Sequence[Address] = tuple(
            Address(str(to_checksum_address(keccak(text=f"assay conformance {number}")[-20:])))
            for number in range(CAST)
        )

    def act(self, by: Address, to: Address, data: bytes) -> Outcome:
        call = {"from": by, "to": to, "data": "0x" + data.hex()}
        scene = {"blockStateCalls": [{"calls": [*self._played, call]}]}
        try:
            blocks = self._rpc.request("eth_simulateV1", scene, "latest")
        except RpcRejected as error:
            raise NotPlayable(
                f"the node cannot simulate calls in a row (eth_simulateV1: {error.reason})"
            ) from None
        raw = blocks[-1]["calls"][-1]
        ok = raw["status"] == "0x1"
        if ok:
            self._played.append(call)
        return Outcome(ok, unhex(raw["returnData"]), _logs(raw))

    def look(self, to: Address, data: bytes) -> Outcome:
        outcome = self.act(self.cast[-1], to, data)
        if outcome.ok:
            self._played.pop()
        return outcome


class Real:
    """Each act is a transaction of a well-known test account: for local chains."""

    def __init__(self, gateway: Gateway, rpc: Rpc, first_account: int) -> None:
        chain_id = gateway.chain_id()
        signers = [local_signer(first_account + number, chain_id) for number in range(CAST)]
        self._gateway = gateway
        self._rpc = rpc
        self._senders = {signer.address: Sender(gateway, signer) for signer in signers}
        self.cast: Sequence[Address] = tuple(self._senders)

    def act(self, by: Address, to: Address, data: bytes) -> Outcome:
        call = _call(to, data)
        try:
            answer = self._gateway.simulate(call, by)
            mined = self._senders[by].send_call(call)
        except RevertError as refusal:
            return Outcome(False, refusal.data)
        raw = self._rpc.request("eth_getTransactionReceipt", "0x" + mined.transaction_hash.hex())
        return Outcome(True, answer, _logs(raw))

    def look(self, to: Address, data: bytes) -> Outcome:
        try:
            return Outcome(True, self._gateway.simulate(_call(to, data), block="latest"))
        except RevertError as refusal:
            return Outcome(False, refusal.data)


def _call(to: Address, data: bytes) -> Call:
    return Call(to, data, Wei(0), "conformance")


def raw_log(raw: Mapping[str, Any]) -> RawLog:
    """A log from its JSON-RPC form."""
    return RawLog(
        str(to_checksum_address(raw["address"])),
        tuple(unhex(topic) for topic in raw["topics"]),
        unhex(raw["data"]),
    )


def _logs(raw: Mapping[str, Any]) -> tuple[RawLog, ...]:
    return tuple(raw_log(log) for log in raw.get("logs") or ())
