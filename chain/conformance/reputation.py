"""Checks of the Reputation Registry."""

from __future__ import annotations

from eth_utils.crypto import keccak

from chain.conformance.scene import IDENTITY, REPUTATION, Scene, feedback, require
from chain.conformance.table import check

INT128_MAX = 2**127 - 1
LARGEST = 10**38
"""The largest rating allowed."""


@check(
    "rep-feedback",
    REPUTATION,
    "Feedback is kept and counted from 1, and NewFeedback says all of it.",
)
def giving(s: Scene) -> None:
    agent, hash_ = s.agent(), bytes(keccak(b"file"))
    given = (agent, -9977, 2, "uptime", "gold", "https://a", "ipfs://f", hash_)
    outcome = s.do(s.client, REPUTATION, "giveFeedback", *given)
    said = s.event(outcome, REPUTATION, "NewFeedback")
    tag = bytes(keccak(b"uptime"))
    wanted = (agent, s.client, 1, -9977, 2, tag, "uptime", "gold", "https://a", "ipfs://f", hash_)
    require(said == wanted, f"NewFeedback says {said}")
    kept = s.look(REPUTATION, "readFeedback", agent, s.client, 1)
    require(kept == (-9977, 2, "uptime", "gold", False), f"readFeedback answers {kept}")
    require(s.look(REPUTATION, "getLastIndex", agent, s.client) == 1, "the first index is not 1")
    require(s.look(REPUTATION, "getClients", agent) == (s.client,), "getClients lacks the client")


@check("rep-range", REPUTATION, "A rating has at most 18 decimals and lies within ±1e38.")
def ranges(s: Scene) -> None:
    agent = s.agent()
    s.refuses("19 decimals were taken", s.client, *feedback(agent, 1, 19))
    s.refuses("a value above 1e38 was taken", s.client, *feedback(agent, LARGEST + 1))
    s.refuses("a value below -1e38 was taken", s.client, *feedback(agent, -LARGEST - 1))
    s.rate(agent, -LARGEST, 18)


@check(
    "rep-unknown",
    REPUTATION,
    "An agent that does not exist cannot be rated, nor such feedback read.",
)
def unknown(s: Scene) -> None:
    s.refuses("an agent that does not exist was rated", s.client, *feedback(s.unknown_agent, 1))
    agent = s.agent()
    for index in (0, 1):
        read = s.view(REPUTATION, "readFeedback", agent, s.client, index)
        require(not read.ok, f"feedback {index} of somebody who gave none was read")


@check("rep-revoke", REPUTATION, "Its author alone revokes feedback, which then no longer counts.")
def revoking(s: Scene) -> None:
    agent = s.agent()
    s.rate(agent, 10)
    s.rate(agent, 90)
    s.refuses("somebody else revoked it", s.stranger, REPUTATION, "revokeFeedback", agent, 1)
    outcome = s.do(s.client, REPUTATION, "revokeFeedback", agent, 1)
    said = s.event(outcome, REPUTATION, "FeedbackRevoked")
    require(said == (agent, s.client, 1), f"FeedbackRevoked says {said}")
    require(_summary(s, agent) == (1, 90, 0), "the summary counts revoked feedback")
    require(
        s.look(REPUTATION, "readFeedback", agent, s.client, 1)[4], "it is not marked as revoked"
    )
    kept = s.look(REPUTATION, "readAllFeedback", agent, [s.client], "", "", True)[2]
    require(kept == (10, 90), "revoked feedback cannot be read when asked for")


@check("T2", REPUTATION, "A client who is named several times counts once.")
def counting_once(s: Scene) -> None:
    agent = s.agent()
    s.rate(agent, 0)
    s.rate(agent, 100, by=s.stranger)
    names = [s.client, s.stranger, s.stranger, s.stranger]
    found = s.look(REPUTATION, "getSummary", agent, names, "", "")
    require(found[0] == 2, f"two ratings were counted as {found[0]}, their mean being {found[1]}")


