"""The stake vault: what an agent has at stake, and for which profiles it may be drawn."""

from __future__ import annotations

from backend.indexer.rules.scope import Rules, Scope
from backend.store import Agent, Enrolment
from chain.events import Enrolled, Left, Locked, Released, Staked, Unstaked, UnstakeRequested


def _less(held: int, amount: int) -> int:
    """`held - amount`, not below 0.

    Below 0 it would be where a node left out the event that `amount` was added by: the index goes
    on, and the reconciler, which asks the vault, says that it differs.
    """
    return max(0, held - amount)


def _staked(scope: Scope, event: Staked) -> None:
    scope.agent(event.agent_id)
    scope.rows.put(Agent, event.agent_id, bonded=event.bonded)


def _unstake_requested(scope: Scope, event: UnstakeRequested) -> None:
    row = scope.agent(event.agent_id)
    scope.rows.put(
        Agent,
        event.agent_id,
        bonded=event.bonded,
        unbonding=row["unbonding"] + event.amount,
        unbonds_at=event.unbonds_at,
    )


def _unstaked(scope: Scope, event: Unstaked) -> None:
    row = scope.agent(event.agent_id)
    scope.rows.put(Agent, event.agent_id, unbonding=_less(row["unbonding"], event.amount))


def _locked(scope: Scope, event: Locked) -> None:
    row = scope.agent(event.agent_id)
    scope.rows.put(Agent, event.agent_id, locked=row["locked"] + event.amount)


def _released(scope: Scope, event: Released) -> None:
    """A slash takes bonded stake first and reaches into what is unbonding, as the vault does."""
    row = scope.agent(event.agent_id)
    from_bonded = min(event.slashed, row["bonded"])
    scope.rows.put(
        Agent,
        event.agent_id,
        locked=_less(row["locked"], event.amount),
        bonded=row["bonded"] - from_bonded,
        unbonding=_less(row["unbonding"], event.slashed - from_bonded),
    )


def _enrolled(scope: Scope, event: Enrolled) -> None:
    scope.owner_learned(event, event.agent_id, event.operator)
    scope.rows.put(
        Enrolment,
        event.agent_id,
        event.profile_id,
        operator=event.operator,
        enrolled_at=scope.timestamp,
        left_at=None,
    )


def _left(scope: Scope, event: Left) -> None:
    scope.rows.put(Enrolment, event.agent_id, event.profile_id, left_at=scope.timestamp)


RULES: Rules = {
    Staked: _staked,
    UnstakeRequested: _unstake_requested,
    Unstaked: _unstaked,
    Locked: _locked,
    Released: _released,
    Enrolled: _enrolled,
    Left: _left,
}
