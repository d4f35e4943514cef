"""Scores from indexed evidence, by the ledger's own integer rule: equal to `scoreOf` on chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from backend.store import Domain, Enrolment, EvidenceRecord, Ownership, ProfileRecord
from verifier.reputation import (
    BASIS_POINTS,
    Evidence,
    Policy,
    Score,
    score,
    wilson_lower_bps,
)

Role = Literal["provider", "verifier"]


@dataclass(frozen=True)
class DomainScore:
    """An agent's score in one domain.

    Attributes:
        profile_id, profile_name, role: null for a domain that no registered profile has.
        score: None without any evidence. Where it is not `known`, its mean and bound mean nothing.
        updated_at: time of the last evidence.
    """

    domain: bytes
    profile_id: bytes | None
    profile_name: str | None
    role: Role | None
    score: Score | None
    updated_at: int | None


def scores(
    session: Session, policy: Policy, agent_id: int, block_number: int, timestamp: int
) -> list[DomainScore]:
    """Every domain the agent has evidence in or is enrolled for, as of a block.

    Args:
        block_number: what happened after it is left out.
        timestamp: the block's own, to which evidence decays.
    """
    owner = owner_at(session, agent_id, block_number)
    latest = _latest(session, agent_id, block_number)
    found = []
    for domain, profile_id, name, role in _domains(session, agent_id, set(latest)):
        record = latest.get(domain)
        found.append(
            DomainScore(
                domain=domain,
                profile_id=profile_id,
                profile_name=name,
                role=role,
                score=None if record is None else score_of(record, owner, timestamp, policy),
                updated_at=None if record is None else record.timestamp,
            )
        )
    return found


def owner_at(session: Session, agent_id: int, block_number: int) -> str | None:
    """Who owned the agent at a block, or None if nothing told it until then."""
    return session.scalar(
        select(Ownership.owner)
        .where(Ownership.agent_id == agent_id, Ownership.block_number <= block_number)
        .order_by(Ownership.block_number.desc(), Ownership.log_index.desc())
        .limit(1)
    )


def score_of(record: EvidenceRecord, owner: str | None, now: int, policy: Policy) -> Score:
    """Good evidence counts only while the agent belongs to the owner who earned it."""
    alpha = record.alpha if owner is not None and record.alpha_owner == owner else 0
    return score(Evidence(alpha, record.beta, record.timestamp), now, policy)


def upper_bps(found: Score) -> int:
    """Wilson's one-sided 95 % upper bound: one less the lower bound of the opposite evidence."""
    return BASIS_POINTS - wilson_lower_bps(found.beta, found.alpha)


def _latest(session: Session, agent_id: int, block_number: int) -> dict[bytes, EvidenceRecord]:
    """The last record of each domain up to a block."""
    mine = and_(EvidenceRecord.agent_id == agent_id, EvidenceRecord.block_number <= block_number)
    domains = session.scalars(select(EvidenceRecord.domain).where(mine).distinct()).all()
    found = {}
    for domain in domains:
        query = select(EvidenceRecord).where(mine, EvidenceRecord.domain == domain)
        order = (EvidenceRecord.block_number.desc(), EvidenceRecord.log_index.desc())
        found[domain] = session.scalars(query.order_by(*order).limit(1)).one()
    return found


def _domains(
    session: Session, agent_id: int, with_evidence: set[bytes]
) -> list[tuple[bytes, bytes | None, str | None, Role | None]]:
    enrolled = select(Enrolment.profile_id).where(
        Enrolment.agent_id == agent_id, Enrolment.left_at.is_(None)
    )
    rows = session.execute(
        select(Domain.domain, Domain.profile_id, ProfileRecord.name, Domain.role)
        .join(ProfileRecord, ProfileRecord.profile_id == Domain.profile_id)
        .where(or_(Domain.domain.in_(with_evidence), Domain.profile_id.in_(enrolled)))
        .order_by(ProfileRecord.name, Domain.profile_id, Domain.role)
    ).all()
    named = [(row.domain, row.profile_id, row.name, cast(Role, row.role)) for row in rows]
    rest = sorted(with_evidence - {row.domain for row in rows})
    return [*named, *((domain, None, None, None) for domain in rest)]
