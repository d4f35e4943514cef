"""What a rule is given besides its event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backend.store import Agent, Ownership, Projection
from chain.events import Event
from chain.types import Address, AgentId

Rules = dict[type[Event], Callable[["Scope", Any], None]]


@dataclass(frozen=True)
class Scope:
    """The rows, and the time of the block the event is in (Unix seconds)."""

    rows: Projection
    timestamp: int

    def agent(self, agent_id: AgentId) -> dict[str, Any]:
        """The agent's row, made if this is the first event that names it."""
        row = self.rows.get(Agent, agent_id)
        if row is None:
            self.rows.put(Agent, agent_id, bonded=0, unbonding=0, locked=0)
            row = self.rows.get(Agent, agent_id)
        assert row is not None
        return row

    def owned(self, event: Event, agent_id: AgentId, owner: Address) -> None:
        """Records who owns the agent, if that is news."""
        if self.agent(agent_id)["owner"] == owner:
            return
        self.rows.put(Agent, agent_id, owner=owner)
        self.rows.append(
            Ownership,
            **placed(event),
            agent_id=agent_id,
            owner=owner,
            timestamp=self.timestamp,
            tx_hash=event.log.transaction_hash,
        )

    def owner_learned(self, event: Event, agent_id: AgentId, owner: Address) -> None:
        """Records the owner of an agent older than the deployment: no Transfer told it."""
        if self.agent(agent_id)["owner"] is None:
            self.owned(event, agent_id, owner)


def placed(event: Event) -> dict[str, int]:
    """The event's place, the primary key of an appended row."""
    return {"block_number": event.log.block_number, "log_index": event.log.log_index}


def text(value: str) -> str:
    """A string of anybody's making as databases take it: without NUL and lone surrogates."""
    if value.isascii() and "\x00" not in value:
        return value
    return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
