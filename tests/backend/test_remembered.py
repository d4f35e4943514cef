"""Facts kept in memory are those that the tables hold, whatever blocks come and go."""

from __future__ import annotations

import pytest

from backend.remembered import RememberedFacts
from backend.reputation import facts_of
from backend.store import position
from tests.backend.conftest import World
from tests.backend.stories import PROVIDER, VERIFIERS, accepted_round, rejected_round
from tests.support.fakechain import word

pytestmark = pytest.mark.integration

AGENTS = (PROVIDER, *VERIFIERS)


def compare(world: World, kept: RememberedFacts) -> None:
    """Asked twice: read, and remembered."""
    world.catch_up()
    with world.store.read() as session:
        at = position(session)
        assert at is not None
        told = facts_of(session, {*AGENTS, 999}, at.number)
        assert told.keys() == set(AGENTS)
        for agent_id in (*AGENTS, *AGENTS):
            assert kept.of(session, at, [agent_id]) == {agent_id: told[agent_id]}
        assert kept.of(session, at, [*AGENTS, 999]) == told


def test_facts__when_blocks_come_and_are_taken_away__then_those_of_the_tables(world: World) -> None:
    kept = RememberedFacts()
    compare(world, kept)
    accepted_round(world.chain, word("one"))
    compare(world, kept)
    world.chain.reorganise(2)
    world.chain.mine()
    compare(world, kept)
    world.chain.mine()
    world.chain.mine()
    world.chain.mine()
    rejected_round(world.chain, word("two"))
    compare(world, kept)


def test_facts__when_more_are_asked_for_than_kept__then_still_those_of_the_tables(
    world: World,
) -> None:
    kept = RememberedFacts(remembered=2)
    compare(world, kept)
    accepted_round(world.chain, word("one"))
    compare(world, kept)
