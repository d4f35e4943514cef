"""/v1/rounds over a fake chain."""

from __future__ import annotations

from typing import Any

import pytest

from chain.events import DrawPostponed, RoundFinalized, Tallied
from chain.messages import content_hash
from chain.types import PROVIDER_SEAT, Verdict
from tests.backend.conftest import World
from tests.backend.stories import (
    OUTPUT,
    OUTPUT_HASH,
    PROFILE,
    PROFILE_ID,
    SALT,
    TASK,
    VERIFIERS,
    accepted_round,
    committed,
    drawn,
    opened,
    rejected_round,
    submitted,
)
from tests.support.asgi import AsgiClient
from tests.support.fakechain import address, emit, word

pytestmark = pytest.mark.unit

ONE, TWO = word("one"), word("two")


def round_of(client: AsgiClient, request: bytes) -> dict[str, Any]:
    answer = client.get(f"/v1/rounds/0x{request.hex()}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_round__when_accepted__then_all_evidence_is_there(world: World, client: AsgiClient) -> None:
    accepted_round(world.chain, ONE)
    world.catch_up()
    body = round_of(client, ONE)
    assert (body["phase"], body["verdict"]) == ("Final", "Accepted")
    assert body["explanation"] == (
        "Accepted: 2 of 3 verifiers came within 20 bits of the provider's digest"
        " (distances 0, 1, 200); 2 were needed."
    )
    assert body["receipt"] == {
        "client": address("client"),
        "agentId": 0,
        "profileId": "0x" + PROFILE_ID.hex(),
        "taskHash": "0x" + TASK.hash().hex(),
        "outputHash": "0x" + OUTPUT_HASH.hex(),
    }
    assert body["output"]["contentHash"] == "0x" + content_hash(OUTPUT).hex()
    assert body["output"]["salt"] == "0x" + SALT.hex()
    (level,) = body["levels"]
    assert level["key"] == "0x" + word("key").hex()
    assert level["majority"] == 2
    assert [seat["agentId"] for seat in level["seats"]] == list(VERIFIERS)
    assert [seat["distance"] for seat in level["seats"]] == [1, 0, 200]
    assert [seat["agrees"] for seat in level["seats"]] == [True, True, False]
    assert [seat["inCluster"] for seat in level["seats"]] == [True, True, False]
    assert [seat["paid"] for seat in level["seats"]] == [str(10**15), str(10**15), "0"]
    assert level["claim"]["digest"] == "0x" + "00" * 32
    assert level["tally"]["verdict"] == "Accepted"
    assert level["tally"]["agreeing"] == [0, 1]
    assert body["settlement"]["tag"] == "vni:ok"
    assert body["settlement"]["providerSlashed"] == "0"
    names = [event["name"] for event in body["events"]]
    assert names[0] == "ValidationRequest"
    assert names[-1] == "RoundFinalized"
    for path in (body["task"]["artifact"], body["output"]["artifact"]):
        assert client.get(path).status_code == 200


def test_round__when_the_provider_never_opens__then_rejected_and_says_so(
    world: World, client: AsgiClient
) -> None:
    rejected_round(world.chain, ONE)
    world.catch_up()
    body = round_of(client, ONE)
    assert body["verdict"] == "Rejected"
    assert body["explanation"].startswith("Rejected: the provider did not open its digest")
    assert body["output"]["contentHash"] is None
    assert body["output"]["artifact"] is None
    assert [seat["distance"] for seat in body["levels"][0]["seats"]] == [None] * 3
    assert body["levels"][0]["claim"]["openedAt"] is None


def test_round__when_nobody_could_be_drawn__then_expired_without_levels(
    world: World, client: AsgiClient
) -> None:
    world.chain.mine(*submitted(ONE))
    world.chain.mine(emit(DrawPostponed, ONE, 200))
    world.chain.mine(emit(RoundFinalized, ONE, Verdict.EXPIRED, "vni:timeout", address("f")))
    world.catch_up()
    body = round_of(client, ONE)
    assert body["verdict"] == "Expired"
    assert body["levels"] == []
    assert body["explanation"].startswith("Expired: too few verifiers could be drawn")
    assert (body["entropyBlock"], body["postponements"]) == (200, 1)


def phase(world: World, client: AsgiClient) -> tuple[str, str | None]:
    world.catch_up()
    body = round_of(client, ONE)
    listed = client.get("/v1/rounds", params={"phase": body["phase"]}).json()["items"]
    assert [item["requestHash"] for item in listed] == [body["requestHash"]]
    return body["phase"], body["verdict"]


def test_round__when_its_windows_close_by_the_clock__then_the_phase_follows(
    world: World, client: AsgiClient
) -> None:
    chain = world.chain
    chain.mine(*submitted(ONE))
    assert phase(world, client) == ("Drawing", None)
    closes_at = chain.head().timestamp + 60
    chain.mine(*drawn(ONE, closes_at))
    assert phase(world, client) == ("Committing", None)
    chain.mine(*(committed(ONE, seat) for seat in (0, 1)))
    chain.mine(seconds=closes_at - chain.head().timestamp - 1)
    assert phase(world, client) == ("Committing", None)
    chain.mine(seconds=1)
    assert phase(world, client) == ("Opening", None)
    chain.mine(seconds=59)
    assert phase(world, client) == ("Opening", None)
    chain.mine(seconds=1)
    assert phase(world, client) == ("Tallying", None)
    chain.mine(emit(Tallied, ONE, 0, Verdict.ACCEPTED, 3, 3, 3, 0, chain.head().timestamp + 60))
    assert phase(world, client) == ("Publishing", None)


def test_round__when_too_few_committed__then_tallying_without_an_opening_window(
    world: World, client: AsgiClient
) -> None:
    world.chain.mine(*submitted(ONE))
    world.chain.mine(*drawn(ONE, world.chain.head().timestamp + 24))
    world.chain.mine(committed(ONE, 0))
    world.chain.mine()
    assert phase(world, client) == ("Tallying", None)


def test_round__when_all_who_committed_have_opened__then_tallying_early(
    world: World, client: AsgiClient
) -> None:
    chain = world.chain
    chain.mine(*submitted(ONE))
    chain.mine(*drawn(ONE, chain.head().timestamp + 72))
    chain.mine(*(committed(ONE, seat) for seat in (PROVIDER_SEAT, 0, 1)))
    assert phase(world, client) == ("Committing", None)
    chain.mine(committed(ONE, 2))
    assert phase(world, client) == ("Opening", None)
    (level,) = round_of(client, ONE)["levels"]
    assert level["commitClosesAt"] == chain.head().timestamp
    assert level["openClosesAt"] == chain.head().timestamp + PROFILE.open_window
    chain.mine(*(opened(ONE, seat, 0) for seat in (0, 1, 2)))
    assert phase(world, client) == ("Opening", None)
    chain.mine(opened(ONE, PROVIDER_SEAT, 0))
    assert phase(world, client) == ("Tallying", None)


def test_rounds__when_paged_and_filtered__then_newest_first(
    world: World, client: AsgiClient
) -> None:
    accepted_round(world.chain, ONE)
    rejected_round(world.chain, TWO)
    world.catch_up()

    def listed(**parameters: str | int) -> list[str]:
        page = client.get("/v1/rounds", params=parameters).json()
        return [item["requestHash"] for item in page["items"]]

    one, two = "0x" + ONE.hex(), "0x" + TWO.hex()
    assert listed() == [two, one]
    first = client.get("/v1/rounds", params={"limit": 1}).json()
    assert [item["requestHash"] for item in first["items"]] == [two]
    assert listed(limit=1, cursor=first["next"]) == [one]
    assert listed(verdict="Accepted") == [one]
    assert listed(verdict="Expired") == []
    assert listed(agent="0") == [two, one]
    assert listed(agent="1") == []
    assert listed(profile="text/test/1") == [two, one]
    assert listed(profile="0x" + PROFILE_ID.hex()) == [two, one]
    assert listed(profile="0x" + "00" * 32) == []
    assert listed(phase="Drawing") == []


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/v1/rounds/0x12", 422, "64 hex digits"),
        ("/v1/rounds/0x" + "ab" * 32, 404, "There is no round"),
        ("/v1/rounds?limit=0", 422, "limit"),
        ("/v1/rounds?limit=201", 422, "limit"),
        ("/v1/rounds?limit=x", 422, "limit"),
        ("/v1/rounds?cursor=%00", 422, "cursor"),
        ("/v1/rounds?cursor=MTIz", 422, "cursor"),
        ("/v1/rounds?phase=Sleeping", 422, "phase"),
        ("/v1/rounds?verdict=1", 422, "verdict"),
        ("/v1/rounds?agent=x", 422, "agentId"),
        ("/v1/rounds?profile=0x1", 422, "profile id"),
    ],
)
def test_rounds__when_asked_badly__then_one_canonical_sentence(
    world: World, client: AsgiClient, path: str, status: int, says: str
) -> None:
    world.catch_up()
    answer = client.get(path)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message"}
    message = answer.json()["error"]["message"]
    assert says in message
    assert message.endswith(".")
    assert "Traceback" not in message
