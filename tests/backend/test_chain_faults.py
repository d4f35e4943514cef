"""Reorganisations, lying nodes and crashes, on a real chain (reference names: I1 to I11)."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from backend.errors import IndexContradiction
from backend.indexer import RpcInconsistent
from backend.store import Agent, Event
from chain.errors import RpcError
from chain.gateway import Gateway
from cli.anvil import AnvilOptions
from tests.backend.live import Index, serve_arguments, serving
from tests.support.actors import STAKE
from tests.support.court import Court, open_court
from tests.support.forked import Assay
from tests.support.polling import eventually
from tests.support.proxy import Fault, FaultProxy, claim, refusal

pytestmark = pytest.mark.integration


@pytest.fixture
def court(tmp_path: Path) -> Iterator[Court]:
    """A chain of the test's own; a block is final when 16 more are on it."""
    with open_court(tmp_path, AnvilOptions(block_time=0, slots_in_an_epoch=8)) as court:
        court.control.mine(20)
        yield court


@pytest.fixture
def index(court: Court, tmp_path: Path) -> Iterator[Index]:
    made = Index(tmp_path / "index", court.door)
    made.catch_up()
    yield made
    made.close()


def stake_more(court: Court, wei: int = 5) -> int:
    """A verifier stakes more, in a block of its own; returns its agentId."""
    judge = next(iter(court.verifiers.values()))
    judge.send("StakeVault", "stake", judge.agent_id, value=wei)
    return judge.agent_id


def bonded(index: Index, agent_id: int) -> int:
    with index.store.read() as session:
        row = session.get(Agent, agent_id)
        assert row is not None
        return row.bonded


def head_of(index: Index) -> bytes:
    row = index.dump()["cursor"][0]
    block_hash: bytes = row[2]
    return block_hash


def assert_like_new(index: Index, court: Court, folder: Path) -> None:
    fresh = Index(folder, court.door)
    fresh.catch_up()
    left, right = index.dump(), fresh.dump()
    fresh.close()
    # The chain's finality may have been read a block earlier or later; nothing else may differ.
    assert [row[:4] for row in left.pop("cursor")] == [row[:4] for row in right.pop("cursor")]
    assert left == right


def test_i1_reorg__when_it_removes_an_event__then_its_rows_are_gone(
    court: Court, index: Index, tmp_path: Path
) -> None:
    court.control.mine(2)
    agent_id = stake_more(court)
    index.catch_up()
    assert bonded(index, agent_id) == STAKE + 5
    court.control("anvil_reorg", 3, [])
    court.control.mine()
    index.catch_up()
    assert bonded(index, agent_id) == STAKE
    assert head_of(index) == court.door.head().hash
    assert_like_new(index, court, tmp_path / "fresh")


def test_i2_reorg__when_a_transaction_is_mined_in_another_block__then_counted_once(
    court: Court, index: Index, tmp_path: Path
) -> None:
    proxy_less = court.door
    court.control.mine(1)
    agent_id = stake_more(court)
    block = proxy_less.head()
    (transaction,) = court.control("eth_getBlockByNumber", hex(block.number), False)["transactions"]
    raw = court.control("eth_getRawTransactionByHash", transaction)
    index.catch_up()
    court.control("anvil_reorg", 2, [[raw, 1]])
    index.catch_up()
    with index.store.read() as session:
        staked = select(Event).where(
            Event.name == "Staked", Event.tx_hash == bytes.fromhex(transaction[2:])
        )
        rows = session.scalars(staked).all()
    assert len(rows) == 1
    assert rows[0].block_hash != block.hash
    assert bonded(index, agent_id) == STAKE + 5
    assert_like_new(index, court, tmp_path / "fresh")


def test_i3_reorg__when_the_height_is_the_same__then_found_by_hash(
    court: Court, index: Index, tmp_path: Path
) -> None:
    agent_id = stake_more(court)
    court.control.mine(2)
    index.catch_up()
    height = court.door.head().number
    court.control("anvil_reorg", 3, [])
    assert court.door.head().number == height
    index.catch_up()
    assert head_of(index) == court.door.head().hash
    assert bonded(index, agent_id) == STAKE
    assert_like_new(index, court, tmp_path / "fresh")


def test_i4_reorg__when_below_what_was_final__then_stops_without_a_trace(
    court: Court, index: Index
) -> None:
    stake_more(court)
    court.control.mine(30)
    index.catch_up()
    before = index.dump()
    court.control("anvil_reorg", 25, [])
    court.control.mine(2)
    with pytest.raises(IndexContradiction, match="was final"):
        index.catch_up()
    assert index.dump() == before


def behind(court: Court, folder: Path, proxy: FaultProxy) -> Index:
    """An index that reads the chain through the proxy, caught up."""
    index = Index(folder, Gateway(proxy.url, court.deployment, tries=1))
    index.catch_up()
    return index


