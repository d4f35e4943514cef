"""/v1/agents/{agentId}/reputation: scores with what they rest on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from backend.api.agents import agent_of
from backend.api.context import SnapshotOf
from backend.api.gather import Gathered
from backend.api.params import (
    DEFAULT_PAGE,
    AgentIdOf,
    FinalityOf,
    Limit,
    PlaceOf,
    parse_name,
    parse_word,
    wrap,
)
from backend.api.schemas.agents import ReputationView
from backend.api.schemas.common import Role, hexed
from backend.api.schemas.standings import ScoreHistory, ScorePoint
from backend.api.scores import Asked
from backend.errors import QueryMissing
from backend.reputation import score_of, upper_bps
from backend.store import EvidenceRecord, ProfileRecord
from chain.messages import evidence_domain
from chain.types import ProfileId
from verifier.reputation import BASIS_POINTS, OBSERVATION, Policy

router = APIRouter(prefix="/v1/agents", tags=["reputation"])


@router.get("/{agent_id}/reputation", response_model=ReputationView)
async def show_reputation(
    request: Request,
    agent_id: AgentIdOf,
    finality: FinalityOf = "head",
    profile: Annotated[str | None, Query(description="Only this profile: name or id.")] = None,
    role: Annotated[Role | None, Query(description="Only this role.")] = None,
) -> Response:
    """Scores per profile and role, as the ledger's `scoreOf` gives them at the same block."""
    # What is asked most: answered together with what others ask at the same time.
    known = request.headers.get("if-none-match")
    scores: Gathered[tuple[Asked, str | None], Response] = request.app.state.scores
    return await scores.ask((Asked(agent_id, finality, profile, role), known))


@router.get("/{agent_id}/reputation/history")
def show_score_history(
    snapshot: SnapshotOf,
    agent_id: AgentIdOf,
    place: PlaceOf,
    profile: Annotated[str, Query(description="Profile: name or id.")],
    finality: FinalityOf = "head",
    role: Annotated[Role, Query(description="In which role.")] = "provider",
    limit: Limit = DEFAULT_PAGE,
) -> ScoreHistory:
    """A score over time: what it was right after each write of evidence."""
    agent_of(snapshot, agent_id)
    at, network = snapshot.view(finality), snapshot.services.network
    row = profile_of(snapshot.session, profile)
    query = (
        select(EvidenceRecord)
        .where(
            EvidenceRecord.agent_id == agent_id,
            EvidenceRecord.domain == evidence_domain(ProfileId(row.profile_id), role),
            EvidenceRecord.block_number <= at.number,
        )
        .order_by(EvidenceRecord.block_number.desc(), EvidenceRecord.log_index.desc())
        .limit(limit + 1)
    )
    if place is not None:
        query = query.where(tuple_(EvidenceRecord.block_number, EvidenceRecord.log_index) < place)
    records = snapshot.session.scalars(query).all()
    last = records[limit - 1] if len(records) > limit else None
    return ScoreHistory(
        registry=network.registry,
        agent_id=agent_id,
        profile_id=hexed(row.profile_id),
        role=role,
        items=[_point(record, network.policy) for record in records[:limit]],
        next=None if last is None else wrap(f"{last.block_number}.{last.log_index}"),
        block=snapshot.ref(at),
    )


def profile_of(session: Session, profile: str) -> ProfileRecord:
    """The profile of a name (the first registered, where several took it) or an id.

    Raises:
        QueryMissing: there is none.
    """
    if profile.startswith("0x"):
        condition = ProfileRecord.profile_id == parse_word(profile, "profile id")
    else:
        condition = ProfileRecord.name == parse_name(profile)
    order = (ProfileRecord.registered_block, ProfileRecord.log_index)
    row = session.scalars(select(ProfileRecord).where(condition).order_by(*order).limit(1)).first()
    if row is None:
        raise QueryMissing(f"There is no profile {profile!r}: /v1/profiles lists them.")
    return row


def _point(record: EvidenceRecord, policy: Policy) -> ScorePoint:
    found = score_of(record, record.alpha_owner, record.timestamp, policy)
    return ScorePoint(
        block_number=record.block_number,
        timestamp=record.timestamp,
        tx_hash=hexed(record.tx_hash),
        mean=found.mean_bps / BASIS_POINTS if found.known else None,
        lower_bound=found.lower_bps / BASIS_POINTS if found.known else None,
        upper_bound=upper_bps(found) / BASIS_POINTS if found.known else None,
        n=found.effective_n / OBSERVATION,
    )
