"""The parameter table: its presets hold together, and what does not is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chain.errors import ConfigError
from chain.parameters import MAX_OUTPUT_BYTES, PRESETS, preset
from chain.types import Family, Wei

pytestmark = pytest.mark.unit

LOCAL = PRESETS["local"]


@pytest.mark.parametrize("name", PRESETS)
def test_preset__then_its_rules_hold(name: str) -> None:
    preset(name).check()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"unbonding_delay": 2 * 10 + 25 + 12 + 12}, "unbonding_delay must exceed"),
        ({"committee_size": 4}, "committee_size must be odd"),
        ({"min_operators": 2}, "min_operators must lie"),
        ({"min_operators": 6}, "min_operators must lie"),
        ({"min_stake": Wei(1)}, "min_stake must cover"),
        ({"slash_no_commit_bps": 100}, "must cost more than a seat earns"),
        ({"slash_no_open_bps": 900}, "not opening must cost"),
        ({"provider_bond": Wei(11 * 10**15)}, "a rejection must cost more"),
    ],
)
def test_check__when_a_rule_is_broken__then_it_is_named(
    change: dict[str, int], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        replace(LOCAL, **change).check()


def test_preset__when_unknown__then_the_known_ones_are_listed() -> None:
    with pytest.raises(ConfigError, match="no preset 'fast'; known are local, public"):
        preset("fast")


def test_profile__then_a_round_costs_its_seats_and_the_tip() -> None:
    profile = LOCAL.profile(Family.TEXT_MINHASH, 24, 1 << 20)

    assert profile.fee == 5 * LOCAL.seat_fee + LOCAL.tip
    assert profile.majority == 3
    assert profile.max_output_bytes == MAX_OUTPUT_BYTES
