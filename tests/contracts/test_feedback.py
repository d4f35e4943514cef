"""A finished round's outcome in the Reputation Registry, and the court as an ERC-8294 network."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from chain import aggregated
from chain.attestations import root
from chain.conformance.run import Verdict, run
from chain.conformance.scene import Subject
from chain.conformance.stage import Simulated
from chain.conformance.surface import IDENTITY, NETWORK, REPUTATION, VALIDATION
from chain.errors import RevertError
from chain.events import AttestationsAggregated, NewFeedback
from chain.rpc import Rpc
from chain.structs import Receipt
from chain.types import Bytes32, RequestHash
from cli import main
from cli.anvil import AnvilOptions
from cli.attestations import made
from tests.support.court import LOCAL, OUTPUT, ROUNDS, Court, digest_of, open_court

pytestmark = pytest.mark.integration


# Draws postpone themselves after an epoch, which on a busy machine must not be the ten seconds.
PATIENT = replace(LOCAL, epoch_length=100, unbonding_delay=1_000)


@dataclass
class Story:
    """A court with one round that is accepted, one that is expired, and one under way."""

    court: Court
    folder: Path
    accepted: RequestHash
    expired: RequestHash
    open: RequestHash


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("feedback")
    with open_court(folder, AnvilOptions(block_time=0), PATIENT) as court:
        court.control.pass_time(2 * PATIENT.epoch_length)
        rounds = [submit(court, task) for task in (b"good", b"nobody", b"under way")]
        accept(court, rounds[0])
        drawn = court.draw(rounds[1][0])
        court.control.pass_time(drawn.commit_closes_at - court.door.head().timestamp + 1)
        court.client.send(ROUNDS, "advance", rounds[1][0])
        yield Story(court, folder, *(name for name, _, _ in rounds))


def submit(court: Court, task: bytes) -> tuple[RequestHash, Receipt, Bytes32]:
    receipt, salt = court.receipt(task)
    return court.submit(receipt), receipt, salt


def accept(court: Court, submitted: tuple[RequestHash, Receipt, Bytes32]) -> None:
    name, receipt, salt = submitted
    drawn = court.draw(name)
    digest = digest_of(drawn.key, OUTPUT)
    court.vote(drawn, digest, [digest] * len(drawn.agent_ids))
    court.client.send(ROUNDS, "advance", name)
    court.publish(name, receipt, salt)


def rate(story: Story, name: bytes, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    deployment = str(story.folder / "deployment.json")
    url = story.court.control.url
    status = main.run(
        [
            *("verify", "rate", "0x" + name.hex(), "--local-account", "9"),
            *("--rpc-url", url, "--deployment", deployment),
        ]
    )
    said = capsys.readouterr()
    return status, said.out, said.err


def test_rate__when_the_round_is_accepted__then_anybody_rates_its_provider_once(
    story: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    court = story.court
    publisher = court.deployment.address("FeedbackPublisher")

    first = rate(story, story.accepted, capsys)
    again = rate(story, story.accepted, capsys)

    agent = court.provider.agent_id
    assert first[:2] == (0, f"agent {agent} is rated 100 % by {publisher}\n")
    assert again[0] == 1
    assert "is rated already" in again[2]
    summary = court.door.call(REPUTATION, "getSummary", agent, [publisher], "successRate", "")
    assert summary == (1, 100, 0)
    logs = court.door.logs(0, court.door.head().number)
    (feedback,) = [event for event in logs if isinstance(event, NewFeedback)]
    file = base64.b64decode(feedback.feedback_uri.removeprefix("data:application/json;base64,"))
    assert keccak(file) == feedback.feedback_hash
    wanted = {"agentRegistry", "agentId", "clientAddress", "createdAt", "value", "valueDecimals"}
    assert wanted <= json.loads(file).keys()
    assert json.loads(file)["requestHash"] == "0x" + story.accepted.hex()


def test_rate__when_there_is_nothing_to_say__then_one_sentence(
    story: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    expired = rate(story, story.expired, capsys)
    under_way = rate(story, story.open, capsys)

    assert expired[0] == under_way[0] == 1
    assert "ended Expired: that says nothing" in expired[2]
    assert "is not final yet" in under_way[2]


def test_rate__when_the_agents_approved_address_is_the_router__then_it_may_not_rate(
    story: Story,
) -> None:
    """Why the publisher is a contract of its own: the registry refuses who acts for the agent."""
    court = story.court
    router = court.deployment.address("Router")
    call = court.door.prepare(
        REPUTATION, "giveFeedback", court.provider.agent_id, 100, 0, "", "", "", "", bytes(32)
    )
    with pytest.raises(RevertError) as refused:
        court.door.simulate(call, router)
    assert refused.value.name == "ReputationSelfFeedback"


def test_court__when_checked_as_a_network__then_its_requests_are_the_standards(
    story: Story,
) -> None:
    ours = {IDENTITY: IDENTITY, REPUTATION: REPUTATION, VALIDATION: VALIDATION, NETWORK: ROUNDS}
    addresses = {name: story.court.deployment.address(own) for name, own in ours.items()}
    rpc = Rpc(story.court.control.url)
    files = {bytes(story.accepted): made(story.court.door, story.accepted)}

    results = list(run(Subject(rpc, addresses, files=files), lambda: Simulated(rpc)))

    failed = {r.check.id: r.detail for r in results if r.verdict is not Verdict.PASSED}
    assert not failed
    rpc.close()


def test_attestations__when_a_round_is_accepted__then_the_file_has_the_root_on_chain(
    story: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    court = story.court
    logs = court.door.logs(0, court.door.head().number)
    (told,) = [
        event
        for event in logs
        if isinstance(event, AttestationsAggregated) and event.request_hash == story.accepted
    ]
    chain = ("--rpc-url", court.control.url, "--deployment", str(story.folder / "deployment.json"))

    assert main.run(["verify", "attestations", "0x" + story.accepted.hex(), *chain]) == 0
    file = aggregated.read(capsys.readouterr().out.encode(), court.provider.agent_id)

    attestations = [attestation for attestation, _ in file.attestations]
    assert told.attestations_root == file.root == root(attestations)
    assert told.validators == file.validators == tuple(each.validator for each in attestations)
    assert told.aggregated_verdict == file.verdict == 100
    assert [each.verdict for each in attestations] == [100] * len(attestations)


def test_attestations__when_no_committee_came_to_a_verdict__then_a_sentence(
    story: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = (
        *("--rpc-url", story.court.control.url),
        *("--deployment", str(story.folder / "deployment.json")),
    )

    assert main.run(["verify", "attestations", "0x" + story.expired.hex(), *chain]) == 1
    assert "nothing is attested" in capsys.readouterr().err
