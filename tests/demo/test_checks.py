"""The demo's own judgement: what it lets through and what it does not."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from cli.demo.checks import (
    check_reputations,
    check_stakes,
    check_verdicts,
    expected_evidence,
)
from cli.demo.report import Movement, Outcome, Standing

pytestmark = pytest.mark.unit

ADA = Movement("Ada", "text", "provider")
UNKNOWN = Standing(None, None, 0.0, 0.0, 0.0)


def outcome(verdict: str = "Accepted", *, seats: list[dict[str, Any]] | None = None) -> Outcome:
    return Outcome(
        number=1,
        title="a round",
        story="",
        profile="text",
        family="exact",
        provider="Ada",
        expected="Accepted",
        verdict=verdict,
        seats=seats if seats is not None else [],
    )


def seat(agent: str, *, opened: bool = True, cluster: bool = True, **more: Any) -> dict[str, Any]:
    return {
        "agent": agent,
        "behaviour": "honest",
        "state": "Opened" if opened else "Committed",
        "inCluster": cluster,
        "slashedWei": "0" if opened else "5",
        **more,
    }


def test_check_verdicts__another_verdict_than_the_story__is_found() -> None:
    assert check_verdicts([outcome()]) == []
    assert len(check_verdicts([outcome("Rejected")])) == 1
    assert len(check_verdicts([outcome("Expired"), outcome()])) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        seat("Vera", slashedWei="1"),
        seat("Vera", opened=False, behaviour="silent", slashedWei="0"),
        seat("Vera", opened=False),
        seat("Vera", behaviour="silent"),
    ],
    ids=["opened-and-slashed", "silent-and-not-slashed", "honest-and-not-open", "silent-and-open"],
)
def test_check_stakes__seat_that_was_treated_wrongly__is_found(wrong: dict[str, Any]) -> None:
    right = [seat("Vida"), seat("Vito", opened=False, behaviour="silent")]
    assert check_stakes([outcome(seats=right)]) == []
    assert check_stakes([outcome(seats=[*right, wrong])])


def test_expected_evidence__each_verdict__counts_provider_and_seats() -> None:
    seats = [seat("Vera"), seat("Vida", cluster=False), seat("Vito", opened=False, cluster=False)]
    good, bad = expected_evidence([outcome(seats=seats), outcome("Rejected", seats=seats)])
    assert good == Counter({ADA: 1, Movement("Vera", "text", "verifier"): 2})
    assert bad == Counter(
        {
            ADA: 1,
            Movement("Vida", "text", "verifier"): 2,
            Movement("Vito", "text", "verifier"): 2,
        }
    )


def test_expected_evidence__no_majority__blames_only_who_did_not_open() -> None:
    seats = [seat("Vera", cluster=False), seat("Vito", opened=False, cluster=False)]
    good, bad = expected_evidence([outcome("Inconclusive", seats=seats)])
    assert not good
    assert bad == Counter({Movement("Vito", "text", "verifier"): 1})


@pytest.mark.parametrize(
    ("after", "sound"),
    [
        ({ADA: Standing(0.6667, 0.27, 1.0, 0.99999, 0.0)}, True),
        ({ADA: Standing(0.6667, 0.27, 2.0, 2.0, 0.0)}, False),
        ({ADA: Standing(0.5, 0.1, 2.0, 1.0, 1.0)}, False),
        ({ADA: Standing(None, None, 1.0, 1.0, 0.0)}, False),
        ({}, False),
    ],
    ids=["as-it-must", "counted-twice", "blamed-too", "still-unknown", "forgotten"],
)
def test_check_reputations__one_good_round__accepts_exactly_that(
    after: dict[Movement, Standing], sound: bool
) -> None:
    findings = check_reputations(Counter({ADA: 1}), Counter(), {}, after)
    assert (findings == []) is sound


def test_check_reputations__nothing_happened__must_stay_unknown() -> None:
    nobody: Counter[Movement] = Counter()
    assert check_reputations(nobody, nobody, {ADA: UNKNOWN}, {ADA: UNKNOWN}) == []
    invented = Standing(0.5, 0.0, 0.0, 0.0, 0.0)
    assert check_reputations(nobody, nobody, {ADA: UNKNOWN}, {ADA: invented})
