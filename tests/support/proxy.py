"""A JSON-RPC proxy that misbehaves on purpose: lost replies, geth's pool rules, false answers.

Faults are queued per method and used up in order; a weather adds random ones from a seed, so that
a failing run can be repeated.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Protocol

from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from eth_utils.crypto import keccak
from hexbytes import HexBytes


@dataclass(frozen=True)
class Fault:
    """One misbehaviour.

    Attributes:
        forward: the node gets the request.
        answer: JSON-RPC answer to give instead of the node's (`{"error": …}` or `{"result": …}`).
        alter: makes another result of the node's.
        drop: the connection is closed without an answer.
        delay: seconds before the answer.
        status: HTTP status of the answer.
    """

    forward: bool = True
    answer: Mapping[str, Any] | None = None
    alter: Callable[[Any], Any] | None = None
    drop: bool = False
    delay: float = 0.0
    status: int = 200


LOSE_REPLY = Fault(drop=True)
LOSE_REQUEST = Fault(forward=False, drop=True)


def refusal(message: str, code: Any = -32000, *, forward: bool = False) -> Fault:
    """The node seems to refuse; with `forward` it has the request all the same."""
    return Fault(forward=forward, answer={"error": {"code": code, "message": message}})


def claim(result: Any) -> Fault:
    """The node's answer is replaced by this result."""
    return Fault(answer={"result": result})


Forward = Callable[[str, list[Any]], Mapping[str, Any]]
"""Asks the real node: method and parameters to `{"result": …}` or `{"error": …}`."""


class Weather(Protocol):
    """Faults that come by chance. `tests.support.weather` has one."""

    def fault(self, method: str, params: list[Any], ask: Forward) -> Fault | None:
        """What befalls a request, if anything."""


class FaultyNode:
    """A node as a client sees it through everything that can go wrong, without a socket.

    Attributes:
        requests: (method, parameters) so far, those in batches too.
        batches: how many requests each batch had.
        most_together: larger batches are refused.
    """

    def __init__(
        self, node: str, *, weather: Weather | None = None, raise_percent: int | None = None
    ) -> None:
        """
        Args:
            node: RPC URL of the real node.
            weather: what befalls requests for which no fault was injected.
            raise_percent: refuse replacements that do not raise both fees by as much, and
                duplicates with "already known", as geth does (its value is 10).
        """
        self._node = node
        self.weather = weather
        self._raise_percent = raise_percent
        self._pool: dict[tuple[str, int], tuple[bytes, int, int]] = {}
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._lock = threading.Lock()
        self.requests: list[tuple[str, list[Any]]] = []
        self.batches: list[int] = []
        self.most_together: int | None = None

    def inject(self, method: str, *faults: Fault) -> None:
        """The next requests of a method meet these faults, one each."""
        with self._lock:
            self._faults[method].extend(faults)

    def forgive(self, method: str) -> None:
        """Takes the faults of a method away that are not used up."""
        with self._lock:
            self._faults[method].clear()

    def pending(self, method: str) -> int:
        """Faults of a method that are not used up."""
        with self._lock:
            return len(self._faults[method])

    def broadcasts(self) -> list[str]:
        """Raw transactions handed in so far, in order."""
        with self._lock:
            return [p[0] for method, p in self.requests if method == "eth_sendRawTransaction"]

    def _fault(self, method: str, params: list[Any]) -> Fault:
        with self._lock:
            if self._faults[method]:
                return self._faults[method].popleft()
        found = self.weather.fault(method, params, self._ask) if self.weather else None
        return found or Fault()

    def _pool_rule(self, raw: str) -> Mapping[str, Any] | None:
        """geth's answer to a duplicate or to a replacement that pays too little."""
        data = bytes.fromhex(raw[2:])
        fields = TypedTransaction.from_bytes(HexBytes(data)).as_dict()
        place = (self.signer_of(data), int(fields["nonce"]))
        fees = (int(fields["maxFeePerGas"]), int(fields["maxPriorityFeePerGas"]))
        with self._lock:
            known = self._pool.get(place)
            if known is not None and not self._has(known[0]):
                known = None
            if known is not None and known[0] == data:
                return {"error": {"code": -32000, "message": "already known"}}
            if known is not None and self._raise_percent is not None:
                factor = 100 + self._raise_percent
                if any(new * 100 < old * factor for new, old in zip(fees, known[1:], strict=True)):
                    message = "replacement transaction underpriced"
                    return {"error": {"code": -32000, "message": message}}
            self._pool[place] = (data, *fees)
        return None

    def _has(self, raw: bytes) -> bool:
        """Whether the node still has a transaction: it may have dropped it, or a block with it."""
        found = self._ask("eth_getTransactionByHash", ["0x" + keccak(raw).hex()])
        return found.get("result") is not None

    def signer_of(self, raw: bytes) -> str:
        """Whose transaction it is."""
        return str(Account.recover_transaction(raw))

    def answer(self, body: Mapping[str, Any]) -> tuple[bytes | None, int]:
        """(what comes back, HTTP status) for one request; None for a connection that breaks."""
        reply, status = self._reply(body)
        return (None if reply is None else json.dumps(reply).encode()), status

    def answers(self, bodies: Sequence[Mapping[str, Any]]) -> tuple[bytes | None, int]:
        """The same for a batch: what befalls one of its requests besides its answer befalls all."""
        with self._lock:
            self.batches.append(len(bodies))
        if self.most_together is not None and len(bodies) > self.most_together:
            error = {"code": -32600, "message": "batch requests of this size are not supported"}
            return json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode(), 200
        told = [self._reply(body) for body in bodies]
        replies, status = [reply for reply, _ in told], max(status for _, status in told)
        return (None if None in replies else json.dumps(replies).encode()), status

    def _reply(self, body: Mapping[str, Any]) -> tuple[dict[str, Any] | None, int]:
        method, params = body["method"], body["params"]
        with self._lock:
            self.requests.append((method, params))
        fault = self._fault(method, params)
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": body["id"]}
        if fault.forward:
            refused = None
            if method == "eth_sendRawTransaction" and self._raise_percent is not None:
                refused = self._pool_rule(params[0])
            reply.update(refused or self.forward(body))
        if fault.alter is not None and "result" in reply:
            reply["result"] = fault.alter(reply["result"])
        if fault.answer is not None:
            reply = {"jsonrpc": "2.0", "id": body["id"], **fault.answer}
        time.sleep(fault.delay)
        return (None if fault.drop else reply), fault.status

    def forward(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The real node's answer."""
        request = urllib.request.Request(
            self._node, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            answer: dict[str, Any] = json.load(response)
        return answer

    def _ask(self, method: str, params: list[Any]) -> Mapping[str, Any]:
        return self.forward({"jsonrpc": "2.0", "id": 0, "method": method, "params": params})


class FaultProxy(FaultyNode):
    """The same behind a URL. A context manager."""

    def __init__(
        self, node: str, *, weather: Weather | None = None, raise_percent: int | None = None
    ) -> None:
        super().__init__(node, weather=weather, raise_percent=raise_percent)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        # Clients that are killed leave their connections as they are.
        self._server.handle_error = lambda _request, _address: None  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                asked = proxy.answers if isinstance(body, list) else proxy.answer
                content, status = asked(body)
                if content is None:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        return Handler
