"""Leaderboards, choices, scores over time, registries, events, metrics, limits and writes."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from typing import Any

import httpx
import pytest

from assay_client import AssayRefused, Client, models
from backend.api import Access, Bucket, create_app, feed, metrics, stream
from backend.api.limits import network_of
from backend.store import position
from chain.events import NewFeedback, Staked
from chain.keys import local_signer
from chain.messages import Upload, sign_upload
from chain.types import Address, AgentId, Bytes32
from tests.backend.conftest import World
from tests.backend.stories import (
    PROFILE_ID,
    PROVIDER,
    TASK,
    accepted_round,
    evidence,
    rejected_round,
)
from tests.support.asgi import AsgiClient, Through
from tests.support.fakechain import address, emit, word
from verifier.canonical import keccak256

pytestmark = pytest.mark.unit

PROFILE = "text/test/1"


@pytest.fixture
def judged(world: World) -> World:
    """Agent 1 has been good twice, 2 once, 3 bad twice, all as verifiers."""
    for agent, good, bad in ((1, 2, 0), (2, 1, 0), (3, 0, 2)):
        world.chain.mine(evidence(agent, "verifier", good * 10**9, bad * 10**9))
    world.catch_up()
    return world


def test_leaderboard__when_paged__then_best_first_each_once(judged: World) -> None:
    client = AsgiClient(create_app(judged.services()))
    ranks, cursor = [], None
    for _ in range(3):
        query = {"profile": PROFILE, "role": "verifier", "limit": 1}
        page = client.get("/v1/leaderboards", params=query | ({"cursor": cursor} if cursor else {}))
        body = page.json()
        ranks += [(item["rank"], item["agentId"]) for item in body["items"]]
        cursor = body["next"]
    assert ranks == [(1, 1), (2, 2), (3, 3)]
    assert cursor is None
    assert body["total"] == 3
    (last,) = body["items"]
    assert last["lowerBound"] == 0 < last["mean"] < last["upperBound"] < 1


def test_leaderboard__when_finalized_is_asked__then_later_evidence_has_no_part(
    judged: World,
) -> None:
    for _ in range(judged.chain.final_depth):
        judged.chain.mine()
    judged.chain.mine(evidence(3, "verifier", 10 * 10**9, 0))
    judged.catch_up()
    client = AsgiClient(create_app(judged.services()))
    query = {"profile": PROFILE, "role": "verifier"}
    head = client.get("/v1/leaderboards", params=query).json()
    final = client.get("/v1/leaderboards", params=query | {"finality": "finalized"}).json()
    assert head["items"][0]["agentId"] == 3
    assert final["items"][0]["agentId"] == 1
    assert final["block"]["finality"] == "finalized"


def test_choice__when_asked_safely_and_to_explore__then_lower_and_upper_bound_decide(
    judged: World,
) -> None:
    judged.chain.mine(evidence(0, "verifier", 60 * 10**9, 20 * 10**9))
    judged.catch_up()
    client = AsgiClient(create_app(judged.services()))
    query = {"profile": "0x" + PROFILE_ID.hex(), "role": "verifier"}
    safe = client.get("/v1/choice", params=query).json()
    bold = client.get("/v1/choice", params=query | {"explore": "true"}).json()
    assert safe["choice"]["agentId"] == 0
    assert "of 4 agents" in safe["reason"]
    assert bold["choice"]["agentId"] == 1
    nobody = client.get("/v1/choice", params={"profile": PROFILE})
    assert nobody.status_code == 404
    assert client.get("/v1/choice", params={"profile": "nope"}).status_code == 404


def test_score_history__when_scores_changed__then_each_point_is_the_ledgers(judged: World) -> None:
    judged.chain.mine(evidence(1, "verifier", 2 * 10**9, 10**9))
    judged.catch_up()
    client = AsgiClient(create_app(judged.services()))
    path = f"/v1/agents/1/reputation/history?profile={PROFILE}&role=verifier"
    newest, oldest = client.get(path).json()["items"]
    assert oldest["mean"] == 0.75
    assert newest["mean"] == 0.6
    first = client.get(path + "&limit=1").json()
    second = client.get(path + f"&limit=1&cursor={first['next']}").json()
    assert [first["items"], second["items"]] == [[newest], [oldest]]


def test_registries__when_written__then_shown_in_pages(world: World) -> None:
    for name in ("one", "two"):
        accepted_round(world.chain, word(name)) if name == "one" else rejected_round(
            world.chain, word(name)
        )
    for index in (1, 2, 3):
        told = (address("fan"), index, -5, 1, word("t"), "speed", "", "", "", bytes(32))
        world.chain.mine(emit(NewFeedback, PROVIDER, *told))
    world.catch_up()
    client = AsgiClient(create_app(world.services()))
    for kind, count in (("validations", 2), ("feedback", 3)):
        whole = client.get(f"/v1/agents/{PROVIDER}/{kind}").json()["items"]
        assert len(whole) == count
        paged, cursor = [], None
        for _ in range(count):
            query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
            body = client.get(f"/v1/agents/{PROVIDER}/{kind}", params=query).json()
            paged += body["items"]
            cursor = body["next"]
        assert paged == whole
        assert cursor is None
    assert whole[0]["value"] == "-5"
    assert whole[0]["index"] == 3


# ------------------------------------------------------------------ events


def test_stream__when_resumed_by_id__then_nothing_twice_and_nothing_lost(judged: World) -> None:
    start = feed.Mark()
    at, mark, text = feed.news(judged.store, start, None)
    ids = [line[4:] for line in text.splitlines() if line.startswith("id: ")]
    assert len(ids) == len(set(ids)) > 10
    middle = stream.parse_mark(ids[5])
    _, _, rest = feed.news(judged.store, middle, None)
    assert [line[4:] for line in rest.splitlines() if line.startswith("id: ")] == ids[6:]
    assert feed.news(judged.store, mark, at)[2] == ""
    judged.chain.mine(emit(Staked, 1, 5, 10**18 + 5))
    judged.catch_up()
    assert feed.news(judged.store, mark, at)[2].count("event: chain") == 1


def test_stream__when_what_was_sent_is_reorganised_away__then_says_so_and_goes_on(
    judged: World,
) -> None:
    judged.chain.mine(emit(Staked, 1, 5, 10**18 + 5))
    judged.catch_up()
    mark = feed.latest(judged.store)
    judged.chain.reorganise(1)
    judged.chain.mine(emit(Staked, 1, 6, 10**18 + 6))
    judged.chain.mine()
    judged.catch_up()
    seen, mark, text = feed.news(judged.store, mark, None)
    assert text.startswith("event: reorg\n")
    with judged.store.read() as session:
        at = position(session)
    assert at is not None
    assert json.loads(text.splitlines()[1][6:])["block"] == at.finalized
    _, _, text = feed.news(judged.store, mark, seen)
    assert '"6"' in text
    assert "event: chain" in text


def test_stream__when_a_listener_reads_the_past__then_each_page_takes_its_turn(
    judged: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "AT_ONCE", 5)
    waits, read = [0.0, 0.001, 0.0, 0.001], []

    def turn() -> float:
        return waits.pop(0) if waits else 0.0

    class Listener:
        async def is_disconnected(self) -> bool:
            return len(read) > 3

    async def listen() -> None:
        past = feed.Feed(judged.store)
        listener: Any = Listener()
        async for text in stream.follow(past, feed.Mark(), listener, turn=turn):
            read.append(text)

    asyncio.run(listen())
    assert [text.count("event: chain") for text in read[1:]] == [5, 5, 5]
    assert waits == []


def test_stream__when_listeners_begin_anywhere__then_few_answers_are_kept(judged: World) -> None:
    async def listen() -> int:
        past = feed.Feed(judged.store)
        for block in range(2 * feed.KEPT):
            assert (await past.news(feed.Mark(block)))[2] or block
        return len(past._told)

    assert asyncio.run(listen()) == feed.KEPT


def test_stream__when_the_id_is_none_of_ours__then_refused(judged: World) -> None:
    client = AsgiClient(create_app(judged.services()))
    answer = client.get("/v1/events/stream", headers={"Last-Event-ID": "7"})
    assert answer.status_code == 422
    page = client.get("/v1/events?name=Staked&limit=2").json()
    assert [item["name"] for item in page["items"]] == ["Staked", "Staked"]


# ------------------------------------------------------------------ metrics, limits, writes


def test_metrics__when_read__then_say_how_it_is_and_no_credentials(judged: World) -> None:
    client = AsgiClient(create_app(judged.services()))
    text = client.get("/metrics").text
    assert "assay_lag_blocks 0.0" in text
    assert "assay_ready 1.0" in text


def test_metrics__when_asked_again_and_again__then_looked_for_once_a_second(
    judged: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    monkeypatch.setattr(metrics.Collector, "collect", lambda _: looked.append(1) or iter(()))
    monkeypatch.setattr(metrics, "LOOK_SECONDS", 60.0)
    client = AsgiClient(create_app(judged.services()))
    before = len(looked)
    assert {client.get("/metrics").status_code for _ in range(5)} == {200}
    assert len(looked) == before + 1


def test_limits__when_asked_too_often__then_429_with_retry_after_but_health_always(
    judged: World,
) -> None:
    access = Access(reads=Bucket(0.5, 2), api_key="operator")
    client = AsgiClient(create_app(replace(judged.services(), access=access)))
    codes = [client.get("/v1/network").status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    refused = client.get("/v1/network")
    assert refused.json()["error"]["code"] == "rate_limited"
    assert 1 <= int(refused.headers["retry-after"]) <= 2
    assert refused.headers["x-content-type-options"] == "nosniff"
    assert client.get("/health").status_code == 200
    known = {"Authorization": "Bearer operator"}
    assert client.get("/v1/network", headers=known).status_code == 200


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::7", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::8", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::7", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.7"),
        ("of a proxy's making", "of a proxy's making"),
        (None, "unknown"),
    ],
)
def test_limits__when_somebody_has_a_whole_network__then_it_counts_as_one(
    host: str | None, name: str
) -> None:
    assert network_of(None if host is None else (host, 1)) == name


def test_key__when_it_is_empty__then_nobody_is_the_operator() -> None:
    for given in ("", "Bearer ", "Bearer"):
        assert not Access(api_key="").is_operator(given)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/events?name=%00",
        "/v1/rounds?profile=%00",
        "/v1/leaderboards?profile=%00",
        "/v1/lookalikes?profile=%00&artifact=0x" + "0" * 64,
    ],
)
def test_names__when_there_is_a_nul_in_one__then_422_on_any_database(
    judged: World, path: str
) -> None:
    answer = AsgiClient(create_app(judged.services())).get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "query_invalid")


def test_cors__when_origins_are_set__then_only_they_may_read(judged: World) -> None:
    access = Access(origins=("https://ok.example",))
    client = AsgiClient(create_app(replace(judged.services(), access=access)))
    yes = client.get("/v1/network", headers={"Origin": "https://ok.example"})
    no = client.get("/v1/network", headers={"Origin": "https://evil.example"})
    assert yes.headers["access-control-allow-origin"] == "https://ok.example"
    assert "access-control-allow-origin" not in no.headers


SIGNER = local_signer(3, 31337)
"""One of anvil's well-known test keys."""


