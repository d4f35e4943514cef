"""/v1/agents over a fake chain."""

from __future__ import annotations

import pytest

from backend.store import EvidenceRecord
from chain.events import EvidenceRecorded, Locked, Released, Transfer, UnstakeRequested
from chain.messages import evidence_domain
from tests.backend.conftest import HALF_LIFE, World
from tests.backend.stories import (
    PROFILE_ID,
    PROVIDER,
    accepted_round,
    enter,
    evidence,
    owner_of,
    rejected_round,
)
from tests.support.asgi import AsgiClient
from tests.support.fakechain import Emitted, address, emit, word
from verifier.reputation import Evidence, Policy, score

pytestmark = pytest.mark.unit


def test_agents__when_paged__then_each_comes_once_and_zero_is_one(
    world: World, client: AsgiClient
) -> None:
    world.catch_up()
    seen, cursor = [], None
    for _ in range(4):
        parameters = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/agents", params=parameters).json()
        seen += [item["agentId"] for item in page["items"]]
        cursor = page["next"]
    assert seen == [0, 1, 2, 3]
    assert cursor is None


def test_agents__when_asked_for_an_owner__then_only_its_agents(
    world: World, client: AsgiClient
) -> None:
    world.catch_up()
    page = client.get("/v1/agents", params={"owner": owner_of(2).lower()}).json()
    assert [item["agentId"] for item in page["items"]] == [2]


def test_agent__when_shown__then_says_registry_stake_enrolments_and_block(
    world: World, client: AsgiClient
) -> None:
    accepted_round(world.chain, word("one"))
    world.catch_up()
    body = client.get("/v1/agents/0").json()
    assert body["agentId"] == 0
    assert body["registry"] == f"eip155:31337:{address('identity')}"
    assert body["owner"] == owner_of(0)
    assert body["stake"] == {
        "bonded": str(10**18),
        "unbonding": "0",
        "locked": "0",
        "unbondsAt": None,
    }
    assert body["wallet"] is None
    assert [item["profileName"] for item in body["enrolments"]] == ["text/test/1"]
    assert body["enrolments"][0]["leftAt"] is None
    head = world.chain.head()
    assert body["block"]["number"] == head.number
    assert body["block"]["hash"] == "0x" + head.hash.hex()
    verifier = client.get("/v1/agents/1").json()
    assert verifier["credit"]["balance"] == str(10**15)


def test_agent__when_its_bond_is_slashed__then_less_is_bonded_and_nothing_locked(
    world: World, client: AsgiClient
) -> None:
    rejected_round(world.chain, word("one"))
    world.catch_up()
    stake = client.get("/v1/agents/0").json()["stake"]
    assert stake["bonded"] == str(95 * 10**16)
    assert stake["locked"] == "0"


def test_agent__when_a_lock_was_never_told__then_its_release_leaves_zero(
    world: World, client: AsgiClient
) -> None:
    world.chain.mine(emit(Released, 1, word("one"), 3 * 10**17, 0))
    world.catch_up()
    assert client.get("/v1/agents/1").json()["stake"]["locked"] == "0"


def test_agent__when_more_is_slashed_than_bonded__then_it_reaches_what_is_unbonding(
    world: World, client: AsgiClient
) -> None:
    world.chain.mine(
        emit(UnstakeRequested, 1, 9 * 10**17, 10**17, 2_000_000_000),
        emit(Locked, 1, word("one"), 3 * 10**17),
        emit(Released, 1, word("one"), 3 * 10**17, 2 * 10**17),
    )
    world.catch_up()
    assert client.get("/v1/agents/1").json()["stake"] == {
        "bonded": "0",
        "unbonding": str(8 * 10**17),
        "locked": "0",
        "unbondsAt": 2_000_000_000,
    }


def test_agent__when_the_token_moves__then_both_owners_are_named(
    world: World, client: AsgiClient
) -> None:
    world.chain.mine(emit(Transfer, owner_of(1), address("buyer"), 1))
    world.catch_up()
    body = client.get("/v1/agents/1").json()
    assert body["owner"] == address("buyer")
    assert [item["owner"] for item in body["owners"]] == [owner_of(1), address("buyer")]


@pytest.mark.parametrize(
    "path", ["/v1/agents/9", "/v1/agents/9/reputation", "/v1/agents/9/history"]
)
def test_agent__when_unknown__then_404(world: World, client: AsgiClient, path: str) -> None:
    world.catch_up()
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "query_missing"
    assert "agent 9" in answer.json()["error"]["message"]


@pytest.mark.parametrize("agent", ["-1", "x", "1.5", "0x1", str(2**256), "١", "1_0", "%20"])
def test_agent__when_the_id_is_no_uint256__then_422(
    world: World, client: AsgiClient, agent: str
) -> None:
    world.catch_up()
    answer = client.get(f"/v1/agents/{agent}")
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "query_invalid"


def scores_of(client: AsgiClient, agent: int, **parameters: str) -> dict[str, dict[str, object]]:
    body = client.get(f"/v1/agents/{agent}/reputation", params=parameters).json()
    return {item["role"]: item for item in body["scores"]}


def test_reputation__when_nothing_is_known__then_null_and_not_zero(
    world: World, client: AsgiClient
) -> None:
    world.catch_up()
    found = scores_of(client, PROVIDER)
    assert set(found) == {"provider", "verifier"}
    for item in found.values():
        for name in ("mean", "lowerBound", "n", "alpha", "beta", "lastUpdate"):
            assert item[name] is None, name
        assert item["policyId"] == "0x" + word("policy").hex()


