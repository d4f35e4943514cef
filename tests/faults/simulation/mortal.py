"""Processes that can die at any moment, and what they see of the chain."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import requests

from chain.errors import AssayError
from chain.rpc import Rpc
from tests.faults.simulation.ground import Ground
from tests.support.proxy import FaultyNode
from tests.support.weather import SeededWeather


class Killed(BaseException):
    """The process ends here: nothing catches it but the system."""


class Mortal:
    """A process of the simulation: `start`, `work` again and again, and death in between.

    Attributes:
        deadliness: probability of dying at each step that others could see.
        held: what the system frees when the process ends.
    """

    def __init__(self, name: str, seed: object) -> None:
        self.name = name
        self.dice = random.Random(f"{seed}/{name}")
        self.deadliness = 0.0
        self.deaths = 0
        self.held = ExitStack()
        self._running = False
        self._killed = False
        self.alive = False

    def turn(self) -> None:
        """Starts it if it is dead, and lets it work. While it waits, others have their turns."""
        if self._running:
            return
        self._running = True
        self._killed = False
        try:
            if self.alive or self._started():
                self.work()
        except BaseException:
            # A library that tidies up after the death may fail at it: no process is there to tell.
            if not self._killed:
                raise
            self.deaths += 1
            self.die()
        finally:
            self._running = False

    def die(self) -> None:
        """It is gone, with everything that was only in memory."""
        self.alive = False
        self.held.close()

    def danger(self) -> None:
        """Called where a process can die."""
        if self._running and self.dice.random() < self.deadliness:
            self._killed = True
            raise Killed

    def _started(self) -> bool:
        try:
            self.start()
        except AssayError:
            self.die()  # It says why, ends, and is started again.
        else:
            self.alive = True
        return self.alive

    def start(self) -> None:
        """Opens what outlived the last one."""

    def work(self) -> None:
        """One step of its loop, with what the loop waits out."""


class SimulatedNode(FaultyNode):
    """An RPC endpoint: the ground, through a weather of its own and geth's rules."""

    def __init__(self, ground: Ground, weather: SeededWeather) -> None:
        super().__init__("", weather=weather, raise_percent=10)
        self.weather: SeededWeather = weather
        self._ground = ground

    def forward(self, body: Any) -> dict[str, Any]:
        return self._ground.forward(body)

    def seen_by(self, process: Mortal, account: str) -> Rpc:
        """What a process, which pays from this account, uses to ask this node."""
        return _Wire(self, process, account)


class _Wire(Rpc):
    """A connection of a mortal process. It may die before a request and after the reply."""

    def __init__(self, node: SimulatedNode, process: Mortal, account: str) -> None:
        super().__init__("http://127.0.0.1:8545")
        self._node = node
        self._process = process
        self._account = account
        self._provider = self  # type: ignore[assignment]

    def make_request(self, method: str, params: list[Any]) -> Any:
        """As `web3.HTTPProvider` does it, in this thread."""
        # Whose transaction it is costs a signature's recovery, and is known here.
        self._node.signer_of = lambda _raw: self._account  # type: ignore[method-assign]
        return self._exchange(lambda: self._node.answer(_body(1, method, params)))

    def make_batch_request(self, requests: Sequence[tuple[str, list[Any]]]) -> Any:
        """As `web3.HTTPProvider` does it; for reads only."""
        bodies = [_body(number, *request) for number, request in enumerate(requests)]
        return self._exchange(lambda: self._node.answers(bodies))

    def _exchange(self, send: Callable[[], tuple[bytes | None, int]]) -> Any:
        self._process.danger()
        content, status = send()
        self._process.danger()
        if content is None:
            raise requests.ConnectionError
        if status >= 400:
            reply: Any = SimpleNamespace(status_code=status, content=content)
            raise requests.HTTPError(response=reply)
        return json.loads(content)


def _body(number: int, method: str, params: list[Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
