"""How many blocks to ask logs of at once: as many as the node answers."""

from __future__ import annotations

from typing import Final

from chain.errors import RpcError, RpcRejected, RpcTimeout

WIDEST: Final = 10_000
"""Blocks per request that no node is asked to exceed."""

PLENTY: Final = 5_000
"""Events of one answer that are enough: so many are held in memory at once."""

_START: Final = 100
_NARROW_CODES: Final = frozenset({-32005, -32602, -32614, -32701, -32012, -32600})
_NARROW_WORDS: Final = (
    "block range",
    "blocks range",
    "range limit",
    "range too",
    "range is too",
    "too large",
    "too many",
    "more than",
    "exceed",
    "limited to",
    "limit exceeded",
    "up to a",
    "max results",
    "response size",
    "query timeout",
    "query returned",
    "timed out",
)


class RangeSize:
    """The width of the next request: halves when refused, grows slowly when answered."""

    def __init__(self, start: int = _START, widest: int = WIDEST) -> None:
        self._widest = widest
        self.width = min(start, widest)

    def answered(self, asked: int = 0, events: int = 0) -> None:
        """The last request was answered: try a little more, or less where that was plenty.

        Args:
            asked: blocks.
            events: how many of them held.
        """
        if events > PLENTY:
            self.width = max(1, asked * PLENTY // events)
        else:
            self.width = min(self._widest, self.width + max(1, self.width // 4))

    def refused(self, error: RpcError, asked: int) -> bool:
        """Halves what was asked if the error says that it was too wide; False if it says something
        else, or only one block was asked.
        """
        if asked == 1 or not is_too_wide(error):
            return False
        self.width = asked // 2
        return True


def is_too_wide(error: RpcError) -> bool:
    """Whether a node refused logs because there were too many, by its many dialects."""
    if isinstance(error, RpcTimeout):
        return True
    if not isinstance(error, RpcRejected):
        return False
    words = error.reason.lower()
    return error.code in _NARROW_CODES or any(word in words for word in _NARROW_WORDS)
