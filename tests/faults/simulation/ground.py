"""The chain of a simulation: a real one, whose blocks, times and reorganisations a seed decides."""

from __future__ import annotations

import http.client
import json
import random
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chain.blocks import unhex
from chain.units import GWEI

REORGANISED_AT_MOST: Final = 3
"""Blocks; the chain calls one final long before so many more are on it."""


class Line:
    """One kept connection to the node: JSON-RPC without ceremony."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
        self._connection.connect()
        assert self._connection.sock is not None
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def forward(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The node's reply."""
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", "/", json.dumps(body), headers)
        reply: dict[str, Any] = json.loads(self._connection.getresponse().read())
        return reply

    def __call__(self, method: str, *params: Any) -> Any:
        reply = self.forward({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        assert "error" not in reply, (method, params, reply["error"])
        return reply["result"]

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True)
class Mined:
    """A block that was once on the chain, and what a witness held then."""

    number: int
    hash: bytes
    timestamp: int
    witnessed: Any


class Ground:
    """Mines only when told to; remembers every block that ever was, on whatever branch.

    Attributes:
        base_fee: wei per gas that blocks ask from now on.
        newest: the block at the head.
        reorganised: how often.
    """

    def __init__(self, line: Line, dice: random.Random, witness: Callable[[], Any]) -> None:
        """
        Args:
            witness: asks the state of the newest block something.
        """
        self.line = line
        self._dice = dice
        self._witness = witness
        self._before: list[str] = []  # snapshots, each from before one of the newest blocks
        self.raw: dict[str, str] = {}
        self.ever: dict[bytes, Mined] = {}
        self.reorganised = 0
        self.base_fee = GWEI
        self.remember()

    def forward(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A request of one of the processes; its transactions are remembered."""
        if body["method"] == "eth_blockNumber":
            return {"jsonrpc": "2.0", "id": body["id"], "result": hex(self.newest.number)}
        reply = self.line.forward(body)
        if body["method"] == "eth_sendRawTransaction" and "result" in reply:
            self.raw[reply["result"]] = body["params"][0]
        return reply

    def mine(self, seconds: int | None = None) -> int:
        """One block with what the pool holds; returns its time."""
        self._before = [*self._before, self.line("evm_snapshot")][-REORGANISED_AT_MOST:]
        at = self.newest.timestamp + (seconds or self._dice.randint(1, 4))
        self.line("evm_setNextBlockTimestamp", at)
        # Left alone it would remember blocks that were taken away.
        self.line("anvil_setNextBlockBaseFeePerGas", hex(self.base_fee))
        self.line("evm_mine")
        self.remember()
        return at

    def reorganise(self) -> None:
        """Takes blocks away and mines others; of their transactions some come again, some never."""
        if not self._before:
            self.mine()  # in the beginning there is nothing to take away
        depth = min(len(self._before), self._dice.randint(1, REORGANISED_AT_MOST))
        head = self.newest.number
        lost: list[str] = []
        for number in range(head - depth + 1, head + 1):
            lost += self.line("eth_getBlockByNumber", hex(number), False)["transactions"]
        assert self.line("evm_revert", self._before[-depth])
        self._before = self._before[:-depth]
        self.remember()
        for transaction in lost:
            if self._dice.random() < 0.7 and transaction in self.raw:
                self.line.forward(
                    {
                        "jsonrpc": "2.0",
                        "id": 1,
                        "method": "eth_sendRawTransaction",
                        "params": [self.raw[transaction]],
                    }
                )
        self.reorganised += 1
        for _ in range(depth + self._dice.randint(-1, 1)):
            self.mine()

    def remember(self) -> None:
        """Keeps what the newest block is and says."""
        block = self.line("eth_getBlockByNumber", "latest", False)
        number, timestamp = (int(block[name], 16) for name in ("number", "timestamp"))
        self.newest = Mined(number, unhex(block["hash"]), timestamp, self._witness())
        self.ever[self.newest.hash] = self.newest
