"""/v1/agents/{agentId}/reputation: scores with what they rest on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from backend.api.agents import agent_of
from backend.api.context import SnapshotOf
from backend.api.params import AgentIdOf
from backend.api.schemas.agents import ReputationView, ScoreView
from backend.api.schemas.common import BlockRef, Finality, Role, amount, hexed, hexed_or_none
from backend.reputation import DomainScore, owner_at, scores
from verifier.reputation import BASIS_POINTS, OBSERVATION

router = APIRouter(prefix="/v1/agents", tags=["reputation"])


@router.get("/{agent_id}/reputation")
def show_reputation(
    snapshot: SnapshotOf,
    agent_id: AgentIdOf,
    finality: Annotated[
        Finality, Query(description="`head`: newest block. `finalized`: cannot be rolled back.")
    ] = "head",
    profile: Annotated[str | None, Query(description="Only this profile: name or id.")] = None,
    role: Annotated[Role | None, Query(description="Only this role.")] = None,
) -> ReputationView:
    """Scores per profile and role, as the ledger's `scoreOf` gives them at the same block."""
    agent_of(snapshot, agent_id)
    network, session = snapshot.services.network, snapshot.session
    at = snapshot.at if finality == "head" else snapshot.finalized()
    found = scores(session, network.policy, agent_id, at.number, at.timestamp)
    return ReputationView(
        registry=network.registry,
        agent_id=agent_id,
        owner=owner_at(session, agent_id, at.number),
        scores=[
            _view(item, network.policy_id)
            for item in found
            if (role is None or item.role == role) and (profile is None or _is(item, profile))
        ],
        block=BlockRef(
            number=at.number,
            hash=hexed(at.hash),
            timestamp=at.timestamp,
            finality="finalized" if at.number <= snapshot.at.finalized else "head",
            finalized_number=snapshot.at.finalized,
        ),
    )


def _is(item: DomainScore, profile: str) -> bool:
    return profile == item.profile_name or profile.lower() == hexed_or_none(item.profile_id)


def _view(item: DomainScore, policy_id: bytes) -> ScoreView:
    score = item.score
    known = score is not None and score.known
    return ScoreView(
        domain=hexed(item.domain),
        profile_id=hexed_or_none(item.profile_id),
        profile_name=item.profile_name,
        role=item.role,
        mean=score.mean_bps / BASIS_POINTS if score and known else None,
        lower_bound=score.lower_bps / BASIS_POINTS if score and known else None,
        n=score.effective_n / OBSERVATION if score else None,
        alpha=amount(score.alpha) if score else None,
        beta=amount(score.beta) if score else None,
        last_update=item.updated_at,
        policy_id=hexed(policy_id),
    )
