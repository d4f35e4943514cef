"""What one statement tells of agents is what the tables hold, at the newest block and before."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.facts import Known, look
from backend.store import Block, Enrolment, EvidenceRecord, Ownership, position
from chain.events import Left, Transfer
from tests.backend.conftest import World
from tests.backend.stories import (
    PROFILE_ID,
    PROVIDER,
    VERIFIERS,
    accepted_round,
    owner_of,
    rejected_round,
)
from tests.support.fakechain import emit, word

pytestmark = pytest.mark.integration

AGENTS = (PROVIDER, *VERIFIERS)


def read(session: Session, agent_id: int, until: int) -> Known:
    """The same from whole tables, row by row."""
    known = Known(None)
    for row in session.scalars(select(Ownership).order_by(*Ownership.__table__.primary_key)):
        if row.agent_id == agent_id and row.block_number <= until:
            known = Known(row.owner)
    for row in session.scalars(
        select(EvidenceRecord).order_by(*EvidenceRecord.__table__.primary_key)
    ):
        if row.agent_id == agent_id and row.block_number <= until:
            known.latest[row.domain] = (row.alpha, row.beta, row.alpha_owner, row.timestamp)
    for row in session.scalars(select(Enrolment).where(Enrolment.left_at.is_(None))):
        if row.agent_id == agent_id:
            known.enrolled.add(row.profile_id)
    return known


def compare(world: World) -> None:
    world.catch_up()
    with world.store.read() as session:
        for until in session.scalars(select(Block.number)).all():
            at, found = look(session.connection(), (*AGENTS, 999), until)
            assert at == position(session)
            assert found == {agent_id: read(session, agent_id, until) for agent_id in AGENTS}
        newest = look(session.connection(), AGENTS)
        assert newest == look(session.connection(), AGENTS, newest[0].number if newest[0] else 0)
        assert look(session.connection(), ()) == (position(session), {})
    assert world.store.glance(lambda connection: look(connection, AGENTS)) == newest


def test_look__when_blocks_come_and_are_taken_away__then_those_of_the_tables(world: World) -> None:
    compare(world)
    accepted_round(world.chain, word("one"))
    compare(world)
    world.chain.mine(emit(Left, 2, PROFILE_ID, owner_of(2)))
    world.chain.mine(emit(Transfer, owner_of(3), owner_of(2), 3))
    compare(world)
    world.chain.reorganise(2)
    rejected_round(world.chain, word("two"))
    accepted_round(world.chain, word("three"))
    compare(world)