def signed(world: World, **changes: object) -> dict[str, str]:
    """Headers of a write signed by agent 1's key."""
    upload = Upload(
        agent_id=AgentId(1),
        content_hash=Bytes32(keccak256(TASK.canonical())),
        nonce=Bytes32(word("nonce")),
        deadline=int(time.time()) + 60,
    )
    upload = replace(upload, **changes)  # type: ignore[arg-type]
    signature = sign_upload(upload, world.network.court, SIGNER)
    text = {
        "agentId": str(upload.agent_id),
        "contentHash": "0x" + upload.content_hash.hex(),
        "nonce": "0x" + upload.nonce.hex(),
        "deadline": upload.deadline,
    }
    return {
        "Content-Type": "application/json",
        "Assay-Write": json.dumps(text),
        "Assay-Signature": "0x" + signature.hex(),
    }


def test_write__when_signed_by_the_agent__then_taken_once_and_never_replayed(world: World) -> None:
    world.catch_up()
    world.authorised = {(AgentId(1), Address(SIGNER.address))}
    services = replace(world.services(), access=Access(api_key="operator"))
    client = AsgiClient(create_app(services))

    def post(headers: dict[str, str]) -> httpx.Response:
        return client.post("/v1/artifacts", content=TASK.canonical(), headers=headers)

    json_only = {"Content-Type": "application/json"}
    assert post(json_only).status_code == 403
    assert post(json_only | {"Authorization": "Bearer wrong"}).status_code == 403
    assert post(json_only | {"Authorization": "Bearer operator"}).status_code == 201
    headers = signed(world)
    assert post(headers).status_code == 201
    again = post(headers)
    assert again.status_code == 403
    assert "used already" in again.json()["error"]["message"]
    other = replace(world.network, chain_id=1)
    elsewhere = World(world.chain, world.store, world.files, world.status, other)
    moved = dict(world.network.contracts) | {"VerificationRounds": address("another court")}
    for wrong in (
        signed(elsewhere, nonce=word("a")),
        signed(
            World(
                world.chain,
                world.store,
                world.files,
                world.status,
                replace(world.network, contracts=moved),
            ),
            nonce=word("b"),
        ),
        signed(world, nonce=word("c"), agent_id=AgentId(2)),
        signed(world, nonce=word("d"), content_hash=word("other bytes")),
        signed(world, nonce=word("e"), deadline=int(time.time()) - 1),
        signed(world, nonce=word("f"), deadline=int(time.time()) + 10**6),
        headers | {"Assay-Write": headers["Assay-Write"].replace("60", "61")},
    ):
        assert post(wrong).status_code in (403, 422)
    assert post(headers | {"Assay-Write": "{"}).status_code == 422


# ------------------------------------------------------------------ the client


def test_client__when_compared_with_the_openapi__then_every_field_and_path_is_there(
    judged: World,
) -> None:
    document = AsgiClient(create_app(judged.services())).get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    checked = 0
    for name, cls in vars(models).items():
        if isinstance(cls, type) and hasattr(cls, "__total__"):
            assert set(cls.__annotations__) == set(schemas[name]["properties"]), name
            checked += 1
    assert checked > 8


def test_client__when_it_asks__then_answers_are_those_of_the_api(judged: World) -> None:
    accepted_round(judged.chain, word("one"))
    judged.catch_up()
    with Client("http://test", transport=Through(create_app(judged.services()))) as client:
        assert client.network()["chainId"] == 31337
        assert client.choose(PROFILE, role="verifier")["choice"]["agentId"] == 1
        assert len(list(client.leaderboard(PROFILE, role="verifier"))) == 3
        (found,) = client.rounds(verdict="Accepted")
        assert client.round(found["requestHash"])["verdict"] == "Accepted"
        assert client.reputation(1)["agentId"] == 1
        assert client.is_ready()
        with pytest.raises(AssayRefused) as refused:
            client.reputation(99)
        assert refused.value.code == "query_missing"
