"""/v1/agents/{agentId}/validations and /feedback: the ERC-8004 registries, as they were written."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import and_, or_, select, tuple_

from backend.api.agents import agent_of
from backend.api.context import SnapshotOf
from backend.api.params import DEFAULT_PAGE, AgentIdOf, Limit, PlaceOf, wrap
from backend.api.schemas.common import hexed, hexed_or_none
from backend.api.schemas.standings import (
    FeedbackPage,
    FeedbackView,
    ValidationPage,
    ValidationView,
)
from backend.store import Feedback, Validation

router = APIRouter(prefix="/v1/agents", tags=["registries"])


@router.get("/{agent_id}/validations")
def list_validations(
    snapshot: SnapshotOf, agent_id: AgentIdOf, place: PlaceOf, limit: Limit = DEFAULT_PAGE
) -> ValidationPage:
    """What validators were asked about an agent, and their first answers; newest first."""
    agent_of(snapshot, agent_id)
    block = Validation.requested_block
    query = (
        select(Validation)
        .where(Validation.agent_id == agent_id)
        .order_by(block.desc().nulls_last(), Validation.request_hash)
        .limit(limit + 1)
    )
    # A block may hold several requests: the page goes on after so many of the last block.
    if place is not None:
        last, taken = place
        query = query.where(or_(block <= last, block.is_(None))).offset(taken)
    rows = snapshot.session.scalars(query).all()
    more = len(rows) > limit
    return ValidationPage(
        registry=snapshot.services.network.registry,
        agent_id=agent_id,
        items=[_validation(row) for row in rows[:limit]],
        next=wrap(_after(list(rows[:limit]), place)) if more else None,
        block=snapshot.block,
    )


@router.get("/{agent_id}/feedback")
def list_feedback(
    snapshot: SnapshotOf, agent_id: AgentIdOf, place: PlaceOf, limit: Limit = DEFAULT_PAGE
) -> FeedbackPage:
    """What clients said of an agent; newest first."""
    agent_of(snapshot, agent_id)
    query = (
        select(Feedback)
        .where(Feedback.agent_id == agent_id)
        .order_by(Feedback.given_block.desc(), Feedback.log_index.desc())
        .limit(limit + 1)
    )
    if place is not None:
        query = query.where(and_(tuple_(Feedback.given_block, Feedback.log_index) < place))
    rows = snapshot.session.scalars(query).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return FeedbackPage(
        registry=snapshot.services.network.registry,
        agent_id=agent_id,
        items=[_feedback(row) for row in rows[:limit]],
        next=None if last is None else wrap(f"{last.given_block}.{last.log_index}"),
        block=snapshot.block,
    )


def _after(page: list[Validation], place: tuple[int, int] | None) -> str:
    """`block.count`: go on at this block, after so many rows from its first one on."""
    last = page[-1].requested_block or 0
    same = sum((row.requested_block or 0) == last for row in page)
    if place is not None and place[0] == last and same == len(page):
        same += place[1]
    return f"{last}.{same}"


def _validation(row: Validation) -> ValidationView:
    return ValidationView(
        request_hash=hexed(row.request_hash),
        validator=row.validator,
        request_uri=row.request_uri,
        requested_block=row.requested_block,
        requested_at=row.requested_at,
        response=row.response,
        response_uri=row.response_uri,
        response_hash=hexed_or_none(row.response_hash),
        tag=row.tag,
        responded_at=row.responded_at,
        responses=row.responses,
    )


def _feedback(row: Feedback) -> FeedbackView:
    return FeedbackView(
        client=row.client,
        index=row.feedback_index,
        value=row.value,
        value_decimals=row.value_decimals,
        tag1=row.tag1,
        tag2=row.tag2,
        endpoint=row.endpoint,
        uri=row.uri,
        hash=hexed(row.hash),
        given_block=row.given_block,
        given_at=row.given_at,
        revoked_at=row.revoked_at,
    )
