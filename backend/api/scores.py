"""Answers about reputation, many at a time, kept as they were written until the index moves."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple

from fastapi import Response

from backend.api.agents import unknown_agent
from backend.api.context import Mark, NotModified, Services, is_known, snapshot_in
from backend.api.schemas.agents import ReputationView, ScoreView
from backend.api.schemas.common import Finality, amount, hexed, hexed_or_none
from backend.facts import Facts, Known, Names, look
from backend.network import Network
from backend.reputation import DomainScore
from backend.store import Position
from chain.errors import AssayError
from chain.types import AgentId
from verifier.reputation import BASIS_POINTS, OBSERVATION

KEPT_BYTES: Final = 32 << 20
"""Of written answers; the one not asked for longest is forgotten first."""


class Asked(NamedTuple):
    """Which scores: of an agent, in a view, of one profile or all, in one role or both."""

    agent_id: AgentId
    finality: Finality
    profile: str | None
    role: str | None


_Told = tuple[Mark, dict[Asked, bytes | Exception]]
"""Where the index stood, and for each request the answer's JSON or what to raise."""


class Scores:
    """Answers for a group of requests, all from one snapshot. One thread at a time."""

    def __init__(self, services: Services, kept_bytes: int = KEPT_BYTES) -> None:
        self._services = services
        self._limit = kept_bytes
        self._written: OrderedDict[Asked, bytes] = OrderedDict()
        self._size = 0
        self._names = Names()
        self._at: Position | None = None

    def answers(self, group: Sequence[tuple[Asked, str | None]]) -> list[Response | Exception]:
        """For each request, with its `If-None-Match`, the answer or what to raise.

        Raises:
            IndexEmpty, StoreUnavailable: there is no answer for anybody.
        """
        wanted = {asked for asked, _ in group}
        told = self._glance(wanted) or self._read(wanted)
        return [_answer(told, asked, known) for asked, known in group]

    def _glance(self, wanted: set[Asked]) -> _Told | None:
        """By one statement: where the index stands, and what is not written yet. None where that
        does not do: the index has moved, a name is not known, or a final block is asked for.
        """
        if any(asked.finality != "head" for asked in wanted):
            return None
        found = {asked: self._kept(asked) for asked in wanted if asked in self._written}
        missing = wanted - found.keys()
        agents = {asked.agent_id for asked in missing}
        at, known = self._services.store.glance(lambda connection: look(connection, agents))
        if at is None or at != self._at or not self._names.cover(known.values()):
            return None
        mark = Mark(at)
        return mark, found | self._write(mark, at, missing, known)

    def _read(self, wanted: set[Asked]) -> _Told:
        """In one transaction, whatever there is to read."""
        with self._services.store.read() as session:
            snapshot = snapshot_in(session, self._services)
            if snapshot.at != self._at:
                # Another block, another branch, or more is final: nothing kept before holds.
                self._written.clear()
                self._size, self._names, self._at = 0, Names(), snapshot.at
            found: dict[Asked, bytes | Exception] = {}
            for finality in {asked.finality for asked in wanted}:
                group = {asked for asked in wanted if asked.finality == finality}
                try:
                    at = snapshot.view(finality)
                except AssayError as error:
                    found |= dict.fromkeys(group, error)
                    continue
                agents = {asked.agent_id for asked in group}
                _, known = look(session.connection(), agents, at.number)
                self._names.add(session.connection(), known.values())
                found |= self._write(snapshot, at, group, known)
            return snapshot, found

    def _write(
        self, mark: Mark, at: Position, group: set[Asked], known: dict[int, Known]
    ) -> dict[Asked, bytes | Exception]:
        found: dict[Asked, bytes | Exception] = {}
        for asked in group:
            if asked.agent_id in known:
                facts = self._names.facts(known[asked.agent_id])
                text = found[asked] = written(self._services.network, mark, at, asked, facts)
                self._keep(asked, text)
            else:
                found[asked] = unknown_agent(self._services, mark.at, asked.agent_id)
        return found

    def _kept(self, asked: Asked) -> bytes | Exception:
        self._written.move_to_end(asked)
        return self._written[asked]

    def _keep(self, asked: Asked, text: bytes) -> None:
        self._written[asked] = text
        self._size += len(text)
        while self._size > self._limit:
            self._size -= len(self._written.popitem(last=False)[1])


def _answer(told: _Told, asked: Asked, known: str | None) -> Response | Exception:
    mark, found = told
    if is_known(mark.etag, known):
        return NotModified(mark.etag)
    text = found[asked]
    if isinstance(text, Exception):
        return text
    return Response(text, headers=mark.marks, media_type="application/json")


def written(network: Network, mark: Mark, at: Position, asked: Asked, facts: Facts) -> bytes:
    """The answer's JSON."""
    view = ReputationView(
        registry=network.registry,
        agent_id=asked.agent_id,
        owner=facts.owner,
        scores=[
            _view(item, network.policy_id)
            for item in facts.scores(network.policy, at.timestamp)
            if (asked.role is None or item.role == asked.role)
            and (asked.profile is None or _is(item, asked.profile))
        ],
        block=mark.ref(at),
    )
    return view.model_dump_json(by_alias=True).encode()


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
