"""What befalls JSON-RPC requests by chance, from a seed: the faults of deployed nodes.

Each kind has a rate, a probability per request that it applies to. A node's lag is no chance but a
state: `behind` blocks are hidden from whoever asks.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.support.proxy import LOSE_REPLY, LOSE_REQUEST, Fault, Forward, refusal

Params = list[Any]

RANGE_REFUSALS: Final = (
    (-32005, "query returned more than 10000 results"),
    (-32602, "exceed maximum block range: 5000"),
    (-32600, "eth_getLogs is limited to a 10,000 range"),
    (-32000, "block range is too wide"),
    (-32614, "eth_getLogs is limited to a 10,000 blocks"),
    (-32602, "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block"),
    (-32000, "Block range limit exceeded"),
    (-32701, "Please specify an address in your request"),
    (-32000, "requested too many blocks from 1 to 90000, maximum is set to 2048"),
    (-32000, "query timeout exceeded"),
    (-32012, "too many results"),
    (-32000, "backend response too large"),
)
"""(code, words) with which providers say that a range of logs is too wide."""

_RATE_REFUSALS: Final = (
    (429, 429, "Too Many Requests"),
    (200, -32005, "daily request limit exceeded"),
    (200, -32097, "rate limit reached"),
)
"""(HTTP status, code, words)."""


def _is_range(method: str, params: Params) -> bool:
    return method == "eth_getLogs" and "fromBlock" in params[0]


def _is_block_logs(method: str, params: Params) -> bool:
    return method == "eth_getLogs" and "blockHash" in params[0]


def _is_block(method: str, _params: Params) -> bool:
    return method == "eth_getBlockByNumber"


def _rate_limit(dice: random.Random) -> Fault:
    status, code, words = dice.choice(_RATE_REFUSALS)
    answer = {"error": {"code": code, "message": words}}
    return Fault(forward=False, answer=answer, status=status)


def _too_wide(dice: random.Random) -> Fault:
    code, words = dice.choice(RANGE_REFUSALS)
    return refusal(words, code)


def _without_one(dice: random.Random) -> Fault:
    def thin(logs: Any) -> Any:
        left_out = dice.randrange(len(logs)) if logs else 0
        return [log for at, log in enumerate(logs) if at != left_out]

    return Fault(alter=thin)


def _flipped(dice: random.Random) -> Fault:
    """A block of another branch, as a node behind a balancer answers for a moment."""
    other = f"0x{dice.getrandbits(256):064x}"
    return Fault(alter=lambda block: {**block, "hash": other} if block else block)


@dataclass(frozen=True)
class Kind:
    """Which requests a fault befalls, and how it is made."""

    make: Callable[[random.Random], Fault]
    befalls: Callable[[str, Params], bool] = lambda _method, _params: True


KINDS: Final[Mapping[str, Kind]] = {
    "lose_request": Kind(lambda _: LOSE_REQUEST),
    "lose_reply": Kind(lambda _: LOSE_REPLY),
    "late": Kind(lambda dice: Fault(delay=dice.random() * 0.2)),
    "rate_limit": Kind(_rate_limit),
    "overloaded": Kind(lambda _: Fault(forward=False, answer={}, status=502)),
    "rubbish": Kind(lambda _: Fault(answer={"result": "0xnot what was asked"})),
    "too_wide": Kind(_too_wide, _is_range),
    "no_logs": Kind(lambda _: Fault(alter=lambda _logs: []), _is_block_logs),
    "thin_logs": Kind(_without_one, _is_range),
    "flip": Kind(_flipped, _is_block),
}
"""Every kind; of these `thin_logs` alone cannot be seen in the answer itself."""


class SeededWeather:
    """Implements `tests.support.proxy.Weather`."""

    def __init__(self, seed: object, rates: Mapping[str, float], methods: str = "") -> None:
        """
        Args:
            rates: kind → probability.
            methods: only requests whose method begins so.
        """
        self._dice = random.Random(str(seed))
        self.rates = dict(rates)
        self._methods = methods
        self.behind = 0
        self.befallen: list[str] = []

    def fault(self, method: str, params: Params, ask: Forward) -> Fault | None:
        if not method.startswith(self._methods):
            return None
        for name, rate in self.rates.items():
            kind = KINDS[name]
            if kind.befalls(method, params) and self._dice.random() < rate:
                self.befallen.append(name)
                return kind.make(self._dice)
        return lagging(self.behind, method, params, ask) if self.behind else None


def lagging(behind: int, method: str, params: Params, ask: Forward) -> Fault | None:
    """What a node answers that has not seen the newest blocks."""
    newest = max(0, int(ask("eth_blockNumber", [])["result"], 16) - behind)
    if method == "eth_getLogs" and "blockHash" in params[0]:
        block = ask("eth_getBlockByHash", [params[0]["blockHash"], False])["result"]
        if block is None or int(block["number"], 16) > newest:
            return refusal("unknown block", forward=False)
        return None
    if method in ("eth_getTransactionReceipt", "eth_getTransactionByHash"):
        answer = ask(method, params)
        at = (answer.get("result") or {}).get("blockNumber")
        unseen = at is not None and int(at, 16) > newest
        return Fault(forward=False, answer={"result": None}) if unseen else None
    if _is_block(method, params) and params[0].startswith("0x") and int(params[0], 16) > newest:
        return Fault(forward=False, answer={"result": None})
    told = [_seen(param, newest) for param in params]
    if told == params:
        return None
    answer = ask(method, told)
    return Fault(
        forward=False, answer={k: v for k, v in answer.items() if k in ("result", "error")}
    )


def _seen(param: Any, newest: int) -> Any:
    """A parameter in which the newest block is the newest that was seen."""
    if param in ("latest", "pending"):
        return hex(newest)
    if isinstance(param, dict) and "toBlock" in param:
        return {**param, "toBlock": hex(min(newest, int(param["toBlock"], 16)))}
    return param
