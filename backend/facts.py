"""What agents' scores rest on, and where the index stood: read together, by one statement.

One statement sees one snapshot, on either database, without a transaction around it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import (
    BigInteger,
    Connection,
    Dialect,
    Select,
    String,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
)

from backend.reputation import DomainScore, Recorded, Role, score_of
from backend.store import (
    Agent,
    Cursor,
    Domain,
    Enrolment,
    EvidenceRecord,
    Ownership,
    Position,
    ProfileRecord,
    Reading,
)
from backend.store.types import UINT256_BYTES, Bytes
from verifier.reputation import Policy

_Column = Any  # of SQL: a column, an expression, or None

NEWEST: Final = 2**63 - 1
"""As a block: whatever the index holds."""

Item = TypeVar("Item")


class Latest(NamedTuple):
    """An agent's last evidence in a domain."""

    alpha: int
    beta: int
    alpha_owner: str | None
    timestamp: int


@dataclass(frozen=True, slots=True)
class Known:
    """What the tables hold of an agent; `owner` is None if nothing told it until then."""

    owner: str | None
    latest: dict[bytes, Recorded] = field(default_factory=dict)
    enrolled: set[bytes] = field(default_factory=set)


class Named(NamedTuple):
    """A domain of a registered profile; `name` is None for a recipe without one."""

    domain: bytes
    profile_id: bytes
    name: str | None
    role: Role

    @property
    def order(self) -> tuple[Any, ...]:
        """Where an answer lists it, whatever collation the database has."""
        return self.name is not None, self.name or "", self.profile_id, self.role


@dataclass(frozen=True, slots=True)
class Standing:
    """An agent in one domain it has evidence in or is enrolled for; `latest` is its evidence.

    `named` is None for a domain that no registered profile has.
    """

    domain: bytes
    named: Named | None
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
                None if named is None else named.profile_id,
                None if named is None else named.name,
                None if named is None else named.role,
                None if latest is None else score_of(latest, self.owner, timestamp, policy),
                None if latest is None else latest.timestamp,
            )
            for standing in self.standings
            for named, latest in ((standing.named, standing.latest),)
        ]


@dataclass(frozen=True)
class Names:
    """Which domain is of which profile, as far as was asked: None is a domain of none."""

    domains: dict[bytes, Named | None] = field(default_factory=dict)
    profiles: dict[bytes, list[Named]] = field(default_factory=dict)

    def add(self, connection: Connection, agents: Iterable[Known]) -> None:
        """Reads what is not known of the domains and profiles of some agents."""
        agents = list(agents)
        domains = set[bytes]().union(*(agent.latest for agent in agents)) - self.domains.keys()
        profiles = set[bytes]().union(*(agent.enrolled for agent in agents)) - self.profiles.keys()
        if not domains and not profiles:
            return
        found = dict[bytes, Named | None].fromkeys(domains)
        of_profile: dict[bytes, list[Named]] = {profile: [] for profile in profiles}
        asked = {"domains": padded(list(domains)), "profiles": padded(list(profiles))}
        for row in connection.execute(_NAMED, asked):
            named = Named(row.domain, row.profile_id, row.name, row.role)
            found[named.domain] = named
            if named.profile_id in profiles:
                of_profile[named.profile_id].append(named)
        self.domains.update(found)
        self.profiles.update(of_profile)

    def cover(self, agents: Iterable[Known]) -> bool:
        """Whether every domain and profile of these agents was asked about."""
        return all(
            self.domains.keys() >= agent.latest.keys() and self.profiles.keys() >= agent.enrolled
            for agent in agents
        )

    def facts(self, agent: Known) -> Facts:
        """The agent's domains by name, then those without. Only for agents that are covered."""
        rest = dict(agent.latest)
        named = {found for domain in rest if (found := self.domains[domain]) is not None}
        for profile in agent.enrolled:
            named.update(self.profiles[profile])
        standings = [
            Standing(each.domain, each, rest.pop(each.domain, None))
            for each in sorted(named, key=lambda each: each.order)
        ]
        standings += [Standing(domain, None, rest[domain]) for domain in sorted(rest)]
        return Facts(agent.owner, tuple(standings))


