"""/v1/sources: how reliable sources are, at the latest epoch or any earlier one, with proofs."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from sqlalchemy import select, tuple_

from backend.api.agents import agent_of
from backend.api.context import Snapshot, SnapshotOf
from backend.api.epochs import LARGEST_EPOCH, policy_of, readable, row_of, state_of, views
from backend.api.params import (
    DEFAULT_PAGE,
    AgentIdOf,
    Limit,
    PlaceOf,
    parse_word,
    unwrap,
    wrap,
)
from backend.api.schemas.common import amount, hexed
from backend.api.schemas.sources import (
    ProvedScoreView,
    SourceHistory,
    SourcePage,
    SourcePoint,
    SourceScoreView,
    SourceView,
)
from backend.errors import QueryInvalid
from backend.reputation import upper_bps
from backend.store import CheckedBundle, EpochRecord, SourceEntry
from verifier import reputation
from verifier.reliability.epoch import Entry
from verifier.reliability.proof import ScoreProof
from verifier.reputation import BASIS_POINTS, OBSERVATION

router = APIRouter(prefix="/v1/sources", tags=["sources"])

_WORD: Final = 32

Epoch = Annotated[
    int | None,
    Query(ge=1, le=LARGEST_EPOCH, description="Default: the newest that contracts can read."),
]


async def only_domain(
    domain: Annotated[
        str | None, Query(description="Only this domain: 0x and 64 hex digits.")
    ] = None,
) -> bytes | None:
    return None if domain is None else parse_word(domain, "domain")


Domain = Annotated[bytes | None, Depends(only_domain)]


async def after_entry(
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> tuple[int, bytes] | None:
    """(agentId, domain) with which the page before ended."""
    if cursor is None:
        return None
    number, _, domain = unwrap(cursor).partition(".")
    if not number.isdecimal() or len(number) > 78 or len(domain) != 2 * _WORD:
        raise QueryInvalid("The cursor is not one of this API: give the `next` of a page.")
    return int(number) % 2**256, parse_word(f"0x{domain}", "cursor's domain")


@router.get("")
def list_sources(
    snapshot: SnapshotOf,
    after: Annotated[tuple[int, bytes] | None, Depends(after_entry)],
    domain: Domain,
    epoch: Epoch = None,
    limit: Limit = DEFAULT_PAGE,
) -> SourcePage:
    """The scores of an epoch. One that was rolled back, or whose evidence is missing, has none."""
    row = _epoch(snapshot, epoch)
    bundle = None if row is None else _holding(snapshot, row)
    entries: list[SourceEntry] = []
    if row is not None and bundle is not None:
        query = _entries(row.root, domain).limit(limit + 1)
        if after is not None:
            query = query.where(tuple_(SourceEntry.source, SourceEntry.domain) > after)
        entries = list(snapshot.session.scalars(query))
    page = entries[:limit]
    last = page[-1] if len(entries) > limit else None
    return SourcePage(
        epoch=None if row is None else views(snapshot, [row])[0],
        items=[SourceScoreView(**_score(each, bundle)) for each in page if bundle is not None],
        next=None if last is None else wrap(f"{last.source}.{last.domain.hex()}"),
        block=snapshot.block,
    )


@router.get("/{agent_id}")
def show_source(
    snapshot: SnapshotOf, agent_id: AgentIdOf, domain: Domain, epoch: Epoch = None
) -> SourceView:
    """A source's scores in an epoch, each with its proof under the anchored root."""
    session = snapshot.session
    domains = list(
        session.scalars(
            select(SourceEntry.domain)
            .where(SourceEntry.source == agent_id)
            .distinct()
            .order_by(SourceEntry.domain)
        )
    )
    if not domains:
        agent_of(snapshot, agent_id)
    row = _epoch(snapshot, epoch)
    bundle = None if row is None else _holding(snapshot, row)
    scores: list[ProvedScoreView] = []
    if row is not None and bundle is not None:
        query = _entries(row.root, domain).where(SourceEntry.source == agent_id)
        scores = [
            ProvedScoreView(**_score(each, bundle), proof=_proof(row, each))
            for each in session.scalars(query)
        ]
    return SourceView(
        registry=snapshot.services.network.registry,
        agent_id=agent_id,
        epoch=None if row is None else views(snapshot, [row])[0],
        scores=scores,
        domains=[hexed(each) for each in domains],
        block=snapshot.block,
    )


