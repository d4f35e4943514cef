"""Moves rounds along that anybody may move: drawing, and advancing when a window is over.

Whoever finalizes earns a tip, but everybody who comes second pays gas for nothing. So the
provider's node acts at once, those of its committee a little later, all others later still, each at
a moment derived from (agent, round). One that finds the work done calls it a success.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from eth_utils.crypto import keccak

from chain.blocks import Block
from chain.errors import RevertError
from chain.structs import Round
from chain.types import Phase
from verifier.node.court_view import COURT
from verifier.node.records import KnownRound
from verifier.node.retries import Retries
from verifier.node.seat import Transactor
from verifier.node.workers import Sendings

__all__ = ["BackOff", "Poke", "Poker", "Role", "due"]

_log = logging.getLogger("assay.node")

# What the court answers to whoever comes second or too early.
_OVERTAKEN = frozenset({"RoundWrongPhase", "RoundWindowOpen", "EntropyNotReady"})


class Poke(StrEnum):
    """Verbs of the court that anybody may use."""

    DRAW = "draw"
    ADVANCE = "advance"


class Role(StrEnum):
    """What a node is to a round."""

    PROVIDER = "provider"
    COMMITTEE = "committee"
    BYSTANDER = "bystander"


@dataclass(frozen=True, slots=True)
class BackOff:
    """Seconds until a node acts: (least, spread) by role."""

    provider: tuple[float, float] = (0.0, 0.0)
    committee: tuple[float, float] = (1.0, 3.0)
    bystander: tuple[float, float] = (6.0, 18.0)

    def delay(self, role: Role, agent_id: int, request_hash: bytes) -> float:
        """Seconds for one agent in one round; the same every time."""
        least, spread = getattr(self, role.value)
        seed = keccak(agent_id.to_bytes(32, "big") + request_hash)
        return float(least + spread * int.from_bytes(seed[:4], "big") / 2**32)


def due(view: Round, head: Block, now: int) -> Poke | None:
    """What a round waits for that anybody may do, if anything. `now` is the chain's clock."""
    if view.phase is Phase.DRAWING:
        return Poke.DRAW if head.number >= view.entropy_block else None
    if view.phase is Phase.TALLYING:
        return Poke.ADVANCE
    if view.phase is Phase.PUBLISHING and now >= view.publish_closes_at:
        return Poke.ADVANCE
    if view.phase in (Phase.FLAGGING, Phase.VOTING) and now >= view.open_closes_at:
        return Poke.ADVANCE
    return None


class Poker:
    """Sends what is due, in turn."""

    def __init__(
        self,
        agent_id: int,
        sender: Transactor,
        sendings: Sendings,
        back_off: BackOff,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._agent_id = agent_id
        self._sender = sender
        self._sendings = sendings
        self._back_off = back_off
        self._clock = clock
        self._retries = Retries(first=1.0, longest=20.0, clock=clock)
        self._since: dict[bytes, tuple[tuple[Poke, Phase, int], float]] = {}

    def consider(self, known: KnownRound, view: Round, head: Block, now: int, role: Role) -> None:
        """Sends a draw or an advance if one is due and it is this node's turn."""
        rounds_hash = known.request_hash
        poke = due(view, head, now)
        if poke is None:
            self._since.pop(rounds_hash, None)
            return
        # A postponed draw has another entropy block and begins anew, and so does another level.
        what = (poke, view.phase, int(view.entropy_block) << 8 | view.level)
        if self._since.get(rounds_hash, (None,))[0] != what:
            self._since[rounds_hash] = (what, self._clock())
        waited = self._clock() - self._since[rounds_hash][1]
        name = ("poke", rounds_hash)
        if waited < self._back_off.delay(role, self._agent_id, rounds_hash):
            return
        if self._retries.ready(name) and not self._sendings.busy(name):
            self._sendings.start(name, lambda: self._send(known, poke, name))

    def forget(self, request_hash: bytes) -> None:
        """Lets go of what was kept in memory for a round that is over."""
        self._since.pop(request_hash, None)

    def _send(self, known: KnownRound, poke: Poke, name: tuple[str, bytes]) -> None:
        short = known.request_hash.hex()[:8]
        try:
            self._sender.send(COURT, poke.value, known.request_hash)
        except RevertError as error:
            if error.name not in _OVERTAKEN:
                _log.warning("round %s: %s was refused: %s", short, poke.value, error)
            self._retries.failed(name)
        except Exception:
            self._retries.failed(name)
            raise
        else:
            self._retries.succeeded(name)
            done = "drawn" if poke is Poke.DRAW else "moved on"
            _log.info("round %s: %s by this node", short, done)
