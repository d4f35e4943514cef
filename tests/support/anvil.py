"""Control of a test's own anvil beyond what the gateway offers."""

from __future__ import annotations

from typing import Any

from chain.rpc import Rpc


class Control:
    """anvil's own methods: mining, time, pool and reorganisations, for tests only."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._rpc = Rpc(url)

    def __call__(self, method: str, *params: Any) -> Any:
        return self._rpc.request(method, *params)

    def mine(self, blocks: int = 1, seconds: int = 1) -> None:
        """Mines blocks whose timestamps are `seconds` apart."""
        self("anvil_mine", hex(blocks), hex(seconds))

    def pass_time(self, seconds: int) -> None:
        """Lets `seconds` go by on the chain, in one block."""
        self("evm_increaseTime", seconds)
        self("evm_mine")

    def close(self) -> None:
        self._rpc.close()