def test_reputation__when_below_the_minimum__then_null_but_n_is_told(
    world: World, client: AsgiClient
) -> None:
    world.chain.mine(evidence(PROVIDER, "provider", 4 * 10**8, 0))
    world.catch_up()
    item = scores_of(client, PROVIDER)["provider"]
    assert (item["mean"], item["lowerBound"]) == (None, None)
    assert item["n"] == 0.4
    assert item["alpha"] == str(4 * 10**8)


def test_reputation__when_time_passed__then_it_is_the_integer_rule_at_the_blocks_time(
    world: World, client: AsgiClient
) -> None:
    world.chain.mine(evidence(PROVIDER, "provider", 7 * 10**9, 2 * 10**9))
    written = world.chain.head().timestamp
    world.chain.mine(seconds=HALF_LIFE + 12345)
    world.catch_up()
    item = scores_of(client, PROVIDER)["provider"]
    expected = score(
        Evidence(7 * 10**9, 2 * 10**9, written),
        world.chain.head().timestamp,
        Policy(half_life=HALF_LIFE),
    )
    assert item["mean"] == expected.mean_bps / 10_000
    assert item["lowerBound"] == expected.lower_bps / 10_000
    assert (item["alpha"], item["beta"]) == (str(expected.alpha), str(expected.beta))
    assert item["lastUpdate"] == written


def test_reputation__when_the_agent_is_sold__then_good_evidence_does_not_come_along(
    world: World, client: AsgiClient
) -> None:
    world.chain.mine(evidence(1, "verifier", 7 * 10**9, 2 * 10**9))
    world.chain.mine(emit(Transfer, owner_of(1), address("buyer"), 1))
    world.catch_up()
    item = scores_of(client, 1)["verifier"]
    assert item["alpha"] == "0"
    assert int(str(item["beta"])) > 10**9
    world.chain.mine(emit(Transfer, address("buyer"), owner_of(1), 1))
    world.catch_up()
    assert int(str(scores_of(client, 1)["verifier"]["alpha"])) > 6 * 10**9


def test_reputation__when_bad_evidence_comes_for_an_earlier_owner__then_alpha_stays_whose_it_was(
    world: World,
) -> None:
    """The ledger writes for the owner of the round's beginning; alpha is the present owner's."""
    world.chain.mine(emit(Transfer, owner_of(1), address("buyer"), 1))
    world.chain.mine(evidence_for(1, address("buyer"), 3 * 10**9, 0))
    world.chain.mine(evidence_for(1, owner_of(1), 3 * 10**9, 10**9))
    world.catch_up()
    with world.store.read() as session:
        owners = [row.alpha_owner for row in session.query(EvidenceRecord).all()]
    assert owners == [address("buyer")] * 2


def evidence_for(agent: int, owner: str, alpha: int, beta: int) -> Emitted:
    domain = evidence_domain(PROFILE_ID, "verifier")
    return emit(EvidenceRecorded, agent, domain, owner, 0, 0, alpha, beta)


def test_reputation__when_finalized__then_what_came_later_is_left_out(
    world: World, client: AsgiClient
) -> None:
    world.chain.mine(evidence(PROVIDER, "provider", 5 * 10**9, 0))
    for _ in range(world.chain.final_depth):
        world.chain.mine()
    world.chain.mine(evidence(PROVIDER, "provider", 6 * 10**9, 10**9))
    world.catch_up()
    body = client.get("/v1/agents/0/reputation", params={"finality": "finalized"}).json()
    finalized = world.chain.finalized()
    assert body["block"]["number"] == finalized.number
    assert body["block"]["finality"] == "finalized"
    assert body["block"]["hash"] == "0x" + finalized.hash.hex()
    final = next(item for item in body["scores"] if item["role"] == "provider")
    assert final["beta"] == "0"
    assert scores_of(client, PROVIDER)["provider"]["beta"] == str(10**9)


def test_reputation__when_filtered__then_only_that_profile_and_role(
    world: World, client: AsgiClient
) -> None:
    world.catch_up()
    assert set(scores_of(client, 0, role="verifier")) == {"verifier"}
    assert set(scores_of(client, 0, profile="text/test/1")) == {"provider", "verifier"}
    assert set(scores_of(client, 0, profile="0x" + PROFILE_ID.hex())) == {"provider", "verifier"}
    assert scores_of(client, 0, profile="other") == {}


def test_history__when_paged__then_newest_first_and_every_event_once(
    world: World, client: AsgiClient
) -> None:
    rejected_round(world.chain, word("one"))
    world.catch_up()
    items, cursor = [], None
    while True:
        parameters = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/agents/0/history", params=parameters).json()
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    places = [(item["blockNumber"], item["logIndex"]) for item in items]
    assert places == sorted(set(places), reverse=True)
    assert [item["name"] for item in reversed(items)][: len(enter(0))] == [
        "Transfer",
        "Registered",
        "Staked",
        "Enrolled",
    ]
    slash = next(item for item in items if item["name"] == "Released")
    assert slash["arguments"]["slashed"] == str(5 * 10**16)
    assert slash["requestHash"] == "0x" + word("one").hex()
