"""/v1/epochs: what was anchored of sources, whether it can be read, and where its evidence is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Annotated, Any, cast

from fastapi import APIRouter, Path
from sqlalchemy import select

from backend.api.context import Snapshot, SnapshotOf
from backend.api.params import DEFAULT_PAGE, Limit, PlaceOf, wrap
from backend.api.rounds import artifact_path
from backend.api.schemas.common import amount, hexed, hexed_or_none
from backend.api.schemas.sources import (
    AnchorView,
    BundleView,
    ChallengeView,
    EpochDetail,
    EpochPage,
    EpochState,
    EpochView,
    Outcome,
    RulesView,
)
from backend.errors import QueryMissing
from backend.store import THE_CLOCK, AnchorClock, CheckedBundle, EpochChallenge, EpochRecord
from chain.anchors import ANCHOR
from verifier.reputation import Policy

router = APIRouter(prefix="/v1/epochs", tags=["sources"])

LARGEST_EPOCH = 2**53 - 1
EpochNumber = Annotated[int, Path(ge=1, le=LARGEST_EPOCH, description="The epoch's number.")]


@router.get("")
def list_epochs(snapshot: SnapshotOf, place: PlaceOf, limit: Limit = DEFAULT_PAGE) -> EpochPage:
    """Every epoch, the newest first."""
    query = select(EpochRecord).order_by(EpochRecord.epoch.desc()).limit(limit + 1)
    if place is not None:
        query = query.where(EpochRecord.epoch < place[0])
    rows = snapshot.session.scalars(query).all()
    page = rows[:limit]
    return EpochPage(
        anchor=anchor_view(snapshot),
        items=views(snapshot, page),
        next=wrap(f"{page[-1].epoch}.0") if len(rows) > limit else None,
        block=snapshot.block,
    )


@router.get("/{epoch}")
def show_epoch(snapshot: SnapshotOf, epoch: EpochNumber) -> EpochDetail:
    """One epoch: its header, its evidence, and every doubt about it."""
    row, anchor = row_of(snapshot, epoch), anchor_view(snapshot)
    (view,) = views(snapshot, [row])
    assert anchor is not None
    return EpochDetail(**dict(view), anchor=anchor, block=snapshot.block)


def row_of(snapshot: Snapshot, epoch: int) -> EpochRecord:
    """The epoch of that number.

    Raises:
        QueryMissing: there is none.
    """
    row = snapshot.session.get(EpochRecord, epoch)
    if row is None or snapshot.services.network.anchor is None:
        raise QueryMissing(f"There is no epoch {epoch} as of block {snapshot.block.number}.")
    return row


def anchor_view(snapshot: Snapshot) -> AnchorView | None:
    """The deployment's anchor, if it has one."""
    network = snapshot.services.network
    terms = network.anchor
    if terms is None:
        return None
    clock = _clock(snapshot)
    return AnchorView(
        contract=network.contracts[ANCHOR],
        agent_id=terms.agent_id,
        reporter=terms.reporter,
        profile_id=hexed(terms.profile_id),
        window=terms.window,
        answer_window=terms.answer_window,
        court_window=terms.court_window,
        slots=terms.slots,
        bond=amount(terms.bond),
        challenge_bond=amount(terms.challenge_bond),
        bonded=clock is not None and clock.bonded,
        latest=0 if clock is None else clock.latest,
    )


def state_of(snapshot: Snapshot, row: EpochRecord) -> EpochState:
    """What `ReliabilityAnchor.isFinal` goes by, at this block's time."""
    if row.proven is not None:
        return "rolledBack"
    clock = _clock(snapshot)
    if clock is not None and clock.disputed is not None and row.epoch >= clock.disputed:
        return "disputed"
    return "final" if snapshot.block.timestamp >= _final_at(snapshot, row) else "open"


def readable(snapshot: Snapshot) -> EpochRecord | None:
    """The newest epoch that contracts can read; None before there is one."""
    standing = (
        select(EpochRecord).where(EpochRecord.proven.is_(None)).order_by(EpochRecord.epoch.desc())
    )
    # Read by and by, and closed: mostly one of the first is it, and a cursor left open stays so.
    with closing(snapshot.session.scalars(standing.execution_options(yield_per=16))) as rows:
        return next((row for row in rows if state_of(snapshot, row) == "final"), None)


