"""Rounds that go on to a larger committee, on a real chain, with command and index beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import and_, select

from backend.store import AppealRecord, LevelRecord, RoundRecord
from backend.store.phases import phase_at
from chain.events import AcceptedForGood, Appealed, CommitteeDrawn, RoundFinalized
from chain.types import PROVIDER_SEAT, Phase, RequestHash, SeatState, Verdict
from chain.units import ETHER
from cli import main
from cli.anvil import AnvilOptions
from tests.backend.live import Index
from tests.node.harness import EchoEngine
from tests.support.actors import Actor
from tests.support.court import LOCAL, OUTPUT, ROUNDS, Court, digest_of, open_court
from tests.support.polling import eventually
from verifier.node import DaemonConfig, EngineBook, NodeDaemon, StateDir, Store
from verifier.tasks import Task

pytestmark = pytest.mark.integration

WINDOW = 40
APPEALABLE = replace(
    LOCAL,
    committee_size=3,
    min_operators=3,
    appeal_window=WINDOW,
    audit_bps=10_000,
    unbonding_delay=1_000,
)
FEE = LOCAL.seat_fee

Say = Callable[..., str]


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    folder = tmp_path_factory.mktemp("appeals")
    with open_court(folder, AnvilOptions(block_time=0), APPEALABLE, verifiers=12) as court:
        court.control.pass_time(2 * LOCAL.epoch_length)
        yield court


@pytest.fixture(scope="module")
def index(court: Court, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    made = Index(tmp_path_factory.mktemp("index"), court.door)
    yield made
    made.close()


@pytest.fixture
def say(court: Court, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    file = tmp_path / "deployment.json"
    court.deployment.save(file)
    chain = ("--rpc-url", court.control.url, "--deployment", str(file))

    def run(*words: str, status: int = 0) -> str:
        code = main.run([*words, *chain])
        said = capsys.readouterr()
        assert code == status, said.err
        return said.err if status else said.out

    return run


def assert_indexed(index: Index, court: Court, name: RequestHash) -> Phase:
    """The phase by the index is the chain's."""
    index.catch_up()
    head = court.door.head()
    told = court.door.call(ROUNDS, "phaseOf", name)
    query = (
        select(phase_at(head.timestamp))
        .select_from(RoundRecord)
        .outerjoin(
            LevelRecord,
            and_(
                LevelRecord.request_hash == RoundRecord.request_hash,
                LevelRecord.level == RoundRecord.level,
            ),
        )
        .where(RoundRecord.request_hash == name)
    )
    with index.store.read() as session:
        held = Phase(session.execute(query).scalar_one())
    assert held is told
    return held


def decide(court: Court, name: RequestHash, output: bytes) -> CommitteeDrawn:
    """Draws a level whose whole committee makes one output; the provider claims its own."""
    drawn = court.draw(name)
    digest = digest_of(drawn.key, output)
    court.vote(drawn, digest_of(drawn.key, OUTPUT), [digest] * len(drawn.agent_ids))
    court.client.send(ROUNDS, "advance", name)
    return drawn


def close_window(court: Court) -> None:
    court.control.pass_time(WINDOW)
    court.control.mine(3)


