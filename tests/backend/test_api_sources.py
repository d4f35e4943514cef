"""Sources and epochs as the index has them: each state, each kind of evidence, each proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from assay_client import AssayRefused, Client
from backend.api import Access, create_app
from backend.bundles import BundleChecker
from backend.store import AnchorClock, AnchorCredit, dump
from chain.events import (
    Answered,
    Challenged,
    Credited,
    Log,
    RolledBack,
    SourceListed,
    Upheld,
    WordsApplied,
)
from tests.backend.conftest import World
from tests.backend.epochs import (
    BAD,
    DOMAIN,
    GOOD,
    OTHER,
    WINDOW,
    anchor,
    check,
    epoch_of,
    told,
    with_anchor,
)
from tests.support.asgi import AsgiClient, Through
from tests.support.fakechain import address, emit, word
from verifier.canonical import canonical_json
from verifier.reliability.evidence import Anchor
from verifier.reliability.proof import ScoreProof

pytestmark = pytest.mark.unit

BUNDLE = {"Content-Type": "application/vnd.assay.bundle+json"}
CHALLENGER = address("challenger")

Ask = Callable[[str], Any]


@pytest.fixture
def anchored(world: World) -> World:
    return with_anchor(world)


@pytest.fixture
def ask(anchored: World) -> Ask:
    client = AsgiClient(create_app(anchored.services()))

    def get(path: str) -> Any:
        check(anchored)
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return get


def state(ask: Ask, epoch: int) -> str:
    found: str = ask(f"/v1/epochs/{epoch}")["state"]
    return found


def test_epoch__when_its_window_ends__then_its_scores_are_served_with_proofs(
    anchored: World, ask: Ask
) -> None:
    made, found = told(anchored, epoch_of(anchored))
    assert state(ask, 1) == "open"
    assert ask("/v1/sources")["epoch"] is None
    assert ask("/v1/sources?epoch=1")["items"] != []
    anchored.chain.mine(seconds=WINDOW)

    body = ask(f"/v1/sources/{GOOD}")
    epoch = ask("/v1/epochs/1")
    assert (epoch["state"], epoch["kept"], epoch["bundle"]["state"]) == ("final", True, "holds")
    assert epoch["bundle"]["rules"]["askerCap"] == str(made.rules.asker_cap)
    (score,) = body["scores"]
    entry = next(each for each in found.entries if each.source == GOOD)
    assert score["mean"] == entry.score.mean_bps / 10_000
    assert score["lowerBound"] == entry.score.lower_bps / 10_000
    assert score["n"] == entry.score.effective_n / 10**9
    assert score["lastUpdate"] == made.at
    proof = ScoreProof.parse(canonical_json(score["proof"]))
    proof.check(bytes.fromhex(epoch["root"][2:]))
    assert proof.to_json() == ScoreProof.of(1, found, GOOD, DOMAIN).to_json()


def test_epoch__when_another_follows__then_earlier_scores_stay_provable(
    anchored: World, ask: Ask
) -> None:
    first = told(anchored, epoch_of(anchored))
    anchored.chain.mine(seconds=WINDOW)
    told(anchored, epoch_of(anchored, first))
    anchored.chain.mine(seconds=WINDOW)

    for number, of in ((1, ask(f"/v1/sources/{BAD}?epoch=1")), (2, ask(f"/v1/sources/{BAD}"))):
        epoch = ask(f"/v1/epochs/{number}")
        assert of["epoch"]["epoch"] == number
        assert [each["domain"] for each in of["scores"]] == of["domains"]
        for score in of["scores"]:
            ScoreProof.parse(canonical_json(score["proof"])).check(bytes.fromhex(epoch["root"][2:]))
    points = ask(f"/v1/sources/{BAD}/history?domain=0x{DOMAIN.hex()}")["items"]
    assert [point["epoch"] for point in points] == [2, 1]
    assert points[0]["n"] > points[1]["n"]
    assert points[0]["lowerBound"] <= points[0]["mean"] <= points[0]["upperBound"]


def test_scores__when_there_is_none__then_null_or_empty(anchored: World, ask: Ask) -> None:
    assert ask("/v1/sources") | {"block": None} == {
        "epoch": None,
        "items": [],
        "next": None,
        "block": None,
    }
    assert ask(f"/v1/sources/{GOOD}")["scores"] == []
    told(anchored, epoch_of(anchored))
    # A score that does not reach the policy's minimum is unknown.
    (low,) = ask(f"/v1/sources?epoch=1&domain=0x{OTHER.hex()}")["items"]
    assert (low["mean"], low["lowerBound"], low["n"]) == (None, None, 0.1)
    assert ask("/v1/sources/1?epoch=1")["scores"] == []
    client = AsgiClient(create_app(anchored.services()))
    for path in ("/v1/sources/999", "/v1/sources/0?epoch=9", "/v1/epochs/9"):
        assert client.get(path).status_code == 404
    for path in ("/v1/sources?cursor=a", "/v1/sources?domain=0x1", "/v1/epochs/0"):
        assert client.get(path).status_code == 422


def test_bundle__when_it_is_withheld_or_false__then_said_and_no_score_served(
    anchored: World, ask: Ask
) -> None:
    made = epoch_of(anchored)
    anchor(anchored, made)
    bundle = ask("/v1/epochs/1")["bundle"]
    assert (bundle["state"], bundle["artifact"]) == ("missing", None)
    assert ask("/v1/sources?epoch=1")["items"] == []
    told(anchored, epoch_of(anchored, made), root=word("another root"))
    bundle = ask("/v1/epochs/2")["bundle"]
    assert (bundle["state"], bundle["rules"]) == ("false", None)
    assert bundle["problem"].startswith("Another root")
    assert bundle["artifact"] == f"/v1/artifacts/{bundle['hash']}"
    assert ask("/v1/sources?epoch=2")["items"] == []


def test_bundle__when_it_comes_late__then_looked_for_ever_more_seldom_and_checked_once(
    anchored: World,
) -> None:
    made = epoch_of(anchored)
    anchor(anchored, made)
    anchored.catch_up()
    checker = BundleChecker(anchored.store, anchored.files, made[0].anchor)
    assert checker.step(now=0.0) == 0
    anchored.files.take(made[0].to_bytes())
    client = AsgiClient(create_app(anchored.services()))
    assert client.get("/v1/epochs/1").json()["bundle"]["state"] == "unchecked"
    assert [checker.step(now=moment) for moment in (0.5, 1.5, 9.0)] == [0, 1, 0]


def test_epoch__when_it_is_challenged_and_upheld__then_later_ones_wait_a_window_anew(
    anchored: World, ask: Ask
) -> None:
    first = told(anchored, epoch_of(anchored))
    told(anchored, epoch_of(anchored, first))
    anchored.chain.mine(emit(Challenged, 1, CHALLENGER, 10))
    assert (state(ask, 1), state(ask, 2)) == ("disputed", "disputed")
    anchored.chain.mine(emit(Answered, 1, word("round"), 20), seconds=WINDOW)
    (doubt,) = ask("/v1/epochs/1")["challenges"]
    assert doubt["requestHash"] == "0x" + word("round").hex()
    assert (doubt["challenger"], doubt["outcome"]) == (CHALLENGER, None)

    anchored.chain.mine(emit(Upheld, 1))
    upheld_at = anchored.chain.blocks[-1].timestamp
    assert (state(ask, 1), state(ask, 2)) == ("final", "open")
    assert ask("/v1/epochs/1")["challenges"][0]["outcome"] == "upheld"
    assert ask("/v1/epochs/2")["finalAt"] == upheld_at + WINDOW


@pytest.mark.parametrize("proven", [True, False])
def test_epoch__when_it_is_rolled_back__then_it_has_no_scores_and_the_next_continues_before_it(
    anchored: World, ask: Ask, proven: bool
) -> None:
    first = told(anchored, epoch_of(anchored))
    second = told(anchored, epoch_of(anchored, first))
    told(anchored, epoch_of(anchored, second))
    anchored.chain.mine(emit(Challenged, 2, CHALLENGER, 10))
    anchored.chain.mine(emit(RolledBack, 2, 3, proven), seconds=WINDOW)
    for number in (2, 3):
        epoch = ask(f"/v1/epochs/{number}")
        assert (epoch["state"], epoch["proven"], epoch["kept"]) == ("rolledBack", proven, False)
        assert ask(f"/v1/sources?epoch={number}")["items"] == []
    page = ask("/v1/epochs")
    assert page["anchor"]["bonded"] is not proven
    assert ask("/v1/sources")["epoch"]["epoch"] == 1
    points = ask(f"/v1/sources/{BAD}/history?domain=0x{DOMAIN.hex()}")["items"]
    assert [point["mean"] is None for point in points] == [True, True, False]

    # Its number is used up; its bundle continues the root that stands.
    made = epoch_of(anchored, first)
    fourth = replace(made[0], epoch=4, items=())
    anchored.files.take(fourth.to_bytes())
    anchor(anchored, (fourth, made[1]))
    assert ask("/v1/epochs/4")["previousRoot"] == "0x" + first[1].root.hex()


def test_index__when_blocks_are_taken_back__then_as_if_they_had_never_been(
    anchored: World, ask: Ask
) -> None:
    first = told(anchored, epoch_of(anchored))
    anchored.chain.mine()
    check(anchored)
    before = dump(anchored.store)

    made = epoch_of(anchored, first)
    anchor(anchored, made)
    anchored.chain.mine(emit(Challenged, 1, CHALLENGER, 10), emit(SourceListed, 0, BAD, DOMAIN))
    anchored.chain.mine(emit(RolledBack, 1, 2, True), emit(WordsApplied, 1, 1))
    check(anchored)
    assert dump(anchored.store)["epochs"] != before["epochs"]
    anchored.chain.reorganise(3)
    check(anchored)
    for _ in range(4):
        anchored.chain.mine()
    check(anchored)

    after = dump(anchored.store)
    for name in ("anchor_clock", "epochs", "epoch_challenges", "listed_sources", "anchor_credits"):
        assert after[name] == before[name], name


def test_index__when_a_credit_is_the_anchors__then_counted_as_its_own(anchored: World) -> None:
    def of_the_anchor(log: Log) -> Credited:
        return Credited(replace(log, contract="ReliabilityAnchor"), CHALLENGER, 5)  # type: ignore[arg-type]

    anchored.chain.mine(of_the_anchor)
    anchored.catch_up()
    with anchored.store.read() as session:
        owed = session.get(AnchorCredit, CHALLENGER)
        clock = session.get(AnchorClock, 1)
    assert owed is not None
    assert (owed.credited, owed.withdrawn) == (5, 0)
    assert clock is not None
    assert clock.bonded


def test_list__when_it_is_long__then_pages_that_meet(anchored: World, ask: Ask) -> None:
    told(anchored, epoch_of(anchored))
    whole = ask("/v1/sources?epoch=1")["items"]
    assert [(each["agentId"], each["domain"]) for each in whole] == sorted(
        (each["agentId"], each["domain"]) for each in whole
    )
    found, cursor = [], ""
    for _ in whole:
        page = ask(f"/v1/sources?epoch=1&limit=1{cursor}")
        found += page["items"]
        cursor = f"&cursor={page['next']}"
    assert found == whole
    assert page["next"] is None


def test_client__when_it_asks_for_sources__then_answers_are_those_of_the_api(
    anchored: World, ask: Ask
) -> None:
    first = told(anchored, epoch_of(anchored))
    anchored.chain.mine(seconds=WINDOW)
    told(anchored, epoch_of(anchored, first))
    domain = f"0x{DOMAIN.hex()}"
    through = Through(create_app(anchored.services()))
    with Client("http://test", transport=through) as client:
        assert list(client.sources()) == ask("/v1/sources?epoch=1")["items"]
        assert next(iter(client.sources(epoch=2, domain=domain)))["agentId"] == GOOD
        assert client.source(BAD, epoch=2) == ask(f"/v1/sources/{BAD}?epoch=2")
        assert [point["epoch"] for point in client.source_history(BAD, domain)] == [2, 1]
        assert [each["epoch"] for each in client.epochs()] == [2, 1]
        assert client.epoch(1)["anchor"]["bonded"]
        assert list(client.exams()) == []
        assert client.capabilities(GOOD)["items"] == []
        with pytest.raises(AssayRefused, match="no exam 1"):
            client.exam(1)


# ------------------------------------------------------------------ uploads


def send(world: World, data: bytes, **headers: str) -> Any:
    services = replace(world.services(), access=Access(api_key="operator's"))
    answer = AsgiClient(create_app(services)).post(
        "/v1/artifacts", content=data, headers={**BUNDLE, **headers}
    )
    return answer.status_code, answer.json()


def test_upload__when_an_epoch_names_it__then_anybody_may_bring_it(anchored: World) -> None:
    made = epoch_of(anchored)
    data = made[0].to_bytes()
    status, body = send(anchored, data)
    assert (status, body["error"]["code"]) == (403, "write_forbidden")
    anchor(anchored, made)
    anchored.catch_up()
    status, body = send(anchored, data)
    assert (status, body["kind"], body["hash"]) == (201, "bundle", "0x" + made[0].hash.hex())
    client = AsgiClient(create_app(anchored.services()))
    assert client.get(body["artifact"]).content == data


def test_upload__when_not_a_bundle_of_this_anchor__then_refused_in_a_sentence(
    anchored: World,
) -> None:
    made = epoch_of(anchored)
    other = replace(made[0], anchor=Anchor(1, made[0].anchor.address))
    for data, words in (
        (other.to_bytes(), "another anchor"),
        (b"{", "bundle"),
        (made[0].to_bytes() + b" ", "canonical"),
    ):
        status, body = send(anchored, data, authorization="Bearer operator's")
        assert status == 422
        assert words in body["error"]["message"]
    assert send(anchored, made[0].to_bytes(), authorization="Bearer operator's")[0] == 201
