"""Faults of nodes that only several nodes, or the contracts, can tell (I6, I7, I9, I12).

The others of the list (I1 to I5, I8, I10, I11) are in `test_chain_faults.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.indexer import Providers, Reconciler
from backend.indexer.providers import COMPARE_SECONDS, REST_SECONDS, NoProvider
from backend.store import dump, position
from chain.errors import ChainMismatch, RpcUnreachable
from chain.gateway import Gateway
from chain.types import PROVIDER_SEAT
from cli.anvil import AnvilOptions
from tests.backend.conftest import World
from tests.backend.live import Index
from tests.backend.stories import accepted_round
from tests.support.court import Court, open_court
from tests.support.fakechain import FakeChain, word
from tests.support.proxy import FaultProxy, claim


class Node(FakeChain):
    """A node that can be silenced, and counts what it is asked."""

    silent = False

    def head(self) -> Any:
        if self.silent:
            raise RpcUnreachable("Nothing answers at http://127.0.0.1:9.")
        return super().head()

    def logs_of_block(self, block_hash: bytes) -> Any:
        if self.silent:
            raise RpcUnreachable("Nothing answers at http://127.0.0.1:9.")
        return super().logs_of_block(block_hash)


def node(chain: FakeChain, behind: int = 0) -> Node:
    """A node of the same chain, so many blocks behind."""
    blocks = chain.blocks[: len(chain.blocks) - behind]
    return Node(blocks=blocks, events=chain.events, final=0, final_depth=chain.final_depth)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def where(world: World) -> tuple[int, bytes]:
    with world.store.read() as session:
        at = position(session)
    assert at is not None
    return at.number, at.hash


@pytest.mark.unit
def test_i12_failover__when_the_other_node_is_5_blocks_behind__then_no_revert_and_no_regress(
    world: World,
) -> None:
    accepted_round(world.chain, word("one"))
    first, second = node(world.chain), node(world.chain, behind=5)
    nodes = Providers([("first", first), ("second", second)])
    indexer = world.indexer(nodes)  # type: ignore[arg-type]
    while indexer.step():
        pass
    before, at = dump(world.store), where(world)
    first.silent = True
    assert not indexer.step()
    assert nodes.label == "second"
    assert dump(world.store) == before
    assert where(world) == at
    # The second catches up and goes on: the index follows it.
    second.blocks = list(world.chain.blocks)
    world.chain.mine()
    second.blocks.append(world.chain.blocks[-1])
    while indexer.step():
        pass
    assert where(world) == (world.chain.head().number, world.chain.head().hash)


@pytest.mark.unit
def test_i6_failover__when_a_node_falls_silent_between_head_and_logs__then_nothing_is_mixed(
    world: World,
) -> None:
    accepted_round(world.chain, word("one"))
    first, second = node(world.chain), node(world.chain, behind=3)
    nodes = Providers([("first", first), ("second", second)])
    nodes.head()
    first.silent = True
    with pytest.raises(RpcUnreachable):
        nodes.logs_of_block(world.chain.head().hash)
    assert "logs_of_block" not in second.reads, "a head of one node, logs of another"


@pytest.mark.unit
def test_failover__when_ours_is_stuck_while_another_goes_on__then_left_for_it(
    world: World,
) -> None:
    clock = Clock()
    stuck, live = node(world.chain, behind=4), node(world.chain)
    nodes = Providers([("stuck", stuck), ("live", live)], clock=clock)
    assert nodes.head().number == stuck.blocks[-1].number
    clock.now += COMPARE_SECONDS
    assert nodes.head().number == live.blocks[-1].number
    assert nodes.label == "live"


@pytest.mark.unit
def test_failover__when_a_node_is_of_another_chain__then_never_used(world: World) -> None:
    other, ours = node(world.chain), node(world.chain)
    clock = Clock()

    def check(reader: FakeChain) -> None:
        if reader is other:
            raise ChainMismatch("The deployment is for chain 1, the node serves chain 2.")

    nodes = Providers([("other", other), ("ours", ours)], check, clock)
    for _ in range(3):
        nodes.head()
        clock.now += REST_SECONDS + 1
        assert nodes.label == "ours"
    ours.silent = True
    with pytest.raises(NoProvider):
        nodes.head()
    with pytest.raises(ChainMismatch):
        Providers([("other", other)], check).open()


# ------------------------------------------------------------------ on a real chain


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    """One chain for this file; its tests only add to it."""
    with open_court(tmp_path_factory.mktemp("court"), AnvilOptions(block_time=0)) as court:
        court.control.pass_time(3600)
        yield court


@pytest.fixture
def through(court: Court, tmp_path: Path) -> Iterator[Callable[[], tuple[FaultProxy, Index]]]:
    """An index that reads through a proxy."""
    opened: list[Any] = []

    def make() -> tuple[FaultProxy, Index]:
        proxy = FaultProxy(court.control.url).__enter__()
        door = Gateway(proxy.url, court.deployment, tries=1)
        index = Index(tmp_path / f"index-{len(opened)}", door)
        opened.append((proxy, index, door))
        return proxy, index

    yield make
    for proxy, index, door in opened:
        index.close()
        door.close()
        proxy.__exit__(None, None, None)


def logs_at(court: Court, number: int) -> list[Any]:
    addresses = list(court.deployment.addresses.values())
    where = {"fromBlock": hex(number), "toBlock": hex(number), "address": addresses}
    found: list[Any] = court.control("eth_getLogs", where)
    return found


def reconciler(index: Index, court: Court) -> Reconciler:
    return Reconciler(lambda: court.door, index.store, index.status)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("left_out", "says"),
    [("Staked", "stake of agent"), ("RoundSubmitted", "rounds: ")],
)
def test_i7_logs__when_one_is_left_out_under_the_right_hash__then_the_contracts_tell_and_not_ready(
    court: Court,
    through: Callable[[], tuple[FaultProxy, Index]],
    left_out: str,
    says: str,
) -> None:
    proxy, index = through()
    index.catch_up()
    assert reconciler(index, court).step() == []
    assert index.status.not_ready() is None
    judge = next(iter(court.verifiers.values()))
    if left_out == "Staked":
        judge.send("StakeVault", "stake", judge.agent_id, value=5)
        court.submit(court.receipt(b"another log in the same range")[0])
    else:
        court.submit(court.receipt(b"left out")[0])
    kept = []
    for number in range(index_at(index) + 1, court.door.head().number + 1):
        logs = logs_at(court, number)
        names = [type(court.door._decoder.decode(log)).__name__ for log in logs]
        kept.append([log for log, name in zip(logs, names, strict=True) if name != left_out])
        if left_out == "RoundSubmitted":
            kept[-1] = logs[:1]
    proxy.inject("eth_getLogs", *map(claim, kept))
    # An empty answer would be noticed by the bloom filter; the receipts are asked, and lie too.
    proxy.inject("eth_getBlockReceipts", *[claim([])] * len(kept))
    index.catch_up()
    (difference, *_) = reconciler(index, court).step()
    assert says in difference
    reason = index.status.not_ready()
    assert reason is not None
    assert "differs from the contracts" in reason
    assert "--rebuild" in reason


@pytest.mark.integration
def test_i7_logs__when_a_later_event_made_up_for_the_one_left_out__then_counted_and_not_ready(
    court: Court, through: Callable[[], tuple[FaultProxy, Index]]
) -> None:
    proxy, index = through()
    index.catch_up()
    judge = next(iter(court.verifiers.values()))
    for _ in range(2):
        judge.send("StakeVault", "stake", judge.agent_id, value=5)
    proxy.inject("eth_getLogs", claim([]))
    proxy.inject("eth_getBlockReceipts", claim([]))
    index.catch_up()
    (difference,) = reconciler(index, court).step()
    assert difference.startswith("events of blocks ")
    assert index.status.not_ready() is not None


def index_at(index: Index) -> int:
    number: int = index.dump()["cursor"][0][1]
    return number


@pytest.mark.integration
def test_i9_logs__when_an_answer_has_exactly_a_limits_length__then_asked_again_in_parts(
    court: Court, through: Callable[[], tuple[FaultProxy, Index]], tmp_path: Path
) -> None:
    court.control.mine(100)
    proxy, index = through()
    first = next(logs_at(court, n) for n in range(1, 100) if logs_at(court, n))[0]
    proxy.inject("eth_getLogs", claim([first] * 1000))
    index.catch_up()
    asked = [
        int(p[0]["toBlock"], 16) - int(p[0]["fromBlock"], 16) + 1
        for method, p in proxy.requests
        if method == "eth_getLogs" and "fromBlock" in p[0]
    ]
    assert asked[1] == asked[0] // 2
    fresh = Index(tmp_path / "fresh", court.door)
    fresh.catch_up()
    assert index.dump() == fresh.dump()
    fresh.close()


@pytest.mark.integration
def test_reconcile__when_everything_is_there__then_every_table_is_compared_again_and_again(
    court: Court, through: Callable[[], tuple[FaultProxy, Index]]
) -> None:
    drawn = court.draw(court.submit(court.receipt(b"its window ends early")[0]))
    for seat in (*range(len(drawn.agent_ids)), PROVIDER_SEAT):
        court.commit(drawn, seat, b"digest".ljust(32))
    _, index = through()
    index.catch_up()
    compare = reconciler(index, court)
    for _ in range(4):
        assert compare.step() == []
    assert index.status.snapshot().compared == 4