def test_appeal__when_a_captured_committee_accepted__then_overturned_as_everybody_sees(
    court: Court, index: Index, say: Say
) -> None:
    receipt, _ = court.receipt(b"captured")
    name = court.submit(receipt)
    first = decide(court, name, OUTPUT)
    assert assert_indexed(index, court, name) is Phase.APPEALING

    request = "0x" + name.hex()
    offer = say("verify", "appeal", request, "--dry-run")
    assert "an appeal to 7 verifiers costs 0.034 ETH" in offer
    done = say("verify", "appeal", request, "--local-account", "1")
    assert "goes to level 1, to 7 verifiers" in done
    assert "it can be appealed only while" in say(
        "verify", "appeal", request, "--dry-run", status=1
    )
    assert assert_indexed(index, court, name) is Phase.DRAWING
    second = decide(court, name, b"what honest verifiers make")
    assert not set(first.agent_ids) & set(second.agent_ids)
    assert assert_indexed(index, court, name) is Phase.APPEALING
    close_window(court)
    assert assert_indexed(index, court, name) is Phase.TALLYING
    ended = court.client.send(ROUNDS, "advance", name).one(RoundFinalized)

    assert ended.verdict is Verdict.REJECTED
    assert assert_indexed(index, court, name) is Phase.FINAL
    shown = json.loads(say("verify", "show", request, "--json"))
    assert [(level["seats"], level["verdict"]) for level in shown["levels"]] == [
        (3, "Accepted"),
        (7, "Rejected"),
    ]
    assert shown["levels"][1]["appellant"] == court.client.address
    assert "7 seats: Rejected, asked by 0x" in say("verify", "show", request)
    before = [court.stake(agent).bonded for agent in first.agent_ids]
    for drawn in (first, second):
        court.settle(drawn)
    after = [court.stake(agent).bonded for agent in first.agent_ids]
    assert after == [stake - LOCAL.seat_lock // 2 for stake in before]
    index.catch_up()
    with index.store.read() as session:
        appeal = session.get(AppealRecord, (name, 1))
        assert appeal is not None
        assert (appeal.appellant, appeal.bond, appeal.void) == (
            court.client.address,
            LOCAL.appeal_bond,
            False,
        )


def test_audit__when_the_premiums_pay_for_one__then_a_larger_committee_confirms(
    court: Court, index: Index, say: Say
) -> None:
    assert court.door.call(ROUNDS, "burned") >= 7 * FEE
    receipt, salt = court.receipt(b"audited")
    name = court.submit(receipt)
    decide(court, name, OUTPUT)
    close_window(court)
    assert assert_indexed(index, court, name) is Phase.TALLYING
    asked = court.client.send(ROUNDS, "advance", name).one(Appealed)
    assert int(asked.appellant, 16) == 0
    assert assert_indexed(index, court, name) is Phase.DRAWING
    decide(court, name, OUTPUT)
    close_window(court)
    assert assert_indexed(index, court, name) is Phase.TALLYING
    stood = court.client.send(ROUNDS, "advance", name).one(AcceptedForGood)
    assert stood.level == 1
    assert assert_indexed(index, court, name) is Phase.PUBLISHING
    court.publish(name, receipt, salt)
    assert assert_indexed(index, court, name) is Phase.FINAL
    shown = say("verify", "show", "0x" + name.hex())
    assert "7 seats: Accepted, asked by the protocol, by lot" in shown


def test_node__when_a_captured_committee_outvotes_it__then_it_appeals_and_loses_nothing(
    court: Court, tmp_path: Path
) -> None:
    task = Task(court.profile_id, "text", "echo", prompt="Say what is true.")
    receipt, _ = court.receipt(task.canonical())
    name = court.submit(receipt, uri=task.uri())
    drawn = court.draw(name)
    honest, liars = court.verifiers[drawn.agent_ids[0]], (1, 2, PROVIDER_SEAT)
    lie = digest_of(drawn.key, OUTPUT)
    node = node_of(court, honest, tmp_path)
    for seat in liars:
        court.commit(drawn, seat, lie)

    def after_a_look(state: SeatState) -> bool:
        node.tick()
        return bool(court.door.call(ROUNDS, "seats", name)[0].state is state)

    eventually(lambda: after_a_look(SeatState.COMMITTED), "its commitment")
    for seat in liars:
        court.open(drawn, seat, lie)
    eventually(lambda: after_a_look(SeatState.OPENED), "its opening")

    def appealed() -> bool:
        node.tick()
        return court.round(name).level == 1

    eventually(appealed, "its appeal")
    decide(court, name, b"Say what is true.")
    close_window(court)
    ended = court.client.send(ROUNDS, "advance", name).one(RoundFinalized)
    assert ended.verdict is Verdict.REJECTED
    before = [court.stake(agent).bonded for agent in drawn.agent_ids]
    credit = court.door.call(ROUNDS, "creditOf", honest.address)
    court.settle(drawn)
    lost = [
        stake - court.stake(agent).bonded
        for agent, stake in zip(drawn.agent_ids, before, strict=True)
    ]
    assert lost == [0, LOCAL.seat_lock // 2, LOCAL.seat_lock // 2]
    assert credit >= LOCAL.appeal_bond


def node_of(court: Court, actor: Actor, folder: Path) -> NodeDaemon:
    """An honest verifier's node, whose engine repeats the prompt, with ETH for appeals."""
    made, files = court.deployment.court, StateDir(folder)
    files.create()
    return NodeDaemon(
        DaemonConfig(
            agent_id=actor.agent_id,
            court=made,
            first_block=int(court.deployment.block),
            state_dir=folder,
            appeal_budget=ETHER,
        ),
        court.door,
        actor.sender,
        Store(files.store, made, actor.agent_id),
        EngineBook({}, {court.profile_id: EchoEngine()}),
        actor.signer,
    )