@check(
    "T3", REPUTATION, "The mean has the decimals used most, fewer if tied, and is cut toward zero."
)
def mean(s: Scene) -> None:
    agent = s.agent()
    for value in (88, 88, 87):
        s.rate(agent, value)
    require(_summary(s, agent) == (3, 87, 0), f"88, 88, 87 have the mean {_summary(s, agent)}")
    negative = s.agent()
    for value in (-88, -88, -87):
        s.rate(negative, value)
    found = _summary(s, negative)
    require(found == (3, -87, 0), f"-88, -88, -87 have the mean {found}")
    mixed = s.agent()
    s.rate(mixed, 1, 0)
    s.rate(mixed, 25, 1)
    found = _summary(s, mixed)
    require(found == (2, 1, 0), f"1 and 2.5, one decimal tied with none, have the mean {found}")


@check("T4", REPUTATION, "A tag's summary holds no rating in another unit.")
def units(s: Scene) -> None:
    agent = s.agent()
    s.rate(agent, 88, tag="starred")
    s.rate(agent, 560, tag="responseTime", second="ms")
    s.rate(agent, 9977, 2, tag="uptime")
    require(_summary(s, agent, "starred") == (1, 88, 0), "tag1 does not filter")
    found = s.look(REPUTATION, "getSummary", agent, [s.client], "", "ms")
    require(found == (1, 560, 0), "tag2 does not filter")
    require(_summary(s, agent, "none")[0] == 0, "ratings are found under a tag that nobody gave")


@check("T5", REPUTATION, "A mean that does not fit is refused, never cut to 128 bits.")
def no_truncation(s: Scene) -> None:
    agent = s.agent()
    s.rate(agent, LARGEST, 0)
    s.rate(agent, 10**18, 18)
    s.rate(agent, 10**18, 18)
    outcome = s.view(REPUTATION, "getSummary", agent, [s.client], "", "")
    if outcome.ok:
        found = s.look(REPUTATION, "getSummary", agent, [s.client], "", "")
        exact = (LARGEST + 2) * 10 ** found[2] // 3
        right = exact <= INT128_MAX and found[1] == exact
        require(right, f"1e38, 1, 1 have the mean {found[1]} with {found[2]} decimals")


@check("T6", REPUTATION, "No clients: a summary is refused, and a list is everybody's.")
def nobody_named(s: Scene) -> None:
    agent = s.agent()
    s.rate(agent, 1)
    s.rate(agent, 2, by=s.stranger)
    summary = s.view(REPUTATION, "getSummary", agent, [], "", "")
    require(not summary.ok, "everybody's ratings were averaged, so that anybody moves the mean")
    values = s.look(REPUTATION, "readAllFeedback", agent, [], "", "", False)[2]
    require(values == (1, 2), f"everybody's ratings are 1 and 2, and the list is {values}")


@check(
    "T7", REPUTATION, "Nobody who acts for an agent rates it: owner, approved address, operator."
)
def no_self_rating(s: Scene) -> None:
    agent = s.agent()
    s.do(s.owner, IDENTITY, "approve", s.client, agent)
    s.appoint(s.validator)
    for who, name in (
        (s.owner, "owner"),
        (s.client, "approved address"),
        (s.validator, "operator"),
    ):
        s.refuses(f"the agent's {name} rated it", who, *feedback(agent, 100))
    s.rate(agent, 100, by=s.stranger)


@check(
    "T13", REPUTATION, "Anybody may respond to feedback; responses can be counted per responder."
)
def responses(s: Scene) -> None:
    agent = s.agent()
    s.rate(agent, 1)
    call = (REPUTATION, "appendResponse", agent, s.client)
    s.refuses("feedback 2, which does not exist, got a response", s.owner, *call, 2, "u", bytes(32))
    s.do(s.owner, *call, 1, "ipfs://ours", bytes(32))
    outcome = s.do(s.stranger, *call, 1, "ipfs://theirs", bytes(32))
    said = s.event(outcome, REPUTATION, "ResponseAppended")
    wanted = (agent, s.client, 1, s.stranger, "ipfs://theirs", bytes(32))
    require(said == wanted, f"ResponseAppended says {said}")
    count = (REPUTATION, "getResponseCount", agent, s.client, 1)
    require(s.look(*count, []) == 2, "not every response is counted")
    require(s.look(*count, [s.owner]) == 1, "responses are not told apart by responder")


def _summary(s: Scene, agent: int, tag: str = "") -> tuple[int, int, int]:
    found: tuple[int, int, int] = s.look(REPUTATION, "getSummary", agent, [s.client], tag, "")
    return found
