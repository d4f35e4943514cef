"""Facts about agents kept in memory: a block changes what is known of a few agents only."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.reputation import Facts, facts_of
from backend.store import AgentEvent, Block, Position, ProfileRecord

REMEMBERED: Final = 100_000
"""Agents; the one not asked for longest is forgotten first. Some 700 bytes each."""


class RememberedFacts:
    """Facts as of the newest block that was asked about. Thread-safe."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._facts: OrderedDict[int, Facts] = OrderedDict()
        self._at: Position | None = None
        self._lock = threading.Lock()

    def of(self, session: Session, at: Position, agent_ids: Collection[int]) -> dict[int, Facts]:
        """What is known of agents at the block where the index stands; unknown ones are left out.

        Args:
            at: the position in the session's snapshot.
        """
        with self._lock:
            if self._at != at:
                if self._at is not None and at.number < self._at.number:
                    # Seldom: of two requests the one that began earlier, or a reorganisation.
                    self._facts.clear()
                else:
                    self._forget_changed(session)
                self._at = at
            found = {agent: self._facts[agent] for agent in agent_ids if agent in self._facts}
            for agent in found:
                self._facts.move_to_end(agent)
        missing = set(agent_ids) - found.keys()
        if missing:
            read = facts_of(session, missing, at.number)
            with self._lock:
                if self._at == at:
                    self._facts |= read
                    while len(self._facts) > self._remembered:
                        self._facts.popitem(last=False)
            found |= read
        return found

    def _forget_changed(self, session: Session) -> None:
        """Drops the agents that blocks since have named, or all where that is not enough."""
        before = self._at
        if before is None:
            return
        here = session.scalar(select(Block.hash).where(Block.number == before.number))
        renamed = select(ProfileRecord.profile_id).where(
            ProfileRecord.registered_block > before.number
        )
        if here != before.hash or session.scalars(renamed.limit(1)).first() is not None:
            self._facts.clear()
            return
        named = select(AgentEvent.agent_id).where(AgentEvent.block_number > before.number)
        for agent_id in session.scalars(named.distinct()):
            self._facts.pop(agent_id, None)
