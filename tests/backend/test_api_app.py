"""What holds for the whole API: errors, caching, headers, readiness, its own description."""

from __future__ import annotations

from typing import Any

import pytest

from backend import errors as backend_errors
from backend.api import create_app
from backend.api import rounds as rounds_api
from backend.api.errors import code_of, status_of
from backend.errors import BackendError
from tests.backend.conftest import World
from tests.backend.stories import accepted_round
from tests.support.asgi import AsgiClient
from tests.support.fakechain import address, word

pytestmark = pytest.mark.unit


def test_health__when_nothing_is_indexed__then_ok_but_not_ready(client: AsgiClient) -> None:
    assert client.get("/health").json()["status"] == "ok"
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "not_ready"
    empty = client.get("/v1/agents")
    assert empty.status_code == 503
    assert empty.json()["error"]["code"] == "index_empty"


def test_ready__when_caught_up__then_says_how_far(world: World, client: AsgiClient) -> None:
    world.catch_up()
    head = world.chain.head().number
    assert client.get("/ready").json() == {
        "ready": True,
        "indexedBlock": head,
        "headBlock": head,
        "lagBlocks": 0,
    }


def test_ready__when_far_behind__then_503_with_the_lag(world: World, client: AsgiClient) -> None:
    world.catch_up()
    world.status.heard(world.chain.head().number + 100)
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert "100 blocks behind" in answer.json()["error"]["message"]


def test_status__when_trouble_comes__then_200_with_the_reason(
    world: World, client: AsgiClient
) -> None:
    before = client.get("/status").json()
    assert (before["ready"], before["index"]["indexedBlock"]) == (False, None)
    world.catch_up()
    head = world.chain.head().number
    told = client.get("/status").json()
    assert (told["ready"], told["reason"]) == (True, None)
    assert (told["index"]["headBlock"], told["index"]["indexedBlock"]) == (head, head)
    world.status.reconciled(["The vault says 5, the index 4."])
    told = client.get("/status").json()
    assert told["ready"] is False
    assert "The vault says 5" in told["reason"]
    assert told["index"]["differences"] == ["The vault says 5, the index 4."]


def test_network__when_shown__then_says_what_scores_rest_on(
    world: World, client: AsgiClient
) -> None:
    world.catch_up()
    body = client.get("/v1/network").json()
    assert body["chainId"] == 31337
    assert body["contracts"]["VerificationRounds"] == address("rounds")
    assert body["reputationPolicy"]["policyId"] == "0x" + word("policy").hex()
    assert body["reputationPolicy"]["minimum"] == str(5 * 10**8)
    profile = client.get("/v1/profiles").json()["items"][0]
    assert profile["name"] == "text/test/1"
    assert profile["fee"] == str(3 * 10**15 + 10**14)
    assert profile["majority"] == 2


