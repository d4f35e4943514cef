"""/v1/rounds: verifications with all their evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import ColumnElement, and_, select, tuple_
from sqlalchemy.orm import Session

from backend.api.context import Snapshot, SnapshotOf
from backend.api.events import event_views, with_time
from backend.api.params import (
    DEFAULT_PAGE,
    Limit,
    PlaceOf,
    RequestHashOf,
    parse_agent_id,
    parse_name,
    parse_word,
    wrap,
)
from backend.api.round_views import (
    RoundRows,
    appeal_view,
    flag_view,
    level_view,
    summary,
    summary_fields,
)
from backend.api.schemas.common import amount, amount_or_none, hexed, hexed_or_none
from backend.api.schemas.rounds import (
    OutputView,
    PhaseName,
    ReceiptView,
    RoundDetail,
    RoundPage,
    SettlementView,
    TaskView,
    VerdictName,
)
from backend.artifacts import ArtifactStore
from backend.errors import QueryMissing
from backend.store import (
    AppealRecord,
    Event,
    FlagRecord,
    LevelRecord,
    ProfileRecord,
    RoundRecord,
    SeatRecord,
)
from backend.store.phases import phase_at
from chain.types import Family, Phase, Verdict

router = APIRouter(prefix="/v1/rounds", tags=["rounds"])


@router.get("")
def list_rounds(
    snapshot: SnapshotOf,
    place: PlaceOf,
    limit: Limit = DEFAULT_PAGE,
    phase: Annotated[PhaseName | None, Query(description="Only in this phase.")] = None,
    verdict: Annotated[VerdictName | None, Query(description="Only with this end.")] = None,
    agent: Annotated[str | None, Query(description="Only this provider's agentId.")] = None,
    profile: Annotated[str | None, Query(description="Only this profile: name or id.")] = None,
) -> RoundPage:
    """All rounds, newest first."""
    conditions: list[ColumnElement[bool]] = []
    if phase is not None:
        conditions.append(phase_at(snapshot.at.timestamp) == int(Phase[phase.upper()]))
    if verdict is not None:
        conditions.append(RoundRecord.verdict == int(Verdict[verdict.upper()]))
    if agent is not None:
        conditions.append(RoundRecord.agent_id == parse_agent_id(agent))
    if profile is not None:
        conditions.append(_of_profile(profile))
    if place is not None:
        conditions.append(tuple_(RoundRecord.submitted_block, RoundRecord.log_index) < place)
    rows = _load(snapshot, conditions, limit + 1)
    page = rows[:limit]
    last = page[-1].round if len(rows) > limit else None
    return RoundPage(
        items=[summary(row, snapshot.at.finalized) for row in page],
        next=None if last is None else wrap(f"{last.submitted_block}.{last.log_index}"),
        block=snapshot.block,
    )


@router.get("/{request_hash}")
def show_round(snapshot: SnapshotOf, request_hash: RequestHashOf) -> RoundDetail:
    """One round: receipt, task, committee, digests, distances, verdict, money, transactions."""
    found = _load(snapshot, [RoundRecord.request_hash == request_hash], 1)
    if not found:
        raise QueryMissing(
            f"There is no round {hexed(request_hash)} as of block {snapshot.at.number}."
        )
    rows = found[0]
    row, files = rows.round, snapshot.services.files
    events = snapshot.session.execute(
        with_time()
        .where(Event.request_hash == request_hash)
        .order_by(Event.block_number, Event.log_index)
    ).all()
    return RoundDetail(
        **summary_fields(rows, snapshot.at.finalized),
        family=Family(rows.profile.family).label,
        tolerance=rows.profile.tolerance,
        receipt=ReceiptView(
            client=row.client,
            agent_id=row.agent_id,
            profile_id=hexed(row.profile_id),
            task_hash=hexed(row.task_hash),
            output_hash=hexed(row.output_hash),
        ),
        payer=row.payer,
        fee=amount(row.fee),
        bond=amount(row.bond),
        task=TaskView(
            hash=hexed(row.task_hash), uri=row.task_uri, artifact=_link(files, row.task_hash)
        ),
        output=_output_view(row, files),
        entropy_block=row.entropy_block,
        postponements=row.postponements,
        submitted_tx=hexed(row.submitted_tx),
        levels=[level_view(rows, level) for level in rows.levels],
        appeals=[appeal_view(appeal) for appeal in rows.appeals],
        flags_close_at=row.flags_close_at,
        flag=None if rows.flag is None else flag_view(rows.flag),
        settlement=SettlementView(
            provider_slashed=amount_or_none(row.provider_slashed),
            finalizer=row.finalizer,
            tag=row.tag,
            final_at=row.final_at,
            final_block=row.final_block,
            final_tx=hexed_or_none(row.final_tx),
        ),
        events=event_views(events),
        block=snapshot.block,
    )


def artifact_path(content_hash: bytes) -> str:
    """Where this API serves an artifact."""
    return f"/v1/artifacts/{hexed(content_hash)}"


def _of_profile(profile: str) -> ColumnElement[bool]:
    if profile.startswith("0x"):
        return RoundRecord.profile_id == parse_word(profile, "profile id")
    return ProfileRecord.name == parse_name(profile)


def _link(files: ArtifactStore, content_hash: bytes | None) -> str | None:
    if content_hash is None or files.public(content_hash) is None:
        return None
    return artifact_path(content_hash)


def _output_view(row: RoundRecord, files: ArtifactStore) -> OutputView:
    return OutputView(
        hash=hexed(row.output_hash),
        content_hash=hexed_or_none(row.content_hash),
        uri=row.output_uri,
        salt=hexed_or_none(row.salt),
        artifact=_link(files, row.content_hash),
        published_at=row.published_at,
        published_tx=hexed_or_none(row.published_tx),
    )


def _load(
    snapshot: Snapshot, conditions: Sequence[ColumnElement[bool]], limit: int
) -> list[RoundRows]:
    query = (
        select(RoundRecord, ProfileRecord, phase_at(snapshot.at.timestamp))
        .join(ProfileRecord, ProfileRecord.profile_id == RoundRecord.profile_id)
        .outerjoin(
            LevelRecord,
            and_(
                LevelRecord.request_hash == RoundRecord.request_hash,
                LevelRecord.level == RoundRecord.level,
            ),
        )
        .where(*conditions)
        .order_by(RoundRecord.submitted_block.desc(), RoundRecord.log_index.desc())
        .limit(limit)
    )
    found = {
        row.request_hash: RoundRows(row, profile, Phase(phase))
        for row, profile, phase in snapshot.session.execute(query)
    }
    _add_levels(snapshot.session, found)
    return list(found.values())


def _add_levels(session: Session, found: dict[bytes, RoundRows]) -> None:
    levels = select(LevelRecord).where(LevelRecord.request_hash.in_(found))
    for level in session.scalars(levels.order_by(LevelRecord.level)):
        found[level.request_hash].levels.append(level)
        found[level.request_hash].seats[level.level] = []
    appeals = select(AppealRecord).where(AppealRecord.request_hash.in_(found))
    for appeal in session.scalars(appeals.order_by(AppealRecord.level)):
        found[appeal.request_hash].appeals.append(appeal)
    for flag in session.scalars(select(FlagRecord).where(FlagRecord.request_hash.in_(found))):
        found[flag.request_hash].flag = flag
    seats = select(SeatRecord).where(SeatRecord.request_hash.in_(found))
    for seat in session.scalars(seats.order_by(SeatRecord.level, SeatRecord.seat)):
        found[seat.request_hash].seats[seat.level].append(seat)
