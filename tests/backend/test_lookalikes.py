"""Look-alikes of published outputs over the API."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from backend.api import create_app
from backend.lookalikes import Lookalikes
from chain.events import OutputPublished, ProfileRegistered, RoundSubmitted
from chain.messages import content_hash
from tests.backend.conftest import World
from tests.backend.stories import PROFILE, SALT, submitted
from tests.support.asgi import AsgiClient
from tests.support.fakechain import Emitted, emit, word
from verifier import profiles
from verifier.digest import digest, distance
from verifier.similar.digests import SEARCH_KEY

pytestmark = pytest.mark.unit

RECIPE = profiles.load("text-minhash-smollm2")
FIRST = (
    b"The tide comes in twice a day because the moon pulls at the sea and the earth turns below it."
)
LIKE = FIRST.replace(b"twice a day", b"two times a day")
OTHER = b"Bread rises when yeast eats sugar and breathes out gas that the dough cannot let go of."


def published(name: str, output: bytes) -> list[Emitted]:
    """A round of the searched profile that published an output."""

    def ours(make: Emitted) -> Emitted:
        def made(log: Any) -> Any:
            event = make(log)
            if isinstance(event, RoundSubmitted):
                return replace(event, profile_id=RECIPE.profile_id)
            return event

        return made

    request = word(name)
    return [
        *(ours(make) for make in submitted(request, word(f"output of {name}"))),
        emit(OutputPublished, request, content_hash(output), SALT, output),
    ]


@pytest.fixture
def searched(world: World) -> World:
    """Three outputs of one profile; the third was delivered twice."""
    world.chain.mine(emit(ProfileRegistered, RECIPE.profile_id, RECIPE.recipe, PROFILE))
    for name, output in (("a", FIRST), ("b", LIKE), ("c", OTHER), ("d", OTHER)):
        world.chain.mine(*published(name, output))
    world.catch_up()
    return world


@pytest.fixture
def client(searched: World) -> AsgiClient:
    return AsgiClient(create_app(searched.services()))


def ask(client: AsgiClient, **query: Any) -> dict[str, Any]:
    answer = client.get("/v1/lookalikes", params={"profile": RECIPE.name, **query})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def apart(one: bytes, other: bytes) -> int:
    return distance(digest(one, RECIPE, SEARCH_KEY), digest(other, RECIPE, SEARCH_KEY))


def test_lookalikes__when_asked_by_digest_artifact_or_bytes__then_the_same_nearest_first(
    client: AsgiClient,
) -> None:
    near = apart(FIRST, LIKE)
    assert 0 < near < apart(FIRST, OTHER)
    by_digest = ask(client, digest="0x" + digest(FIRST, RECIPE, SEARCH_KEY).hex(), maxDistance=256)
    by_artifact = ask(client, artifact="0x" + content_hash(FIRST).hex(), maxDistance=256)
    posted = client.post(
        "/v1/lookalikes", params={"profile": RECIPE.name, "maxDistance": 256}, content=FIRST
    )
    assert by_digest == by_artifact == posted.json()
    assert (by_digest["searched"], by_digest["complete"]) == (3, True)
    assert by_digest["key"] == "0x" + SEARCH_KEY.hex()
    found = [(item["contentHash"], item["distance"]) for item in by_digest["items"]]
    assert found == [
        ("0x" + content_hash(FIRST).hex(), 0),
        ("0x" + content_hash(LIKE).hex(), near),
        ("0x" + content_hash(OTHER).hex(), apart(FIRST, OTHER)),
    ]
    twice = by_digest["items"][2]["rounds"]
    assert [item["requestHash"] for item in twice] == [
        "0x" + word("c").hex(),
        "0x" + word("d").hex(),
    ]
    assert client.get(by_digest["items"][0]["artifact"]).content == FIRST


def test_lookalikes__when_limited__then_only_the_nearest(client: AsgiClient) -> None:
    name = "0x" + content_hash(FIRST).hex()
    assert len(ask(client, artifact=name, maxDistance=0)["items"]) == 1
    assert len(ask(client, artifact=name, maxDistance=256, limit=2)["items"]) == 2


def test_lookalikes__when_more_is_published_or_taken_back__then_found_or_not(
    client: AsgiClient, searched: World
) -> None:
    query = {"artifact": "0x" + content_hash(FIRST).hex(), "maxDistance": 0}
    assert len(ask(client, **query)["items"]) == 1
    searched.chain.mine(*published("e", FIRST + b" Indeed."))
    searched.catch_up()
    assert ask(client, **query)["searched"] == 4
    searched.chain.reorganise(1)
    searched.chain.mine()
    searched.chain.mine()
    searched.catch_up()
    wide = ask(client, artifact=query["artifact"], maxDistance=256)
    gone = "0x" + content_hash(FIRST + b" Indeed.").hex()
    assert gone not in {item["contentHash"] for item in wide["items"]}
    assert len(wide["items"]) == 3


def test_lookalikes__when_there_was_no_time_for_all__then_says_so_and_is_not_cached(
    searched: World,
) -> None:
    services = searched.services()
    object.__setattr__(services, "lookalikes", Lookalikes(searched.files, budget=-1.0))
    answer = AsgiClient(create_app(services)).get(
        "/v1/lookalikes",
        params={"profile": RECIPE.name, "artifact": "0x" + content_hash(FIRST).hex()},
    )
    assert (answer.json()["searched"], answer.json()["complete"]) == (0, False)
    assert "etag" not in answer.headers


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"profile": RECIPE.name}, 422, "query_invalid"),
        ({"profile": RECIPE.name, "digest": "0x12"}, 422, "query_invalid"),
        ({"profile": RECIPE.name, "digest": "0x" + "00" * 32, "maxDistance": 257}, 422, None),
        ({"profile": RECIPE.name, "artifact": "0x" + "00" * 32}, 404, "artifact_missing"),
        ({"profile": "nobody's", "digest": "0x" + "00" * 32}, 404, "query_missing"),
        ({"profile": "text/test/1", "digest": "0x" + "00" * 32}, 404, "query_missing"),
    ],
)
def test_lookalikes__when_the_question_is_bad__then_refused(
    client: AsgiClient, query: dict[str, Any], status: int, code: str | None
) -> None:
    answer = client.get("/v1/lookalikes", params=query)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code or code is None


def test_lookalikes__when_the_bytes_are_bad__then_refused_and_not_kept(
    client: AsgiClient, searched: World
) -> None:
    for body, status in ((b"\xff\xfe", 422), (b"x" * (searched.files.max_bytes + 1), 413)):
        answer = client.post("/v1/lookalikes", params={"profile": RECIPE.name}, content=body)
        assert answer.status_code == status, answer.text
        assert searched.files.public(content_hash(body)) is None