def test_etag__when_the_block_is_the_same__then_304_until_the_next(
    world: World, client: AsgiClient
) -> None:
    world.catch_up()
    first = client.get("/v1/agents")
    etag = first.headers["etag"]
    assert etag.startswith(f'"{world.chain.head().hash.hex()}.')
    for value in (etag, f"W/{etag}", f'"other", {etag}'):
        again = client.get("/v1/agents", headers={"If-None-Match": value})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == etag
    world.chain.mine()
    world.catch_up()
    assert client.get("/v1/agents", headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize("path", ["/health", "/v1/agents", "/v1/agents/x", "/openapi.json"])
def test_headers__when_anything_is_answered__then_browsers_are_told_to_run_nothing(
    world: World, client: AsgiClient, path: str
) -> None:
    world.catch_up()
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/v1/agents", 405), ("POST", "/v1/rounds", 405)],
)
def test_errors__when_there_is_no_such_thing__then_canonical(
    client: AsgiClient, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message"}


def test_errors__when_we_are_at_fault__then_500_says_nothing_of_the_inside(world: World) -> None:
    app = create_app(world.services())

    @app.get("/breaks")
    def breaks() -> None:
        raise RuntimeError("secret")

    answer = AsgiClient(app).get("/breaks")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal"
    assert "secret" not in answer.text


def test_errors__then_each_of_ours_has_a_status_or_is_for_operators() -> None:
    def leaves(cls: type[BackendError]) -> list[type[BackendError]]:
        below = cls.__subclasses__()
        return [leaf for sub in below for leaf in leaves(sub)] or [cls]

    internal = {
        backend_errors.StoreSchemaMismatch,
        backend_errors.StoreOtherDeployment,
        backend_errors.EventLeftOut,
        backend_errors.IndexContradiction,
        backend_errors.AddressUnavailable,
    }
    for error in leaves(BackendError):
        assert (status_of(error) == 500) == (error in internal), error
    assert code_of(backend_errors.ArtifactSealed) == "artifact_sealed"


def test_openapi__then_every_answer_and_refusal_is_described(client: AsgiClient) -> None:
    document = client.get("/openapi.json").json()
    operations: list[tuple[str, dict[str, Any]]] = [
        (f"{method} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    assert {name for name, _ in operations} == {
        "get /health",
        "get /ready",
        "get /status",
        "get /metrics",
        "get /v1/network",
        "get /v1/profiles",
        "get /v1/leaderboards",
        "get /v1/lookalikes",
        "post /v1/lookalikes",
        "get /v1/choice",
        "get /v1/exams",
        "get /v1/exams/{exam_id}",
        "get /v1/exams/{exam_id}/sheets",
        "post /v1/exams/{exam_id}/sheets",
        "get /v1/agents/{agent_id}/capabilities",
        "get /v1/epochs",
        "get /v1/epochs/{epoch}",
        "get /v1/sources",
        "get /v1/sources/{agent_id}",
        "get /v1/sources/{agent_id}/history",
        "get /v1/events",
        "get /v1/events/stream",
        "get /v1/agents",
        "get /v1/agents/{agent_id}",
        "get /v1/agents/{agent_id}/reputation",
        "get /v1/agents/{agent_id}/reputation/history",
        "get /v1/agents/{agent_id}/validations",
        "get /v1/agents/{agent_id}/feedback",
        "get /v1/agents/{agent_id}/history",
        "get /v1/rounds",
        "get /v1/rounds/{request_hash}",
        "get /v1/artifacts/{artifact_hash}",
        "post /v1/artifacts",
        "post /v1/relay/commitments",
        "post /v1/relay/openings",
    }
    for name, operation in operations:
        assert operation.get("description"), name
        refusals = [code for code in operation["responses"] if code[0] in "45"]
        assert refusals, name
        for code in refusals:
            content = operation["responses"][code]["content"]["application/json"]
            assert content["schema"]["$ref"].endswith("/ErrorBody"), f"{name} {code}"


def test_agents__when_read_while_blocks_come__then_one_answer_is_of_one_block(
    world: World, client: AsgiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot opened before a block must not see that block's rows."""
    world.catch_up()
    load = rounds_api._load

    def late(*arguments: Any) -> Any:
        accepted_round(world.chain, word("late"))
        world.catch_up()
        return load(*arguments)

    monkeypatch.setattr(rounds_api, "_load", late)
    at = world.chain.head().number
    body = client.get("/v1/rounds").json()
    assert body["block"]["number"] == at
    assert body["items"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/v1/artifacts/%0d%0aSet-Cookie:%20a=b",
        "/v1/artifacts/0x00%0d%0aSet-Cookie:%20a=b",
        "/v1/rounds?cursor=x%0d%0aSet-Cookie:%20a=b",
        "/v1/agents/0%0d%0aSet-Cookie:%20a=b",
        "/v1/leaderboards?profile=%0d%0aSet-Cookie:%20a=b",
        "/%0d%0aSet-Cookie:%20a=b",
    ],
)
def test_headers__when_a_request_carries_line_ends__then_none_becomes_a_header(
    world: World, client: AsgiClient, path: str
) -> None:
    world.catch_up()
    known = {"If-None-Match": '"x\r\nSet-Cookie: a=b"', "Origin": "https://x\r\nSet-Cookie: a=b"}
    for headers in ({}, known):
        answer = client.get(path, headers=headers)
        assert 400 <= answer.status_code < 500
        assert set(answer.json()) == {"error"}
        assert "set-cookie" not in answer.headers
        assert not [value for value in answer.headers.values() if "\n" in value or "\r" in value]
