"""Answers about reputation are kept as they were written: never past the block they are of."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from backend.api import create_app
from backend.api.gather import TOGETHER, Gathered
from backend.api.scores import Asked, Scores
from chain.types import AgentId
from tests.backend.conftest import World
from tests.backend.stories import PROVIDER, VERIFIERS, accepted_round, rejected_round
from tests.support.asgi import AsgiClient
from tests.support.fakechain import word

AGENTS = (PROVIDER, *VERIFIERS)
QUERIES = (
    "",
    "?finality=finalized",
    "?role=provider",
    "?profile=text/test/1&role=verifier",
    "?profile=nobodys",
)


def told(client: AsgiClient) -> dict[str, object]:
    """Every answer about everybody."""
    paths = [f"/v1/agents/{agent}/reputation{query}" for agent in AGENTS for query in QUERIES]
    return {path: client.get(path).json() for path in paths}


@pytest.mark.integration
def test_scores__when_blocks_come_and_are_taken_away__then_those_of_a_server_that_kept_none(
    world: World,
) -> None:
    serving = AsgiClient(create_app(world.services()))

    def compare() -> dict[str, object]:
        world.catch_up()
        kept = told(serving)
        assert kept == told(serving) == told(AsgiClient(create_app(world.services())))
        return kept

    compare()
    accepted_round(world.chain, word("one"))
    before = compare()
    world.chain.reorganise(2)
    rejected_round(world.chain, word("two"))
    assert compare() != before
    # The same height on another branch.
    height = len(world.chain.blocks)
    world.chain.reorganise(1)
    world.chain.mine()
    assert len(world.chain.blocks) == height
    compare()


@pytest.mark.integration
def test_scores__when_only_finality_moves__then_neither_the_body_nor_the_etag_of_before(
    world: World, client: AsgiClient
) -> None:
    path = "/v1/agents/0/reputation?finality=finalized"
    accepted_round(world.chain, word("one"))
    world.catch_up()
    first = client.get(path)
    world.chain.final_depth = 0
    world.catch_up()
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 200
    assert again.json()["block"]["number"] == world.chain.head().number
    assert first.json()["block"]["number"] < again.json()["block"]["number"]
    known = client.get(path, headers={"If-None-Match": again.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")


@pytest.mark.integration
def test_scores__when_more_is_written_than_kept__then_still_the_same_answers(world: World) -> None:
    accepted_round(world.chain, word("one"))
    world.catch_up()
    group = [(Asked(AgentId(agent), "head", None, None), None) for agent in AGENTS]

    def bodies(scores: Scores) -> list[object]:
        return [getattr(answer, "body", answer) for answer in scores.answers(group)]

    little = Scores(world.services(), kept_bytes=3000)
    assert bodies(little) == bodies(little) == bodies(Scores(world.services()))


@pytest.mark.integration
def test_scores__when_asked_together__then_each_its_own_answer_or_refusal(
    world: World, client: AsgiClient
) -> None:
    world.catch_up()
    scores = Scores(world.services())
    etag = client.get("/v1/agents").headers["etag"]
    asked = [Asked(AgentId(agent), "head", None, None) for agent in (PROVIDER, 999)]
    found = scores.answers([(asked[0], None), (asked[1], None), (asked[1], etag)])
    assert [type(answer).__name__ for answer in found] == [
        "Response",
        "QueryMissing",
        "NotModified",
    ]


@pytest.mark.integration
def test_scores__when_told_at_a_glance__then_the_bytes_of_a_transaction(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted_round(world.chain, word("one"))
    world.catch_up()
    groups = [[(Asked(AgentId(agent), "head", None, None), None)] for agent in (*AGENTS, 999)]

    def told(scores: Scores, number: int) -> list[object]:
        (answer,) = scores.answers(groups[number])
        return [getattr(answer, part, str(answer)) for part in ("body", "raw_headers")]

    # The first that a server is asked for is read in a transaction.
    anew = [told(Scores(world.services()), number) for number in range(len(groups))]
    scores = Scores(world.services())
    # Asked for nobody, it knows no domain's name yet.
    assert told(scores, -1) == anew[-1]
    assert [told(scores, number) for number in range(2)] == anew[:2]
    monkeypatch.setattr(world.store, "read", None)
    assert [told(scores, number) for number in range(len(groups))] == anew


@pytest.mark.unit
def test_gathered__when_asked_during_a_look__then_told_by_a_later_one() -> None:
    begun, goes_on = threading.Event(), threading.Event()
    groups: list[list[int]] = []

    def answer(group: Sequence[int]) -> list[int | Exception]:
        groups.append(list(group))
        begun.set()
        assert goes_on.wait(10)
        return [ValueError(n) if n == 2 else n * 10 for n in group]

    async def together() -> list[int | BaseException]:
        gathered = Gathered(answer)
        first = asyncio.ensure_future(gathered.ask(0))
        await asyncio.to_thread(begun.wait, 10)
        others = [asyncio.ensure_future(gathered.ask(n)) for n in range(1, 4)]
        await asyncio.sleep(0)
        others[2].cancel()
        goes_on.set()
        found = await asyncio.gather(first, *others[:2], return_exceptions=True)
        return [*found, await gathered.ask(7)]

    found = asyncio.run(together())
    assert groups == [[0], [1, 2, 3], [7]]
    assert [found[0], found[1], found[3]] == [0, 10, 70]
    assert isinstance(found[2], ValueError)


@pytest.mark.unit
def test_gathered__when_a_look_fails__then_everyone_of_it_is_told_and_the_next_is_served() -> None:
    groups: list[int] = []

    def answer(group: Sequence[int]) -> list[int | Exception]:
        groups.append(len(group))
        if len(groups) == 1:
            raise OSError("no database")
        return list(group)

    async def together() -> list[int | BaseException]:
        gathered = Gathered(answer)
        waits = [gathered.ask(number) for number in range(TOGETHER + 1)]
        return await asyncio.gather(*waits, return_exceptions=True)

    found = asyncio.run(together())
    assert groups == [TOGETHER, 1]
    assert all(isinstance(each, OSError) for each in found[:TOGETHER])
    assert found[TOGETHER] == TOGETHER