@router.get("/{agent_id}/history")
def show_source_history(
    snapshot: SnapshotOf,
    agent_id: AgentIdOf,
    place: PlaceOf,
    domain: Annotated[str, Query(description="In which domain: 0x and 64 hex digits.")],
    limit: Limit = DEFAULT_PAGE,
) -> SourceHistory:
    """A source's score over the epochs: null where it had none, or the epoch has none to give."""
    word = parse_word(domain, "domain")
    mine = (
        (SourceEntry.root == EpochRecord.root)
        & (SourceEntry.source == agent_id)
        & (SourceEntry.domain == word)
        & CheckedBundle.problem.is_(None)
        & EpochRecord.proven.is_(None)
    )
    query = (
        select(EpochRecord, CheckedBundle, SourceEntry)
        .outerjoin(CheckedBundle, CheckedBundle.claim == EpochRecord.claim)
        .outerjoin(SourceEntry, mine)
        .order_by(EpochRecord.epoch.desc())
        .limit(limit + 1)
    )
    if place is not None:
        query = query.where(EpochRecord.epoch < place[0])
    rows = snapshot.session.execute(query).all()
    page = rows[:limit]
    return SourceHistory(
        agent_id=agent_id,
        domain=hexed(word),
        items=[_point(snapshot, *each) for each in page],
        next=wrap(f"{page[-1][0].epoch}.0") if len(rows) > limit else None,
        block=snapshot.block,
    )


def _epoch(snapshot: Snapshot, epoch: int | None) -> EpochRecord | None:
    return readable(snapshot) if epoch is None else row_of(snapshot, epoch)


def _holding(snapshot: Snapshot, row: EpochRecord) -> CheckedBundle | None:
    """The epoch's evidence, if it stands and its root follows from it."""
    found = snapshot.session.get(CheckedBundle, row.claim)
    return found if found is not None and found.problem is None and row.proven is None else None


def _entries(root: bytes, domain: bytes | None) -> Any:
    query = select(SourceEntry).where(SourceEntry.root == root)
    if domain is not None:
        query = query.where(SourceEntry.domain == domain)
    return query.order_by(SourceEntry.source, SourceEntry.domain)


def _rated(entry: SourceEntry, bundle: CheckedBundle) -> reputation.Score:
    """The leaf's score; `effective_n`, which no leaf has, follows from its evidence."""
    evidence = reputation.Evidence(entry.alpha, entry.beta, entry.updated_at)
    assert bundle.ended_at is not None
    return reputation.score(evidence, bundle.ended_at, policy_of(bundle))


def _numbers(entry: SourceEntry, bundle: CheckedBundle) -> dict[str, Any]:
    found = _rated(entry, bundle)
    return {
        "mean": entry.mean_bps / BASIS_POINTS if entry.known else None,
        "lower_bound": entry.lower_bps / BASIS_POINTS if entry.known else None,
        "upper_bound": upper_bps(found) / BASIS_POINTS if entry.known else None,
        "n": found.effective_n / OBSERVATION,
    }


def _score(entry: SourceEntry, bundle: CheckedBundle) -> dict[str, Any]:
    return {
        "agent_id": entry.source,
        "domain": hexed(entry.domain),
        **_numbers(entry, bundle),
        "alpha": amount(entry.alpha),
        "beta": amount(entry.beta),
        "last_update": entry.updated_at,
    }


def _proof(row: EpochRecord, entry: SourceEntry) -> dict[str, Any]:
    score = reputation.Score(entry.known, entry.mean_bps, entry.lower_bps, 0, 0, 0)
    evidence = reputation.Evidence(entry.alpha, entry.beta, entry.updated_at)
    siblings = [entry.proof[i : i + _WORD] for i in range(0, len(entry.proof), _WORD)]
    leaf = Entry(entry.source, entry.domain, evidence, score)
    return ScoreProof(row.epoch, row.root, leaf, tuple(siblings)).to_json()


def _point(
    snapshot: Snapshot,
    row: EpochRecord,
    bundle: CheckedBundle | None,
    entry: SourceEntry | None,
) -> SourcePoint:
    held = bundle is not None and entry is not None
    blank = dict.fromkeys(("mean", "lower_bound", "upper_bound", "n"))
    return SourcePoint(
        epoch=row.epoch,
        state=state_of(snapshot, row),
        ended_at=None if bundle is None else bundle.ended_at,
        **(_numbers(entry, bundle) if held and entry and bundle else blank),
    )
