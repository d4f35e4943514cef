"""Following the chain: reorganisations, lagging and lying nodes, crashes, contradictions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from backend.errors import IndexContradiction, StoreUnavailable
from backend.indexer import Indexer, RpcInconsistent
from backend.indexer import batch as batch_module
from backend.indexer import follow as follow_module
from backend.store import Agent, Event, Position, RoundRecord, Store, dump, position
from chain.errors import RpcRejected, RpcUnreachable
from chain.events import Event as ChainEvent
from chain.events import ProfileRegistered, Staked
from tests.backend.conftest import World
from tests.backend.stories import PROFILE, accepted_round, begin, rejected_round, submitted
from tests.support.fakechain import FakeChain, emit, word
from verifier.canonical import keccak256

pytestmark = pytest.mark.unit

Worlds = Callable[[FakeChain], World]


def where(store: Store) -> Position:
    with store.read() as session:
        found = position(session)
    assert found is not None
    return found


def requests_of(store: Store) -> list[bytes]:
    with store.read() as session:
        return list(session.scalars(select(RoundRecord.request_hash)))


def assert_like_new(world: World, new_world: Worlds) -> None:
    """The tables are those of an index made from nothing on the same chain."""
    fresh = new_world(world.chain)
    fresh.catch_up()
    assert dump(world.store) == dump(fresh.store)


def test_step__when_caught_up__then_cursor_is_the_head_and_nothing_moves(world: World) -> None:
    accepted_round(world.chain, word("one"))
    world.catch_up()
    before = dump(world.store)
    assert where(world.store).hash == world.chain.head().hash
    assert where(world.store).finalized == world.chain.finalized().number
    assert world.indexer().step() is False
    assert dump(world.store) == before


def test_step__when_chain_has_not_reached_the_deployment__then_waits(world: World) -> None:
    del world.chain.blocks[1:]
    assert world.indexer().step() is False
    with world.store.read() as session:
        assert position(session) is None


def test_step__when_a_reorg_removes_a_round__then_its_rows_are_gone(
    world: World, new_world: Worlds
) -> None:
    world.catch_up()
    world.chain.mine(*submitted(word("doomed")))
    world.chain.mine()
    world.catch_up()
    assert requests_of(world.store) == [word("doomed")]
    world.chain.reorganise(2)
    for _ in range(3):
        world.chain.mine()
    world.catch_up()
    assert requests_of(world.store) == []
    assert where(world.store).hash == world.chain.head().hash
    assert_like_new(world, new_world)


def test_step__when_a_transaction_moves_to_another_block__then_counted_once(
    world: World, new_world: Worlds
) -> None:
    world.catch_up()
    world.chain.mine(emit(Staked, 1, 5, 10**18 + 5))
    world.catch_up()
    world.chain.reorganise(1)
    world.chain.mine()
    moved = world.chain.mine(emit(Staked, 1, 5, 10**18 + 5))
    world.catch_up()
    with world.store.read() as session:
        rows = session.scalars(select(Event).where(Event.block_number >= moved.number - 1)).all()
        assert [row.block_hash for row in rows] == [moved.hash]
        agent = session.get(Agent, 1)
        assert agent is not None
        assert agent.bonded == 10**18 + 5
    assert_like_new(world, new_world)


@pytest.mark.parametrize("name", [b"\\ud800", b"\\u0000", b"\xff"])
def test_step__when_a_profiles_name_is_no_text__then_the_index_goes_on(
    world: World, name: bytes
) -> None:
    recipe = b'{"name":"' + name + b'"}'
    world.chain.mine(emit(ProfileRegistered, keccak256(recipe), recipe, PROFILE))
    world.catch_up()
    assert where(world.store).hash == world.chain.head().hash


@pytest.mark.parametrize("mined", [1, 2, 3])
def test_step__when_the_new_branch_is_not_higher__then_found_by_hash(
    world: World, new_world: Worlds, mined: int
) -> None:
    world.chain.mine(*submitted(word("doomed")))
    for _ in range(2):
        world.chain.mine()
    world.catch_up()
    world.chain.reorganise(3)
    for _ in range(mined):
        world.chain.mine()
    world.catch_up()
    assert where(world.store).hash == world.chain.head().hash
    assert requests_of(world.store) == []
    assert_like_new(world, new_world)


def test_step__when_the_whole_index_is_reorganised__then_it_begins_again(
    world: World, new_world: Worlds
) -> None:
    world.chain.final_depth = 1000
    world.catch_up()
    world.chain.reorganise(len(world.chain.blocks) - 1)
    begin(world.chain)
    world.catch_up()
    assert_like_new(world, new_world)


def test_step__when_what_was_final_changes__then_stops_and_keeps_every_row(world: World) -> None:
    accepted_round(world.chain, word("one"))
    world.catch_up()
    before = dump(world.store)
    world.chain.reorganise(world.chain.final_depth + 3)
    for _ in range(20):
        world.chain.mine()
    with pytest.raises(IndexContradiction, match="was final"):
        world.indexer().step()
    assert dump(world.store) == before


def test_run__when_contradicted__then_halts_loudly(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    accepted_round(world.chain, word("one"))
    world.catch_up()
    world.chain.reorganise(world.chain.final_depth + 3)
    for _ in range(20):
        world.chain.mine()
    with pytest.raises(IndexContradiction):
        world.indexer().run(threading.Event())
    reason = world.status.not_ready()
    assert reason is not None
    assert reason.startswith("The index has stopped:")
    assert "was final" in caplog.text


def test_step__when_a_provider_flips_for_a_moment__then_nothing_is_deleted(world: World) -> None:
    accepted_round(world.chain, word("one"))
    world.catch_up()
    before = dump(world.store)

    class Flipping(FakeChain):
        """Answers once from another branch, then as before."""

        flips = 2 + FakeChain.final_depth

        def block(self, which: int) -> Any:
            found = super().block(which)
            if self.flips > 0 and found is not None:
                self.flips -= 1
                return type(found)(**{**_fields(found), "hash": word(f"flip {which}")})
            return found

    flipping = Flipping(blocks=world.chain.blocks, events=world.chain.events)
    indexer = world.indexer(flipping)
    for _ in range(10):
        try:
            indexer.step()
        except RpcInconsistent:
            continue
    assert dump(world.store) == before


@pytest.mark.parametrize("number", [1 << 63, 1 << 64])
def test_step__when_a_number_is_larger_than_databases_hold__then_waited_out(
    world: World, number: int
) -> None:
    world.chain.mine()
    world.catch_up()
    before = dump(world.store)
    world.chain.mine()
    right = world.chain.blocks[-1]
    world.chain.blocks[-1] = type(right)(**{**_fields(right), "timestamp": number})
    distrusted: list[bool] = []
    indexer = world.indexer(distrust=lambda: distrusted.append(True))
    with pytest.raises(RpcInconsistent, match="a number too large"):
        indexer.step()
    assert distrusted == [True]
    assert dump(world.store) == before
    world.chain.blocks[-1] = right
    indexer.step()
    assert dump(world.store) != before


def _fields(block: Any) -> dict[str, Any]:
    return {name: getattr(block, name) for name in type(block).__dataclass_fields__}


@pytest.mark.parametrize("behind", [1, 3, 6, 12])
def test_step__when_the_provider_falls_behind__then_no_regress(world: World, behind: int) -> None:
    accepted_round(world.chain, word("one"))
    world.catch_up()
    before = dump(world.store)
    lagging = FakeChain(blocks=world.chain.blocks[:-behind], events=world.chain.events)
    assert world.indexer(lagging).step() is False
    assert dump(world.store) == before


def test_step__when_logs_are_missing_that_receipts_have__then_refused_and_retried(
    world: World,
) -> None:
    world.catch_up()
    at = where(world.store).number
    world.chain.mine(emit(Staked, 1, 5, 10**18 + 5))
    honest = world.chain.logs_of_block
    world.chain.logs_of_block = lambda block_hash: []  # type: ignore[method-assign]
    with pytest.raises(RpcInconsistent, match="leaves logs out"):
        world.indexer().step()
    assert where(world.store).number == at
    world.chain.logs_of_block = honest  # type: ignore[method-assign]
    world.catch_up()
    assert where(world.store).number == at + 1


def test_step__when_the_new_branch_cannot_be_read_yet__then_the_old_rows_stay(
    world: World,
) -> None:
    world.catch_up()
    world.chain.mine(*submitted(word("doomed")))
    world.catch_up()
    before = dump(world.store)
    world.chain.reorganise(1)
    world.chain.mine(*submitted(word("other")))
    world.chain.logs_of_block = lambda block_hash: []  # type: ignore[method-assign]
    with pytest.raises(RpcInconsistent):
        world.indexer().step()
    assert dump(world.store) == before


def test_step__when_ranges_are_refused__then_narrower_ones_give_the_same_tables(
    new_world: Worlds,
) -> None:
    chain = FakeChain(final_depth=2)
    begin(chain)
    accepted_round(chain, word("one"))
    rejected_round(chain, word("two"))
    widths: list[int] = []

    class Narrow(FakeChain):
        def logs(self, from_block: int, to_block: int) -> list[ChainEvent]:
            widths.append(to_block - from_block + 1)
            if widths[-1] > 3:
                raise RpcRejected("too many", -32005, "query returned more than 10000 results")
            return super().logs(from_block, to_block)

    narrow = new_world(Narrow(final_depth=2, blocks=chain.blocks, events=chain.events))
    wide = new_world(chain)
    narrow.catch_up()
    wide.catch_up()
    assert max(widths) > 3
    assert dump(narrow.store) == dump(wide.store)


def test_step__when_two_indexers_share_a_database__then_the_second_stops(world: World) -> None:
    world.catch_up()
    world.chain.mine()
    late = world.indexer()
    stale = FakeChain(blocks=list(world.chain.blocks), events=world.chain.events)

    def overtaken(block_hash: bytes) -> list[ChainEvent]:
        world.chain.mine()
        world.catch_up()
        return []

    stale.logs_of_block = overtaken  # type: ignore[method-assign]
    late = world.indexer(stale)
    with pytest.raises(StoreUnavailable, match="Another server"):
        late.step()


def test_step__when_it_dies_before_the_commit__then_a_restart_gives_the_same_tables(
    world: World, new_world: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted_round(world.chain, word("one"))

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(batch_module, "_move_cursor", dies)
    with pytest.raises(KeyboardInterrupt):
        world.indexer().step()
    with world.store.read() as session:
        assert session.scalars(select(Event)).first() is None
    monkeypatch.undo()
    world.catch_up()
    assert_like_new(world, new_world)


def test_run__when_the_node_is_silent_for_a_while__then_it_waits_and_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    troubles: list[str | None] = []
    honest = world.chain.head

    def head() -> Any:
        if len(troubles) < 3:
            troubles.append(world.status.snapshot().trouble)
            raise RpcUnreachable("Nothing answers at http://127.0.0.1:1.")
        if where_or_none(world.store) == honest().number:
            stop.set()
        return honest()

    monkeypatch.setattr(world.chain, "head", head)
    world.indexer().run(stop, poll_seconds=0.001)
    assert troubles[1:] == ["Nothing answers at http://127.0.0.1:1."] * 2
    assert world.status.not_ready() is None


@pytest.mark.parametrize(
    "error", [StoreUnavailable("It is locked."), OSError(28, "No space left on device")]
)
def test_run__when_the_disk_or_the_database_fails_for_a_while__then_it_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    stop = threading.Event()
    failures = [error] * 3
    honest = follow_module.apply_batch

    def apply_batch(store: Store, batch: Any) -> None:
        if failures:
            raise failures.pop()
        honest(store, batch)
        stop.set()

    monkeypatch.setattr(follow_module, "apply_batch", apply_batch)
    world.indexer().run(stop, poll_seconds=0.001)
    assert failures == []
    assert where(world.store).number > 0


def where_or_none(store: Store) -> int | None:
    with store.read() as session:
        found = position(session)
    return None if found is None else found.number


def test_indexer__when_given_a_chain_without_finality__then_assumes_a_depth(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown() -> Any:
        raise RpcRejected("no tag", -32602, "unknown block tag")

    monkeypatch.setattr(world.chain, "finalized", unknown)
    for _ in range(follow_module.ASSUMED_FINAL_BLOCKS + 3):
        world.chain.mine()
    world.catch_up()
    head = world.chain.head().number
    assert where(world.store).finalized == head - follow_module.ASSUMED_FINAL_BLOCKS


def test_indexer__when_created__then_reads_nothing(world: World) -> None:
    assert isinstance(world.indexer(), Indexer)
    assert world.chain.reads == []
