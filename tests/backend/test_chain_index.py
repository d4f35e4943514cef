"""The index beside real contracts: everything it derives equals what the contracts say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from backend.api import Services, create_app
from backend.server import authority
from chain.errors import RevertError
from chain.structs import Receipt, Score, Stake
from chain.types import PROVIDER_SEAT, Address
from cli.anvil import AnvilOptions
from tests.backend.live import Index
from tests.support.asgi import AsgiClient
from tests.support.court import LOCAL, OUTPUT, ROUNDS, Court, digest_of, open_court

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    """A chain on which everybody is ready; a block is final when 16 more are on it."""
    options = AnvilOptions(block_time=0, slots_in_an_epoch=8)
    with open_court(tmp_path_factory.mktemp("stage"), options) as court:
        yield court


@pytest.fixture
def court(stage: Court) -> Iterator[Court]:
    """The stage as it was at first; what a test did to it is undone."""
    snapshot = stage.control("evm_snapshot")
    stage.control.pass_time(LOCAL.epoch_length)
    yield stage
    stage.control("evm_revert", snapshot)


@pytest.fixture
def index(court: Court, tmp_path: Path) -> Iterator[Index]:
    made = Index(tmp_path / "index", court.door)
    yield made
    made.close()


def api_of(index: Index, court: Court) -> AsgiClient:
    services = Services(
        index.store, index.files, index.network, index.status, authority(court.door)
    )
    return AsgiClient(create_app(services))


def get(client: AsgiClient, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def agents(court: Court) -> list[int]:
    return [court.provider.agent_id, *court.verifiers]


def assert_as_on_chain(index: Index, court: Court) -> None:
    """Stakes, owners, scores, credits and phases, each asked of its contract at the same block."""
    index.catch_up()
    client = api_of(index, court)
    at = get(client, "/v1/network")["block"]["number"]
    for agent_id in agents(court):
        seen = get(client, f"/v1/agents/{agent_id}")
        stake: Stake = court.door.call("StakeVault", "stakeOf", agent_id, block=at)
        assert seen["stake"]["bonded"] == str(stake.bonded)
        assert seen["stake"]["unbonding"] == str(stake.unbonding)
        assert seen["stake"]["locked"] == str(stake.locked)
        owner = court.door.call("IdentityRegistry", "ownerOf", agent_id, block=at)
        assert seen["owner"] == owner
        wallet = court.door.call("IdentityRegistry", "getAgentWallet", agent_id, block=at)
        assert (seen["wallet"] or "0x" + "00" * 20) == wallet
        credit = court.door.call(ROUNDS, "creditOf", owner, block=at)
        assert (seen["credit"] or {"balance": "0"})["balance"] == str(credit)
        enrolled = court.door.call("StakeVault", "enrolmentsOf", agent_id, block=at)
        active = [item["profileId"] for item in seen["enrolments"] if item["leftAt"] is None]
        assert active == ["0x" + profile_id.hex() for profile_id in enrolled]
        assert_scores(client, court, agent_id, at)
    for item in get(client, "/v1/rounds")["items"]:
        name = bytes.fromhex(item["requestHash"][2:])
        phase = court.door.call(ROUNDS, "phaseOf", name, block=at)
        assert item["phase"] == phase.label
        verdict = court.door.call(ROUNDS, "round", name, block=at).verdict
        assert (item["verdict"] or "None") == verdict.label


def assert_scores(client: AsgiClient, court: Court, agent_id: int, at: int) -> None:
    body = get(client, f"/v1/agents/{agent_id}/reputation")
    assert body["block"]["number"] == at
    for item in body["scores"]:
        domain = bytes.fromhex(item["domain"][2:])
        truth: Score = court.door.call("ReputationLedger", "scoreOf", agent_id, domain, block=at)
        assert item["policyId"] == "0x" + truth.policy_id.hex()
        if truth.updated_at == 0:
            assert (item["n"], item["alpha"], item["mean"]) == (None, None, None)
            continue
        assert (int(item["alpha"]), int(item["beta"])) == (truth.alpha, truth.beta)
        assert item["n"] == truth.effective_n / 10**9
        assert item["lastUpdate"] == truth.updated_at
        assert item["mean"] == (truth.mean_bps / 10_000 if truth.known else None)
        assert item["lowerBound"] == (truth.lower_bps / 10_000 if truth.known else None)


def play(court: Court, dice: random.Random, task: bytes) -> None:
    """A round in which everybody may do anything."""
    receipt, salt = court.receipt(task)
    name = court.submit(receipt)
    if dice.random() < 0.1:
        return
    drawn = court.draw(name)
    claim = digest_of(drawn.key, OUTPUT)
    wrong = keccak(task)
    share = dice.choice([0.0, 0.5, 0.9, 1.0])
    votes = {
        seat: claim if dice.random() < share else dice.choice([wrong, keccak(bytes([seat]))])
        for seat in range(len(drawn.agent_ids))
    } | {PROVIDER_SEAT: claim}
    silent = {seat for seat in votes if dice.random() < 0.1}
    for seat, digest in votes.items():
        if seat not in silent:
            court.commit(drawn, seat, digest)
    if silent:
        court.control.pass_time(LOCAL.commit_window)
    for seat, digest in votes.items():
        if seat not in silent and dice.random() < 0.9:
            try:
                court.open(drawn, seat, digest)
            except RevertError:
                break  # Too few had committed: nobody is asked to open.
    court.control.pass_time(LOCAL.open_window)
    court.client.send(ROUNDS, "advance", name)
    if court.phase(name).label == "Publishing":
        if dice.random() < 0.7:
            court.publish(name, receipt, salt)
        else:
            court.control.pass_time(LOCAL.publish_window)
            court.client.send(ROUNDS, "advance", name)


def meddle(court: Court, dice: random.Random) -> None:
    """Something happens to an agent between rounds."""
    judge = dice.choice(list(court.verifiers.values()))
    match dice.randrange(4):
        case 0:
            court.control.pass_time(dice.choice([1, 1000, LOCAL.half_life, 3 * LOCAL.half_life]))
        case 1:
            judge.send("StakeVault", "stake", judge.agent_id, value=dice.randrange(1, 10**18))
        case 2:
            judge.send("StakeVault", "requestUnstake", judge.agent_id, dice.randrange(1, 10**16))
        case 3 if court.door.call(ROUNDS, "creditOf", judge.address):
            judge.send(ROUNDS, "withdraw")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_index__when_anything_happens__then_it_equals_the_contracts(
    court: Court, index: Index, seed: int
) -> None:
    dice = random.Random(seed)
    for number in range(5):
        play(court, dice, f"task {seed} {number}".encode())
        meddle(court, dice)
        assert_as_on_chain(index, court)


def test_index__when_an_agent_is_sold_and_comes_back__then_scores_follow_the_ledger(
    court: Court, index: Index
) -> None:
    dice = random.Random(7)
    play(court, dice, b"before")
    agent = court.provider
    buyer = Address(court.client.address)
    agent.send("IdentityRegistry", "transferFrom", agent.address, buyer, agent.agent_id)
    assert_as_on_chain(index, court)
    court.client.send("IdentityRegistry", "transferFrom", buyer, agent.address, agent.agent_id)
    assert_as_on_chain(index, court)
    owners = get(api_of(index, court), f"/v1/agents/{agent.agent_id}")["owners"]
    assert [item["owner"] for item in owners] == [agent.address, buyer, agent.address]


def test_index__when_a_round_is_accepted__then_every_phase_and_the_output_are_there(
    court: Court, index: Index
) -> None:
    client = api_of(index, court)
    receipt, salt = court.receipt(b"step by step")
    name = court.submit(receipt)
    assert_as_on_chain(index, court)
    drawn = court.draw(name)
    assert_as_on_chain(index, court)
    claim = digest_of(drawn.key, OUTPUT)
    seats = [*range(5), PROVIDER_SEAT]
    for seat in seats:
        court.commit(drawn, seat, claim if seat != 4 else keccak(b"odd"))
        assert_as_on_chain(index, court)
    for seat in seats:
        court.open(drawn, seat, claim if seat != 4 else keccak(b"odd"))
        assert_as_on_chain(index, court)
    court.client.send(ROUNDS, "advance", name)
    assert_as_on_chain(index, court)
    court.publish(name, receipt, salt)
    assert_as_on_chain(index, court)
    body = get(client, f"/v1/rounds/0x{name.hex()}")
    assert body["verdict"] == "Accepted"
    assert body["explanation"] == (
        "Accepted: 4 of 5 verifiers got exactly the provider's digest; 3 were needed."
    )
    assert client.get(body["output"]["artifact"]).content == OUTPUT
    assert [seat["distance"] == 0 for seat in body["levels"][0]["seats"]] == [True] * 4 + [False]
    assert_receipt(body["receipt"], receipt)


def assert_receipt(shown: dict[str, Any], receipt: Receipt) -> None:
    assert shown["client"] == receipt.client
    assert shown["taskHash"] == "0x" + receipt.task_hash.hex()
    assert shown["outputHash"] == "0x" + receipt.output_hash.hex()


def test_index__when_made_anew_or_by_narrow_ranges__then_identical_tables(
    court: Court, index: Index, tmp_path: Path
) -> None:
    dice = random.Random(11)
    for number in range(3):
        play(court, dice, f"rebuild {number}".encode())
        index.catch_up()
    narrow = Index(tmp_path / "narrow", court.door, widest=3)
    anew = Index(tmp_path / "anew", court.door)
    for other in (narrow, anew):
        other.catch_up()
        assert other.dump() == index.dump()
        other.close()
