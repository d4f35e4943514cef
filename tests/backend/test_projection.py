"""Rolling back gives exactly what was there: compared with an index that never saw the rest."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from backend.indexer.batch import Batch, Filled, apply_batch
from backend.store import Undo, dump, roll_back
from chain.events import Enrolled, MetadataSet, Staked, Transfer, UnstakeRequested
from tests.backend.conftest import World
from tests.backend.stories import PROFILE_ID, accepted_round, begin, rejected_round
from tests.support.fakechain import Emitted, FakeChain, address, emit, word

pytestmark = pytest.mark.unit

Worlds = Callable[[FakeChain], World]


def events() -> st.SearchStrategy[Emitted]:
    """Events that touch few rows again and again, so that images pile up."""
    agents = st.integers(0, 2)
    amounts = st.integers(1, 2**90)
    people = st.sampled_from([address(name) for name in ("ann", "bob", "cid")])
    keys = st.sampled_from(["agentWallet", "note", "nul\x00"])
    return st.one_of(
        st.builds(lambda a, v: emit(Staked, a, v, v), agents, amounts),
        st.builds(lambda a, v, w: emit(UnstakeRequested, a, v, w, 99), agents, amounts, amounts),
        st.builds(lambda a, p, q: emit(Transfer, p, q, a), agents, people, people),
        st.builds(lambda a, p: emit(Enrolled, a, PROFILE_ID, p), agents, people),
        st.builds(
            lambda a, k, v: emit(MetadataSet, a, word(k), k, v),
            agents,
            keys,
            st.binary(max_size=20),
        ),
    )


def apply(world: World, chain: FakeChain, until: int, at_once: int) -> None:
    """Applies blocks 1..until in batches; nothing is final."""
    follows: bytes | None = None
    for start in range(1, until + 1, at_once):
        headers = chain.blocks[start : min(until, start + at_once - 1) + 1]
        blocks = [Filled(header, chain.events[header.hash]) for header in headers]
        apply_batch(world.store, Batch(blocks, finalized=0, follows=follows))
        follows = headers[-1].hash


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    blocks=st.lists(st.lists(events(), max_size=6), min_size=2, max_size=8),
    data=st.data(),
)
def test_roll_back__when_to_any_block__then_tables_are_as_if_the_rest_never_was(
    new_world: Worlds, blocks: list[list[Emitted]], data: st.DataObject
) -> None:
    chain = FakeChain()
    for emitted in blocks:
        chain.mine(*emitted)
    ancestor = data.draw(st.integers(1, len(blocks) - 1))
    at_once = data.draw(st.integers(1, 4))
    whole, prefix = new_world(chain), new_world(chain)
    apply(whole, chain, len(blocks), at_once)
    apply(prefix, chain, ancestor, at_once)
    with whole.store.write() as connection:
        roll_back(connection, ancestor)
    left, right = dump(whole.store), dump(prefix.store)
    del left["cursor"], right["cursor"]  # the cursor moves with the blocks that follow
    assert left == right


def test_roll_back__when_rounds_were_judged__then_every_table_is_restored(
    new_world: Worlds,
) -> None:
    chain = FakeChain()
    begin(chain)
    accepted_round(chain, word("one"))
    rejected_round(chain, word("two"))
    last = chain.head().number
    whole = new_world(chain)
    apply(whole, chain, last, 3)
    for ancestor in range(last - 4, 0, -4):
        prefix = new_world(chain)
        apply(prefix, chain, ancestor, 5)
        with whole.store.write() as connection:
            roll_back(connection, ancestor)
        left, right = dump(whole.store), dump(prefix.store)
        del left["cursor"], right["cursor"]
        assert left == right, f"at block {ancestor}"


def test_undo__when_blocks_become_final__then_their_images_are_dropped(world: World) -> None:
    accepted_round(world.chain, word("one"))
    world.catch_up()
    finalized = world.chain.finalized().number
    with world.store.read() as session:
        assert session.scalar(select(func.min(Undo.block_number))) == finalized + 1
    for _ in range(world.chain.final_depth + 1):
        world.chain.mine()
    world.catch_up()
    with world.store.read() as session:
        assert session.scalar(select(func.count()).select_from(Undo)) == 0
