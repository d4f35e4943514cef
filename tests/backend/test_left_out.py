"""Every kind of event, left out by a node when it is first read (I7): the index ends as if it had
been told at once."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from backend.api import create_app
from backend.errors import EventLeftOut
from backend.indexer import (
    Indexer,
    Providers,
    Reconciler,
    RpcInconsistent,
    Status,
    reconcile,
    repair,
)
from backend.indexer.rules import RULES
from backend.store import dump, forget_rows, position
from chain.events import Committed, Event, EvidenceRecorded, ProfileRegistered
from chain.types import PROVIDER_SEAT, Verdict
from tests.backend.conftest import World
from tests.backend.everything import everything
from tests.backend.stories import accepted_round, committed, drawn, submitted
from tests.faults.simulation.truth import settled
from tests.support.asgi import AsgiClient
from tests.support.fakechain import FakeChain, word

pytestmark = pytest.mark.unit


class Forgetful(FakeChain):
    """A node of a chain that leaves events out the first time (or so often) it is asked for them.

    Attributes:
        left_out: how often each event will yet be left out, by its place.
        deployment: what a reconciler asks a gateway for.
    """

    deployment = None

    def __init__(self, of: FakeChain, leaves_out: Callable[[Event], bool], times: int = 1) -> None:
        super().__init__(final_depth=of.final_depth, blocks=list(of.blocks), events=of.events)
        self.left_out = {
            (event.log.block_hash, event.log.log_index): times
            for block in of.blocks
            for event in of.events[block.hash]
            if leaves_out(event)
        }

    def logs(self, from_block: int, to_block: int) -> list[Event]:
        return self._told(super().logs(from_block, to_block))

    def logs_of_block(self, block_hash: bytes) -> list[Event]:
        return self._told(super().logs_of_block(block_hash))

    def _told(self, events: Sequence[Event]) -> list[Event]:
        told = []
        for event in events:
            place = (event.log.block_hash, event.log.log_index)
            if self.left_out.get(place, 0) > 0:
                self.left_out[place] -= 1
            else:
                told.append(event)
        return told


def to_the_head(indexer: Indexer) -> None:
    while indexer.step():
        pass


def steps(indexer: Indexer) -> None:
    """To the head, or to where it waits for a better answer."""
    with contextlib.suppress(EventLeftOut, RpcInconsistent):
        to_the_head(indexer)


def follow(world: World, node: Forgetful) -> list[str]:
    """Indexes as the chain grows, and compares, until nothing differs; what was said meanwhile."""
    indexer = world.indexer(node)
    compare = Reconciler(lambda: node, world.store, world.status)  # type: ignore[arg-type,return-value]
    whole, said = node.blocks, []
    node.blocks = whole[: len(whole) // 2]
    steps(indexer)
    node.blocks = whole
    for _ in range(8):
        steps(indexer)
        said += compare.step()
        with world.store.read() as session:
            at = position(session)
        if at is not None and at.hash == whole[-1].hash and not world.status.snapshot().differences:
            return said
    raise AssertionError(f"it does not end: {world.status.snapshot()}")


@pytest.fixture
def only_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake chain has no contracts to ask: the logs alone have to be enough."""
    monkeypatch.setattr(reconcile, "CHECKS", ())


@pytest.fixture
def truth(world: World) -> dict[str, Any]:
    """The tables of a story in which everything happens, told by a node that leaves nothing out."""
    everything(world)
    world.catch_up()
    return settled(dump(world.store))


@pytest.mark.usefixtures("only_counts")
@pytest.mark.parametrize("at_once", [4, pytest.param(1, marks=pytest.mark.campaign)])
def test_i7_event__when_any_kind_is_left_out_once__then_the_tables_are_the_chains(
    world: World, truth: dict[str, Any], at_once: int
) -> None:
    happened = {type(event) for events in world.chain.events.values() for event in events}
    assert set(RULES) <= happened, "the story lacks some"
    kinds = list(RULES)
    for start in range(0, len(kinds), at_once):
        some = kinds[start : start + at_once]
        with world.store.write() as connection:
            forget_rows(connection)
        repairs = world.status.snapshot().repairs
        node = Forgetful(world.chain, lambda event, some=some: type(event) in some)  # type: ignore[misc]
        follow(world, node)
        assert not any(node.left_out.values()), some
        found = settled(dump(world.store))
        assert [name for name, rows in truth.items() if found[name] != rows] == [], some
        assert world.status.snapshot().repairs - repairs <= 2, some


