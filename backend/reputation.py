"""Scores from indexed evidence, by the ledger's own integer rule: equal to `scoreOf` on chain."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeVar, cast

from sqlalchemy import BigInteger, bindparam, func, or_, select
from sqlalchemy.orm import Session

from backend.store import Agent, Domain, Enrolment, EvidenceRecord, Ownership, ProfileRecord
from backend.store.types import Bytes, Uint256
from verifier.reputation import (
    BASIS_POINTS,
    Evidence,
    Policy,
    Score,
    score,
    wilson_lower_bps,
)

Role = Literal["provider", "verifier"]
Item = TypeVar("Item")


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


def facts_of(session: Session, agent_ids: Collection[int], block_number: int) -> dict[int, Facts]:
    """What is known of agents, without what happened after a block; unknown ones are left out.

    Four statements, however many agents.
    """
    connection = session.connection()
    asked = {"agents": padded(agent_ids), "block": block_number}
    owners = {row.agent_id: row.owner for row in connection.execute(_OWNERS, asked)}
    latest: dict[int, dict[bytes, Recorded]] = {agent: {} for agent in owners}
    for row in connection.execute(_LATEST, asked):
        if row.agent_id in latest:
            latest[row.agent_id][row.domain] = cast(Recorded, row)
    enrolled: dict[int, set[bytes]] = {agent: set() for agent in owners}
    for agent, profile_id in connection.execute(_ENROLLED, {"agents": asked["agents"]}):
        if agent in enrolled:
            enrolled[agent].add(profile_id)
    named = connection.execute(
        _NAMED_DOMAINS,
        {
            "domains": padded(set().union(*latest.values())),
            "profiles": padded(set().union(*enrolled.values())),
        },
    ).all()
    return {
        agent: Facts(owner, _standings(named, latest[agent], enrolled[agent]))
        for agent, owner in owners.items()
    }


def padded(values: Collection[Item]) -> list[Item]:
    """The values with the last repeated up to a power of two: a few forms of a statement, which
    the database need not plan anew, do for lists of any length."""
    listed = list(values)
    wanted = 1 << (len(listed) - 1).bit_length()
    return listed + listed[-1:] * (wanted - len(listed)) if listed else listed


def _standings(
    named: Sequence[Any], latest: dict[bytes, Recorded], enrolled: set[bytes]
) -> tuple[Standing, ...]:
    """The domains with a name, then the others."""
    rest = dict(latest)
    found = [
        Standing(row.domain, row.profile_id, row.name, row.role, rest.pop(row.domain, None))
        for row in named
        if row.domain in latest or row.profile_id in enrolled
    ]
    found += [Standing(domain, None, None, None, rest[domain]) for domain in sorted(rest)]
    return tuple(found)


def score_of(record: Recorded, owner: str | None, now: int, policy: Policy) -> Score:
    """Good evidence counts only while the agent belongs to the owner who earned it."""
    alpha = record.alpha if owner is not None and record.alpha_owner == owner else 0
    return score(Evidence(alpha, record.beta, record.timestamp), now, policy)


def upper_bps(found: Score) -> int:
    """Wilson's one-sided 95 % upper bound: one less the lower bound of the opposite evidence."""
    return BASIS_POINTS - wilson_lower_bps(found.beta, found.alpha)


# Made once: putting a statement together costs more than the database takes to answer it.
_AGENTS: Final = bindparam("agents", expanding=True, type_=Uint256)
_UNTIL: Final = bindparam("block", type_=BigInteger)

_OWNERS: Final = select(
    Agent.agent_id,
    select(Ownership.owner)
    .where(Ownership.agent_id == Agent.agent_id, Ownership.block_number <= _UNTIL)
    .order_by(Ownership.block_number.desc(), Ownership.log_index.desc())
    .limit(1)
    .scalar_subquery()
    .label("owner"),
).where(Agent.agent_id.in_(_AGENTS))

# The index alone tells which row is the last of its agent and domain; only that one is read.
_PLACES: Final = (
    select(
        EvidenceRecord.block_number,
        EvidenceRecord.log_index,
        func.row_number()
        .over(
            partition_by=(EvidenceRecord.agent_id, EvidenceRecord.domain),
            order_by=(EvidenceRecord.block_number.desc(), EvidenceRecord.log_index.desc()),
        )
        .label("age"),
    )
    .where(EvidenceRecord.agent_id.in_(_AGENTS), EvidenceRecord.block_number <= _UNTIL)
    .subquery()
)

_LATEST: Final = (
    select(
        EvidenceRecord.agent_id,
        EvidenceRecord.domain,
        EvidenceRecord.alpha,
        EvidenceRecord.beta,
        EvidenceRecord.alpha_owner,
        EvidenceRecord.timestamp,
    )
    .join(
        _PLACES,
        (EvidenceRecord.block_number == _PLACES.c.block_number)
        & (EvidenceRecord.log_index == _PLACES.c.log_index),
    )
    .where(_PLACES.c.age == 1)
)

_ENROLLED: Final = select(Enrolment.agent_id, Enrolment.profile_id).where(
    Enrolment.agent_id.in_(_AGENTS), Enrolment.left_at.is_(None)
)

_NAMED_DOMAINS: Final = (
    select(Domain.domain, Domain.profile_id, ProfileRecord.name, Domain.role)
    .join(ProfileRecord, ProfileRecord.profile_id == Domain.profile_id)
    .where(
        or_(
            Domain.domain.in_(bindparam("domains", expanding=True, type_=Bytes)),
            Domain.profile_id.in_(bindparam("profiles", expanding=True, type_=Bytes)),
        )
    )
    .order_by(ProfileRecord.name, Domain.profile_id, Domain.role)
)
