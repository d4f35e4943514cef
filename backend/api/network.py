"""/v1/network and /v1/profiles: the rules everything else goes by."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import select

from backend.api.context import SnapshotOf
from backend.api.schemas.common import amount, hexed
from backend.api.schemas.network import NetworkView, PolicyView, ProfileList, ProfileView
from backend.store import ProfileRecord
from chain.types import Family

router = APIRouter(prefix="/v1", tags=["network"])


@router.get("/network")
def show_network(snapshot: SnapshotOf) -> NetworkView:
    """The deployment this server indexes: chain, contracts, parameters, reputation policy."""
    network = snapshot.services.network
    return NetworkView(
        chain_id=network.chain_id,
        registry=network.registry,
        first_block=network.first_block,
        contracts=dict(network.contracts),
        parameters=dict(network.parameters),
        reputation_policy=PolicyView(
            policy_id=hexed(network.policy_id),
            half_life_seconds=network.policy.half_life,
            prior=amount(network.policy.prior),
            minimum=amount(network.policy.minimum),
        ),
        block=snapshot.block,
        lag_blocks=snapshot.services.status.snapshot().lag,
    )


@router.get("/profiles")
def list_profiles(snapshot: SnapshotOf) -> ProfileList:
    """All registered profiles, oldest first."""
    rows = snapshot.session.scalars(
        select(ProfileRecord).order_by(ProfileRecord.registered_block, ProfileRecord.log_index)
    )
    return ProfileList(items=[_view(row) for row in rows], block=snapshot.block)


def _view(row: ProfileRecord) -> ProfileView:
    return ProfileView(
        profile_id=hexed(row.profile_id),
        name=row.name,
        family=Family(row.family).label,
        tolerance=row.tolerance,
        committee_size=row.committee_size,
        majority=row.committee_size // 2 + 1,
        min_operators=row.min_operators,
        commit_window=row.commit_window,
        open_window=row.open_window,
        publish_window=row.publish_window,
        max_output_bytes=row.max_output_bytes,
        seat_fee=amount(row.seat_fee),
        tip=amount(row.tip),
        fee=amount(row.seat_fee * row.committee_size + row.tip),
        min_stake=amount(row.min_stake),
        seat_lock=amount(row.seat_lock),
        provider_bond=amount(row.provider_bond),
        slash_no_commit_bps=row.slash_no_commit_bps,
        slash_no_open_bps=row.slash_no_open_bps,
        slash_rejected_bps=row.slash_rejected_bps,
        slash_overturned_bps=row.slash_overturned_bps,
        appeal_bond=amount(row.appeal_bond),
        appeal_window=row.appeal_window,
        audit_bps=row.audit_bps,
        flag_window=row.flag_window,
        void_digests=row.void_digests,
        evidence_weight=amount(row.evidence_weight),
        calibration_root=hexed(row.calibration_root),
        recipe=_text_or_none(row.recipe),
    )


def _text_or_none(recipe: bytes) -> str | None:
    try:
        return recipe.decode("utf-8")
    except UnicodeDecodeError:
        return None
