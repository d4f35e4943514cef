"""/v1/agents: who they are, what they have at stake, what they are worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from backend.api.context import Services, Snapshot, SnapshotOf
from backend.api.events import event_views, with_time
from backend.api.params import DEFAULT_PAGE, AfterAgentOf, AgentIdOf, Limit, PlaceOf, wrap
from backend.api.params import parse_address as address_of
from backend.api.schemas.agents import (
    AgentDetail,
    AgentPage,
    AgentSummary,
    CreditView,
    EnrolmentView,
    HistoryPage,
    MetadataView,
    OwnerView,
    StakeView,
)
from backend.api.schemas.common import amount, hexed
from backend.errors import QueryMissing
from backend.store import (
    Agent,
    AgentEvent,
    AgentMetadata,
    Credit,
    Enrolment,
    Event,
    Ownership,
    Position,
    ProfileRecord,
)
from chain.types import AgentId

router = APIRouter(prefix="/v1/agents", tags=["agents"])


@router.get("")
def list_agents(
    snapshot: SnapshotOf,
    after: AfterAgentOf,
    limit: Limit = DEFAULT_PAGE,
    owner: Annotated[str | None, Query(description="Only this owner's.")] = None,
) -> AgentPage:
    """All agents, by agentId."""
    query = select(Agent).order_by(Agent.agent_id).limit(limit + 1)
    if after is not None:
        query = query.where(Agent.agent_id > after)
    if owner is not None:
        query = query.where(Agent.owner == address_of(owner))
    rows = snapshot.session.scalars(query).all()
    page = rows[:limit]
    return AgentPage(
        registry=snapshot.services.network.registry,
        items=_summaries(snapshot.session, page),
        next=wrap(str(page[-1].agent_id)) if len(rows) > limit else None,
        block=snapshot.block,
    )


@router.get("/{agent_id}")
def show_agent(snapshot: SnapshotOf, agent_id: AgentIdOf) -> AgentDetail:
    """One agent: owners, stake, enrolments, metadata, and what its owner is owed."""
    session = snapshot.session
    row = agent_of(snapshot, agent_id)
    owners = session.scalars(
        select(Ownership)
        .where(Ownership.agent_id == agent_id)
        .order_by(Ownership.block_number, Ownership.log_index)
    )
    metadata = session.scalars(
        select(AgentMetadata).where(AgentMetadata.agent_id == agent_id).order_by(AgentMetadata.key)
    )
    (summary,) = _summaries(session, [row])
    return AgentDetail(
        **dict(summary),
        registry=snapshot.services.network.registry,
        owners=[
            OwnerView(
                owner=owner.owner,
                since=owner.timestamp,
                block_number=owner.block_number,
                tx_hash=hexed(owner.tx_hash),
            )
            for owner in owners
        ],
        metadata=[MetadataView(key=entry.key, value=hexed(entry.value)) for entry in metadata],
        credit=_credit(session, row.owner),
        block=snapshot.block,
    )


@router.get("/{agent_id}/history")
def show_history(
    snapshot: SnapshotOf, agent_id: AgentIdOf, place: PlaceOf, limit: Limit = DEFAULT_PAGE
) -> HistoryPage:
    """Everything that happened to an agent, newest first."""
    agent_of(snapshot, agent_id)
    query = (
        with_time()
        .join(
            AgentEvent,
            (AgentEvent.block_number == Event.block_number)
            & (AgentEvent.log_index == Event.log_index),
        )
        .where(AgentEvent.agent_id == agent_id)
        .order_by(AgentEvent.block_number.desc(), AgentEvent.log_index.desc())
        .limit(limit + 1)
    )
    if place is not None:
        query = query.where(tuple_(AgentEvent.block_number, AgentEvent.log_index) < place)
    rows = snapshot.session.execute(query).all()
    items = event_views(rows[:limit])
    more = len(rows) > limit
    return HistoryPage(
        registry=snapshot.services.network.registry,
        agent_id=agent_id,
        items=items,
        next=wrap(f"{items[-1].block_number}.{items[-1].log_index}") if more else None,
        block=snapshot.block,
    )


def agent_of(snapshot: Snapshot, agent_id: AgentId) -> Agent:
    """The agent's row.

    Raises:
        QueryMissing: nobody has registered it.
    """
    row = snapshot.session.get(Agent, agent_id)
    if row is None:
        raise unknown_agent(snapshot.services, snapshot.at, agent_id)
    return row


def unknown_agent(services: Services, at: Position, agent_id: AgentId) -> QueryMissing:
    """The refusal of an agent that nobody has registered."""
    return QueryMissing(
        f"There is no agent {agent_id} in {services.network.registry} as of block {at.number}."
    )


def _summaries(session: Session, agents: Sequence[Agent]) -> list[AgentSummary]:
    enrolments: dict[int, list[EnrolmentView]] = defaultdict(list)
    query = (
        select(Enrolment, ProfileRecord.name)
        .outerjoin(ProfileRecord, ProfileRecord.profile_id == Enrolment.profile_id)
        .where(Enrolment.agent_id.in_([agent.agent_id for agent in agents]))
        .order_by(Enrolment.enrolled_at, Enrolment.profile_id)
    )
    for enrolment, name in session.execute(query):
        enrolments[enrolment.agent_id].append(
            EnrolmentView(
                profile_id=hexed(enrolment.profile_id),
                profile_name=name,
                operator=enrolment.operator,
                enrolled_at=enrolment.enrolled_at,
                left_at=enrolment.left_at,
            )
        )
    return [
        AgentSummary(
            agent_id=agent.agent_id,
            owner=agent.owner,
            wallet=agent.wallet,
            uri=agent.uri,
            registered_at=agent.registered_at,
            stake=StakeView(
                bonded=amount(agent.bonded),
                unbonding=amount(agent.unbonding),
                locked=amount(agent.locked),
                unbonds_at=agent.unbonds_at if agent.unbonding else None,
            ),
            enrolments=enrolments[agent.agent_id],
        )
        for agent in agents
    ]


def _credit(session: Session, owner: str | None) -> CreditView | None:
    row = None if owner is None else session.get(Credit, owner)
    if row is None:
        return None
    return CreditView(
        account=row.account,
        credited=amount(row.credited),
        withdrawn=amount(row.withdrawn),
        balance=amount(row.credited - row.withdrawn),
    )