def look(
    connection: Connection, agent_ids: Collection[int], until: int = NEWEST
) -> tuple[Position | None, dict[int, Known]]:
    """Where the index stands (None before its first block), and what it holds of agents without
    what happened after block `until`; unknown agents are left out. One statement.
    """
    asked = [agent_id.to_bytes(UINT256_BYTES, "big") for agent_id in agent_ids]
    values = {f"agent_{place}": agent_id for place, agent_id in enumerate(padded(asked))}
    statement = _looking(connection.dialect, len(values))
    at, found, rest = None, {}, []
    for row in statement.rows(connection, values | {"until": until} if values else values):
        if row[0] == _CURSOR:
            _, _, block_hash, _, _, _, timestamp, number, finalized, generation = row
            at = Position(number, block_hash, timestamp, finalized, generation)
        elif row[0] == _AGENT:
            found[row[1]] = Known(row[3])
        else:
            rest.append(row)
    for kind, agent_id, word, account, alpha, beta, timestamp, *_ in rest:
        known = found.get(agent_id)
        if known is None:
            continue
        if kind == _EVIDENCE:
            good, bad = int.from_bytes(alpha, "big"), int.from_bytes(beta, "big")
            known.latest[word] = Latest(good, bad, account, timestamp)
        else:
            known.enrolled.add(word)
    return at, {int.from_bytes(agent_id, "big"): known for agent_id, known in found.items()}


def padded(values: list[Item]) -> list[Item]:
    """The values with the last repeated up to a power of two: a few forms of a statement, which
    the database need not plan anew, do for lists of any length."""
    wanted = 1 << (len(values) - 1).bit_length()
    return values + values[-1:] * (wanted - len(values)) if values else values


# Kinds of rows.
_CURSOR, _AGENT, _EVIDENCE, _ENROLLED = range(4)


@lru_cache(maxsize=64)
def _looking(dialect: Dialect, agents: int) -> Reading:
    """All kinds of rows of so many agents. Made once: putting a statement together costs more than
    the database takes to answer it."""
    cursor = _row(
        _CURSOR,
        word=Cursor.block_hash,
        timestamp=Cursor.timestamp,
        number=Cursor.block_number,
        finalized=Cursor.finalized_number,
        generation=Cursor.generation,
    )
    if not agents:
        return Reading(dialect, cursor)
    asked = [bindparam(f"agent_{place}", type_=Bytes) for place in range(agents)]
    until = bindparam("until", type_=BigInteger)
    owner = (
        select(Ownership.owner)
        .where(Ownership.agent_id == Agent.agent_id, Ownership.block_number <= until)
        .order_by(Ownership.block_number.desc(), Ownership.log_index.desc())
        .limit(1)
        .scalar_subquery()
    )
    owners = _row(_AGENT, Agent.agent_id, account=owner).where(Agent.agent_id.in_(asked))
    # The index alone tells which row is the last of its agent and domain; only that one is read.
    places = (
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
        .where(EvidenceRecord.agent_id.in_(asked), EvidenceRecord.block_number <= until)
        .subquery()
    )
    latest = (
        _row(
            _EVIDENCE,
            EvidenceRecord.agent_id,
            word=EvidenceRecord.domain,
            account=EvidenceRecord.alpha_owner,
            first=EvidenceRecord.alpha,
            second=EvidenceRecord.beta,
            timestamp=EvidenceRecord.timestamp,
        )
        .join(
            places,
            (EvidenceRecord.block_number == places.c.block_number)
            & (EvidenceRecord.log_index == places.c.log_index),
        )
        .where(places.c.age == 1)
    )
    enrolled = _row(_ENROLLED, Enrolment.agent_id, word=Enrolment.profile_id).where(
        Enrolment.agent_id.in_(asked), Enrolment.left_at.is_(None)
    )
    return Reading(dialect, union_all(cursor, owners, latest, enrolled))


def _row(
    kind: int,
    agent_id: _Column = None,
    *,
    word: _Column = None,
    account: _Column = None,
    first: _Column = None,
    second: _Column = None,
    timestamp: _Column = None,
    number: _Column = None,
    finalized: _Column = None,
    generation: _Column = None,
) -> Select[Any]:
    """A row of any kind: what has no meaning in it is null, of the type that others have there."""
    given = (agent_id, word, account, first, second, timestamp, number, finalized, generation)
    kinds = (Bytes, Bytes, String, Bytes, Bytes, *[BigInteger] * 4)
    columns = [
        cast(null(), of) if column is None else column
        for column, of in zip(given, kinds, strict=True)
    ]
    return select(literal_column(str(kind)), *columns)


_NAMED: Final = (
    select(Domain.domain, Domain.profile_id, ProfileRecord.name, Domain.role)
    .join(ProfileRecord, ProfileRecord.profile_id == Domain.profile_id)
    .where(
        or_(
            Domain.domain.in_(bindparam("domains", expanding=True, type_=Bytes)),
            Domain.profile_id.in_(bindparam("profiles", expanding=True, type_=Bytes)),
        )
    )
)
