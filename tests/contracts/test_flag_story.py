"""Outputs that are published by reference and flagged, with command and index beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from backend.store import FlagRecord, RoundRecord
from chain import messages
from chain.events import FlagClosed, OutputReferenced, Rewarded, RoundFinalized, Voted
from chain.structs import Flag
from chain.types import FlagKind, Phase, RequestHash, Verdict
from cli import main
from cli.anvil import AnvilOptions
from tests.backend.live import Index
from tests.support.court import LOCAL, OUTPUT, ROUNDS, Court, digest_of, open_court

pytestmark = pytest.mark.integration

WINDOW = 40
FLAGGABLE = replace(
    LOCAL, committee_size=3, min_operators=3, flag_window=WINDOW, unbonding_delay=1_000
)
URI = "https://example.org/output"


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    folder = tmp_path_factory.mktemp("flags")
    with open_court(folder, AnvilOptions(block_time=0), FLAGGABLE) as court:
        court.control.pass_time(2 * LOCAL.epoch_length)
        yield court


@pytest.fixture(scope="module")
def index(court: Court, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    made = Index(tmp_path_factory.mktemp("index"), court.door)
    yield made
    made.close()


def referenced(court: Court, task: bytes) -> tuple[RequestHash, list[int]]:
    """A round accepted and published by reference, and the agents of its committee."""
    receipt, salt = court.receipt(task)
    name = court.submit(receipt)
    drawn = court.draw(name)
    digest = digest_of(drawn.key, OUTPUT)
    court.vote(drawn, digest, [digest] * 3)
    court.client.send(ROUNDS, "advance", name)
    content = messages.content_hash(OUTPUT)
    mined = court.provider.send(
        ROUNDS, "publishByReference", name, receipt.task_hash, content, salt, URI
    )
    assert mined.one(OutputReferenced).uri == URI
    return name, [int(agent) for agent in drawn.agent_ids]


def say(court: Court, name: RequestHash, agents: list[int], seat: int, *, faulty: bool) -> None:
    mined = court.verifiers[agents[seat]].send(ROUNDS, "vote", name, seat, faulty)
    assert mined.one(Voted).faulty is faulty


def assert_indexed(court: Court, index: Index, name: RequestHash, phase: Phase) -> None:
    """Votes and phase by the index are the chain's."""
    index.catch_up()
    told: Flag = court.door.call(ROUNDS, "flagOf", name)
    assert court.phase(name) is phase
    with index.store.read() as session:
        row, flag = session.get(RoundRecord, name), session.get(FlagRecord, name)
        assert row is not None
        assert (row.phase, row.output_uri) == (phase, URI)
        if flag is not None:
            held = (flag.flagger, flag.level, flag.faulty_mask, flag.sound_mask)
            assert held == (told.flagger, told.level, told.faulty, told.sound)


def test_flag__when_the_committee_finds_a_fault__then_rejected_as_everybody_sees(
    court: Court, index: Index, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "deployment.json"
    court.deployment.save(file)
    chain = ("--rpc-url", court.control.url, "--deployment", str(file))
    name, agents = referenced(court, b"missing")
    assert_indexed(court, index, name, Phase.FLAGGING)
    request = "0x" + name.hex()

    wrong = main.run(["verify", "flag", request, "ugly", "--local-account", "1", *chain])
    assert wrong == 1
    assert "'ugly' is no kind of flag" in capsys.readouterr().err
    assert main.run(["verify", "flag", request, "unavailable", "--local-account", "1", *chain]) == 0
    assert "flagged for a bond of 0.02 ETH; the seats of level 0 vote" in capsys.readouterr().out
    assert main.run(["verify", "flag", request, "claim", "--local-account", "1", *chain]) == 1
    assert "only while it is Flagging" in capsys.readouterr().err
    assert_indexed(court, index, name, Phase.VOTING)
    say(court, name, agents, 2, faulty=True)
    say(court, name, agents, 0, faulty=True)
    assert_indexed(court, index, name, Phase.VOTING)
    ended = court.client.send(ROUNDS, "advance", name)

    assert ended.one(RoundFinalized).verdict is Verdict.REJECTED
    assert ended.one(FlagClosed).upheld
    assert ended.one(Rewarded).amount == court.profile.appeal_bond < LOCAL.provider_bond // 4
    assert_indexed(court, index, name, Phase.FINAL)
    assert main.run(["verify", "show", request, "--json", *chain]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["outputUri"] == URI
    assert shown["flag"] == {
        "flagger": court.client.address,
        "kind": "Unavailable",
        "level": 0,
        "faulty": [2, 0],
        "sound": [],
        "upheld": True,
    }
    assert main.run(["verify", "show", request, *chain]) == 0
    assert "2 seats of level 0 say so, 0 say that nothing is wrong: upheld" in (
        capsys.readouterr().out
    )


def test_flag__when_the_committee_finds_none__then_accepted_and_the_index_says_so(
    court: Court, index: Index
) -> None:
    name, agents = referenced(court, b"right")
    bond = court.profile.appeal_bond
    court.client.send(ROUNDS, "flag", name, FlagKind.CLAIM, value=bond)
    say(court, name, agents, 1, faulty=False)
    say(court, name, agents, 2, faulty=False)
    ended = court.client.send(ROUNDS, "advance", name)
    assert ended.one(RoundFinalized).verdict is Verdict.ACCEPTED
    assert (ended.one(FlagClosed).upheld, ended.one(FlagClosed).returned) == (False, 0)
    assert_indexed(court, index, name, Phase.FINAL)


def test_reference__when_nobody_flags__then_accepted_after_the_window(
    court: Court, index: Index
) -> None:
    name, _ = referenced(court, b"quiet")
    court.control.pass_time(WINDOW)
    ended = court.client.send(ROUNDS, "advance", name)
    assert ended.one(RoundFinalized).verdict is Verdict.ACCEPTED
    assert_indexed(court, index, name, Phase.FINAL)
