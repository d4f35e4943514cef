"""/v1/leaderboards: who stands where; /v1/choice: which agent to take now."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.api.context import Snapshot, SnapshotOf
from backend.api.params import DEFAULT_PAGE, FinalityOf, Limit, RankedAfterOf, wrap
from backend.api.reputation import profile_of
from backend.api.schemas.common import Role, amount, hexed
from backend.api.schemas.standings import ChoiceView, LeaderboardPage, StandingView
from backend.errors import QueryMissing
from backend.reputation import upper_bps
from backend.standings import Order, Standing
from backend.store import Enrolment, Position, ProfileRecord
from chain.messages import evidence_domain
from chain.types import ProfileId
from verifier.reputation import BASIS_POINTS, OBSERVATION

router = APIRouter(prefix="/v1", tags=["standings"])

ProfileOf = Annotated[str, Query(description="Profile: name or id.")]
RoleOf = Annotated[Role, Query(description="In which role.")]


@router.get("/leaderboards")
def show_leaderboard(
    snapshot: SnapshotOf,
    after: RankedAfterOf,
    profile: ProfileOf,
    finality: FinalityOf = "head",
    role: RoleOf = "provider",
    order: Annotated[Order, Query(description="What to rank by.")] = "lowerBound",
    limit: Limit = DEFAULT_PAGE,
) -> LeaderboardPage:
    """Every agent with a known score in a domain, best first."""
    row, at = profile_of(snapshot.session, profile), snapshot.view(finality)
    domain = evidence_domain(ProfileId(row.profile_id), role)
    found = _ranked(snapshot, at, domain, order)
    rest = [
        (rank, standing)
        for rank, standing in enumerate(found, 1)
        if after is None or (-standing.by(order), standing.agent_id) > (-after[0], after[1])
    ]
    page = rest[:limit]
    last = page[-1][1] if len(rest) > limit else None
    return LeaderboardPage(
        registry=snapshot.services.network.registry,
        profile_id=hexed(row.profile_id),
        profile_name=row.name,
        role=role,
        domain=hexed(domain),
        order=order,
        policy_id=hexed(snapshot.services.network.policy_id),
        items=[_view(rank, standing) for rank, standing in page],
        total=len(found),
        next=None if last is None else wrap(f"{last.by(order)}.{last.agent_id}"),
        block=snapshot.ref(at),
    )


@router.get("/choice")
def choose_agent(
    snapshot: SnapshotOf,
    profile: ProfileOf,
    finality: FinalityOf = "head",
    role: RoleOf = "provider",
    explore: Annotated[
        bool, Query(description="By the upper bound: tries agents that little is known of.")
    ] = False,
) -> ChoiceView:
    """The agent to take now: the highest lower bound, or to learn more, the highest upper one.

    Verifiers are chosen among those enrolled for the profile now.
    """
    row, at = profile_of(snapshot.session, profile), snapshot.view(finality)
    domain = evidence_domain(ProfileId(row.profile_id), role)
    order: Order = "upperBound" if explore else "lowerBound"
    found = _ranked(snapshot, at, domain, order)
    enrolled = _enrolled(snapshot.session, row) if role == "verifier" else None
    usable = [s for s in found if enrolled is None or s.agent_id in enrolled]
    if not usable:
        raise QueryMissing(
            f"No agent has a known score as {role} of {row.name or hexed(row.profile_id)} as of"
            f" block {at.number}."
        )
    best = usable[0]
    words = "upper" if explore else "lower"
    return ChoiceView(
        registry=snapshot.services.network.registry,
        profile_id=hexed(row.profile_id),
        role=role,
        policy_id=hexed(snapshot.services.network.policy_id),
        reason=(
            f"Highest {words} bound ({best.by(order) / BASIS_POINTS:.4f}) of"
            f" {len(usable)} {'agent' if len(usable) == 1 else 'agents'}."
        ),
        choice=_view(found.index(best) + 1, best),
        block=snapshot.ref(at),
    )


def _ranked(snapshot: Snapshot, at: Position, domain: bytes, order: Order) -> list[Standing]:
    services = snapshot.services
    block = (at.number, at.hash, at.timestamp)
    policy = services.network.policy
    return list(services.standings.of(snapshot.session, policy, domain, order, block))


def _enrolled(session: Session, profile: ProfileRecord) -> set[int]:
    query = select(Enrolment.agent_id).where(
        Enrolment.profile_id == profile.profile_id, Enrolment.left_at.is_(None)
    )
    return set(session.scalars(query))


def _view(rank: int, standing: Standing) -> StandingView:
    found = standing.score
    return StandingView(
        rank=rank,
        agent_id=standing.agent_id,
        owner=standing.owner,
        mean=found.mean_bps / BASIS_POINTS,
        lower_bound=found.lower_bps / BASIS_POINTS,
        upper_bound=upper_bps(found) / BASIS_POINTS,
        n=found.effective_n / OBSERVATION,
        alpha=amount(found.alpha),
        beta=amount(found.beta),
        last_update=standing.updated_at,
    )