@pytest.mark.usefixtures("only_counts")
def test_i7_event__when_it_was_left_out_and_is_read_again__then_no_old_answer_stands(
    world: World,
) -> None:
    accepted_round(world.chain, word("one"))
    for _ in range(world.chain.final_depth + 1):
        world.chain.mine()
    node = Forgetful(world.chain, lambda event: isinstance(event, EvidenceRecorded))
    client = AsgiClient(create_app(world.services()))
    steps(indexer := world.indexer(node))
    before = client.get("/v1/agents/1/reputation")
    Reconciler(lambda: node, world.store, world.status).step()  # type: ignore[arg-type,return-value]
    assert world.status.not_ready() is not None
    steps(indexer)  # what is not final: not enough
    Reconciler(lambda: node, world.store, world.status).step()  # type: ignore[arg-type,return-value]
    steps(indexer)
    known = {"If-None-Match": before.headers["etag"]}
    after = client.get("/v1/agents/1/reputation", headers=known)
    assert after.status_code == 200
    assert after.json()["block"] == before.json()["block"]
    assert before.json()["scores"][-1]["n"] is None
    assert after.json()["scores"][-1]["n"] == pytest.approx(1.0, rel=1e-3)


def test_i7_event__when_the_providers_commitment_is_left_out__then_the_window_tells(
    world: World,
) -> None:
    """It is no seat of the committee, and the court has no event for what it brought about."""
    one = word("one")
    world.chain.mine(*submitted(one))
    world.chain.mine(*drawn(one, world.chain.head().timestamp + 72))
    world.chain.mine(*(committed(one, seat) for seat in (0, 1, 2, PROVIDER_SEAT)))
    court = SimpleNamespace(
        committed=3, opened=0, commit_closes_at=world.chain.head().timestamp, verdict=Verdict.NONE
    )

    def differences() -> list[str]:
        with world.store.read() as session:
            return list(reconcile.compare_rounds(session, lambda *_: court, reconcile.Pages()))

    def claims(event: Event) -> bool:
        return isinstance(event, Committed) and event.seat == PROVIDER_SEAT

    steps(world.indexer(Forgetful(world.chain, claims, times=99)))
    (difference,) = differences()
    assert difference.startswith(f"seats of round 0x{one.hex()}: ")
    with world.store.write() as connection:
        forget_rows(connection)
    world.catch_up()
    assert differences() == []


def test_i7_event__when_a_node_leaves_it_out_for_ever__then_another_node_is_read(
    world: World, truth: dict[str, Any]
) -> None:
    with world.store.write() as connection:
        forget_rows(connection)
    liar = Forgetful(world.chain, lambda event: isinstance(event, ProfileRegistered), times=99)
    nodes = Providers([("liar", liar), ("honest", Forgetful(world.chain, lambda _: False))])
    indexer = world.indexer(nodes, distrust=nodes.distrust)  # type: ignore[arg-type]
    for _ in range(9):
        steps(indexer)
    assert nodes.label == "honest"
    assert settled(dump(world.store)) == truth


def test_i7_event__when_every_node_leaves_it_out_for_ever__then_not_ready_and_nothing_stored(
    world: World,
) -> None:
    everything(world)
    liar = Forgetful(world.chain, lambda event: isinstance(event, ProfileRegistered), times=999)
    whole, indexer = liar.blocks, world.indexer(liar)
    liar.blocks = whole[:6]  # Agents come; no round yet.
    steps(indexer)
    before = dump(world.store)
    liar.blocks = whole
    for _ in range(6):
        with pytest.raises(EventLeftOut, match="made profiles 0x"):
            to_the_head(indexer)
    assert world.status.snapshot().repairs == repair.AT_ONCE
    assert dump(world.store) == before
    reason = world.status.not_ready()
    assert reason is not None
    assert "blocks behind the chain" in reason


def test_repairs__when_they_do_not_help__then_ever_longer_pauses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(repair, "time", clock)
    status = Status()
    repairs, moments = repair.Repairs(status), []
    for _ in range(1000):
        clock.now += 1.0
        assert repairs.thorough == bool(moments)
        if repairs.due():
            repairs.done()
            moments.append(clock.now)
            assert not repairs.due(), "nothing was compared since"
        status.reconciled(["A difference."])
    waits = [late - early for early, late in itertools.pairwise(moments)]
    assert waits == [1.0, 60.0, 120.0, 240.0, 480.0]
    status.reconciled([])
    clock.now += repair.LONGEST_PAUSE + 1
    assert not repairs.due()
    assert not repairs.thorough