def test_i5_logs__when_the_new_branch_answers_empty__then_the_old_rows_stay_until_it_is_read(
    court: Court, tmp_path: Path
) -> None:
    with FaultProxy(court.control.url) as proxy:
        index = behind(court, tmp_path / "index", proxy)
        agent_id = stake_more(court)
        index.catch_up()
        before = index.dump()
        court.control("anvil_reorg", 1, [])
        stake_more(court, 7)
        proxy.inject("eth_getLogs", claim([]), claim([]), claim([]))
        with pytest.raises(RpcInconsistent, match="leaves logs out"):
            index.catch_up()
        assert index.dump() == before
        proxy.inject("eth_getLogs")
        eventually(lambda: tolerant(index), "the index caught up")
        assert bonded(index, agent_id) == STAKE + 7
        index.close()


def tolerant(index: Index) -> bool:
    """One attempt to catch up; False if the node lied again."""
    try:
        index.catch_up()
    except RpcError:
        return False
    return True


def test_i6_logs__when_they_come_from_a_node_that_lags__then_the_cursor_waits(
    court: Court, tmp_path: Path
) -> None:
    with FaultProxy(court.control.url) as proxy:
        index = behind(court, tmp_path / "index", proxy)
        at = head_of(index)
        agent_id = stake_more(court)
        proxy.inject("eth_getLogs", claim([]))
        with pytest.raises(RpcInconsistent):
            index.catch_up()
        assert head_of(index) == at
        proxy.inject("eth_getBlockByNumber", Fault(), Fault(), Fault(), claim(None))
        eventually(lambda: tolerant(index), "the index caught up")
        assert bonded(index, agent_id) == STAKE + 5
        index.close()


def test_i8_logs__when_ranges_are_refused_in_many_words__then_halved_until_answered(
    court: Court, tmp_path: Path
) -> None:
    court.control.mine(60)
    words = [
        refusal("query returned more than 10000 results", -32005),
        refusal("exceed maximum block range: 5000", -32602),
        refusal("block range is too wide", -32000),
        refusal("eth_getLogs is limited to a 10,000 range", -32600),
        refusal("Log response size exceeded", -32000),
    ]
    with FaultProxy(court.control.url) as proxy:
        proxy.inject("eth_getLogs", *words)
        index = behind(court, tmp_path / "index", proxy)
        asked = [
            int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) + 1
            for method, params in proxy.requests
            if method == "eth_getLogs" and "fromBlock" in params[0]
        ]
        assert asked[5] < asked[0]
        assert_like_new(index, court, tmp_path / "fresh")
        index.close()


def test_i10_serve__when_killed_at_any_moment__then_it_converges_to_the_same_tables(
    court: Court, tmp_path: Path
) -> None:
    dice = random.Random(20)
    folder = tmp_path / "served"
    cut_short = 0
    with FaultProxy(court.control.url) as proxy:
        for _ in range(6):
            for _ in range(dice.randrange(1, 6)):
                stake_more(court, dice.randrange(1, 99))
                court.control.mine(dice.randrange(1, 20))
                if dice.random() < 0.3:
                    court.control("anvil_reorg", dice.randrange(1, 4), [])
            proxy.inject("eth_getLogs", *[Fault(delay=0.005)] * 200)
            kill_in(folder, proxy.url, court, dice.random() * 0.5)
            cut_short += indexed(folder, court) < court.door.head().number
    assert cut_short > 0, "no kill came while the index was behind: this proves nothing"
    with serving(folder, court.control.url, court.deployment) as served:
        served.at_block(court.door.head().number)
        assert served.process.stop(grace=60.0) == 0
    final = Index(folder, court.door)
    assert_like_new(final, court, tmp_path / "fresh")
    final.close()


def kill_in(folder: Path, url: str, court: Court, seconds: float) -> None:
    """Starts a backend and kills it so long after its index began."""
    (folder / "port").unlink(missing_ok=True)
    arguments = serve_arguments(folder, url, court.deployment)
    process = Assay("backend", arguments, log=folder / "serve.log")
    eventually(lambda: (folder / "port").exists(), "the backend began", 60)
    process.wait(timeout=seconds)
    process.kill()
    assert process.wait() == -signal.SIGKILL


def indexed(folder: Path, court: Court) -> int:
    """The last block that a killed backend had applied."""
    index = Index(folder, court.door)
    rows = index.dump()["cursor"]
    index.close()
    return rows[0][1] if rows else -1


def test_i11_serve__when_stopped_for_many_blocks__then_nothing_is_missing(
    court: Court, index: Index, tmp_path: Path
) -> None:
    for _ in range(20):
        stake_more(court)
        court.control.mine(9)
    index.catch_up()
    assert bonded(index, next(iter(court.verifiers))) == STAKE + 100
    assert_like_new(index, court, tmp_path / "fresh")