def policy_of(bundle: CheckedBundle) -> Policy:
    """The policy that the scores of a bundle that holds go by."""
    half_life, prior, minimum = bundle.half_life, bundle.prior, bundle.minimum
    assert half_life is not None
    assert prior is not None
    assert minimum is not None
    return Policy(half_life, prior, minimum)


def views(snapshot: Snapshot, rows: Sequence[EpochRecord]) -> list[EpochView]:
    """Epochs as answers show them."""
    session = snapshot.session
    bundles = {
        found.claim: found
        for found in session.scalars(
            select(CheckedBundle).where(CheckedBundle.claim.in_([row.claim for row in rows]))
        )
    }
    doubts: dict[int, list[ChallengeView]] = {}
    for doubt in session.scalars(
        select(EpochChallenge)
        .where(EpochChallenge.epoch.in_([row.epoch for row in rows]))
        .order_by(EpochChallenge.epoch, EpochChallenge.number)
    ):
        doubts.setdefault(doubt.epoch, []).append(_challenge(doubt))
    return [_view(snapshot, row, bundles.get(row.claim), doubts.get(row.epoch, [])) for row in rows]


def _view(
    snapshot: Snapshot,
    row: EpochRecord,
    bundle: CheckedBundle | None,
    challenges: list[ChallengeView],
) -> EpochView:
    terms, clock = snapshot.services.network.anchor, _clock(snapshot)
    slots = 0 if terms is None else terms.slots
    overwritten = slots != 0 and clock is not None and clock.latest - row.epoch >= slots
    return EpochView(
        epoch=row.epoch,
        published_at=row.published_at,
        root=hexed(row.root),
        bundle_hash=hexed(row.bundle_hash),
        words_hash=hexed(row.words_hash),
        previous_root=hexed(row.previous_root),
        state=state_of(snapshot, row),
        final_at=_final_at(snapshot, row) if row.proven is None else None,
        kept=row.proven is None and not overwritten,
        rolled_back_at=row.rolled_back_at,
        proven=row.proven,
        words_applied_at=row.applied_at,
        block_number=row.block_number,
        tx_hash=hexed(row.tx_hash),
        finality="finalized" if row.block_number <= snapshot.at.finalized else "head",
        bundle=_bundle(snapshot, row, bundle),
        challenges=challenges,
    )


def _final_at(snapshot: Snapshot, row: EpochRecord) -> int:
    """As the contract: while an earlier epoch was disputed this one could not be challenged."""
    terms, clock = snapshot.services.network.anchor, _clock(snapshot)
    since = row.published_at
    if clock is not None and clock.upheld < row.epoch <= clock.up_to:
        since = max(since, clock.held_since)
    return since + (0 if terms is None else terms.window)


def _bundle(snapshot: Snapshot, row: EpochRecord, found: CheckedBundle | None) -> BundleView:
    blank: dict[str, Any] = dict.fromkeys(
        ("problem", "artifact", "size", "items", "entries", "ended_at", "rules")
    )
    if found is None:
        there = snapshot.services.files.public(row.bundle_hash) is not None
        artifact = artifact_path(row.bundle_hash) if there else None
        state = "unchecked" if there else "missing"
        told: dict[str, Any] = {**blank, "state": state, "artifact": artifact}
    else:
        told = {
            **blank,
            "state": "holds" if found.problem is None else "false",
            "problem": found.problem,
            "artifact": artifact_path(row.bundle_hash),
            "size": found.size,
            "items": found.items,
            "entries": found.entries,
            "ended_at": found.ended_at,
            "rules": None if found.problem is not None else _rules(found),
        }
    return BundleView(hash=hexed(row.bundle_hash), **told)


def _rules(found: CheckedBundle) -> RulesView:
    policy = policy_of(found)
    return RulesView(
        half_life_seconds=policy.half_life,
        prior=amount(policy.prior),
        minimum=amount(policy.minimum),
        asker_cap=amount(found.asker_cap or 0),
    )


def _challenge(row: EpochChallenge) -> ChallengeView:
    return ChallengeView(
        number=row.number,
        challenger=row.challenger,
        challenged_at=row.challenged_at,
        answer_by=row.answer_by,
        request_hash=hexed_or_none(row.request_hash),
        decide_by=row.decide_by,
        outcome=cast(Outcome | None, row.outcome),
        settled_at=row.settled_at,
    )


def _clock(snapshot: Snapshot) -> AnchorClock | None:
    # Asked for each epoch of a page; the session remembers it.
    return snapshot.session.get(AnchorClock, THE_CLOCK)
