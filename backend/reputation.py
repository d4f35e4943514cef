"""Scores from indexed evidence, by the ledger's own integer rule: equal to `scoreOf` on chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, cast

from sqlalchemy import BigInteger, LargeBinary, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from backend.store import Agent, Domain, Enrolment, EvidenceRecord, Ownership, ProfileRecord
from backend.store.types import Uint256
from verifier.reputation import (
    BASIS_POINTS,
    Evidence,
    Policy,
    Score,
    score,
    wilson_lower_bps,
)

Role = Literal["provider", "verifier"]


class Recorded(Protocol):
    """Evidence as it was last written: a row of `EvidenceRecord`, or these columns of one."""

    alpha: Any
    beta: Any
    alpha_owner: Any
    timestamp: Any


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


@dataclass(frozen=True, slots=True)
class Standing:
    """An agent in one domain it has evidence in or is enrolled for; `latest` is its evidence."""

    domain: bytes
    profile_id: bytes | None
    profile_name: str | None
    role: Role | None
    latest: Recorded | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What an agent's scores rest on, at a block; `owner` is None if nothing told it until then."""

    owner: str | None
    standings: tuple[Standing, ...]

    def scores(self, policy: Policy, timestamp: int) -> list[DomainScore]:
        """The scores at a moment: `timestamp` is the block's, to which evidence decays."""
        return [
            DomainScore(
                standing.domain,
                standing.profile_id,
                standing.profile_name,
                standing.role,
                None if latest is None else score_of(latest, self.owner, timestamp, policy),
                None if latest is None else latest.timestamp,
            )
            for standing in self.standings
            for latest in (standing.latest,)
        ]


def facts_of(session: Session, agent_id: int, block_number: int) -> Facts | None:
    """What is known of an agent, without what happened after a block; None if it is unknown."""
    connection, asked = session.connection(), {"agent": agent_id, "block": block_number}
    row = connection.execute(_OWNER, asked).one_or_none()
    if row is None:
        return None
    latest = {
        domain: cast(Recorded, connection.execute(_LATEST, {**asked, "domain": domain}).one())
        for domain in connection.scalars(_DOMAINS_OF_EVIDENCE, asked).all()
    }
    named = [
        Standing(row.domain, row.profile_id, row.name, row.role, latest.pop(row.domain, None))
        for row in connection.execute(_NAMED_DOMAINS, asked).all()
    ]
    rest = [Standing(domain, None, None, None, latest[domain]) for domain in sorted(latest)]
    return Facts(row.owner, (*named, *rest))


def score_of(record: Recorded, owner: str | None, now: int, policy: Policy) -> Score:
    """Good evidence counts only while the agent belongs to the owner who earned it."""
    alpha = record.alpha if owner is not None and record.alpha_owner == owner else 0
    return score(Evidence(alpha, record.beta, record.timestamp), now, policy)


def upper_bps(found: Score) -> int:
    """Wilson's one-sided 95 % upper bound: one less the lower bound of the opposite evidence."""
    return BASIS_POINTS - wilson_lower_bps(found.beta, found.alpha)


# Made once: putting a statement together costs more than the database takes to answer it.
_AGENT: Final = bindparam("agent", type_=Uint256)
_UNTIL: Final = bindparam("block", type_=BigInteger)
_MINE: Final = (EvidenceRecord.agent_id == _AGENT, EvidenceRecord.block_number <= _UNTIL)

_OWNER: Final = select(
    select(Ownership.owner)
    .where(Ownership.agent_id == _AGENT, Ownership.block_number <= _UNTIL)
    .order_by(Ownership.block_number.desc(), Ownership.log_index.desc())
    .limit(1)
    .scalar_subquery()
    .label("owner")
).where(exists().where(Agent.agent_id == _AGENT))

_DOMAINS_OF_EVIDENCE: Final = select(EvidenceRecord.domain).where(*_MINE).distinct()

_LATEST: Final = (
    select(
        EvidenceRecord.alpha,
        EvidenceRecord.beta,
        EvidenceRecord.alpha_owner,
        EvidenceRecord.timestamp,
    )
    .where(*_MINE, EvidenceRecord.domain == bindparam("domain", type_=LargeBinary))
    .order_by(EvidenceRecord.block_number.desc(), EvidenceRecord.log_index.desc())
    .limit(1)
)

_NAMED_DOMAINS: Final = (
    select(Domain.domain, Domain.profile_id, ProfileRecord.name, Domain.role)
    .join(ProfileRecord, ProfileRecord.profile_id == Domain.profile_id)
    .where(
        or_(
            Domain.domain.in_(_DOMAINS_OF_EVIDENCE),
            Domain.profile_id.in_(
                select(Enrolment.profile_id).where(
                    Enrolment.agent_id == _AGENT, Enrolment.left_at.is_(None)
                )
            ),
        )
    )
    .order_by(ProfileRecord.name, Domain.profile_id, Domain.role)
)
