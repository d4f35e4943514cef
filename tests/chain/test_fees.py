"""Fees: a first offer under the cap, and replacements that a node accepts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.fees import Fees, SendPolicy, better_offer, first_offer
from chain.types import Wei
from chain.units import GWEI

pytestmark = pytest.mark.unit

POLICY = SendPolicy()
amounts = st.integers(0, 1_000 * GWEI)


def test_first_offer__when_the_base_fee_is_30_gwei__then_it_covers_twice_that_and_the_tip() -> None:
    assert first_offer(30 * GWEI, 2 * GWEI, 500 * GWEI) == Fees(Wei(62 * GWEI), Wei(2 * GWEI))


def test_first_offer__when_the_base_fee_exceeds_the_cap__then_there_is_none() -> None:
    assert first_offer(501 * GWEI, 1, 500 * GWEI) is None


@given(base=amounts, tip=amounts)
def test_first_offer__then_it_never_exceeds_the_cap_nor_the_tip_the_fee(
    base: int, tip: int
) -> None:
    offer = first_offer(base, tip, POLICY.max_fee_cap)
    if offer is not None:
        assert base <= offer.max_fee <= POLICY.max_fee_cap
        assert offer.priority_fee <= offer.max_fee


def test_better_offer__when_fees_stand_still__then_both_rise_by_an_eighth() -> None:
    old = Fees(Wei(80 * GWEI), Wei(8 * GWEI))

    assert better_offer(old, 1, 1, POLICY) == Fees(Wei(90 * GWEI), Wei(9 * GWEI))


def test_better_offer__when_the_base_fee_jumped__then_it_is_covered() -> None:
    old = Fees(Wei(3 * GWEI), Wei(1 * GWEI))

    offer = better_offer(old, 100 * GWEI, 1 * GWEI, POLICY)

    assert offer is not None
    assert offer.max_fee == 201 * GWEI


@given(max_fee=amounts, tip=amounts, base=amounts, suggested=amounts)
def test_better_offer__then_a_node_that_wants_ten_percent_takes_it(
    max_fee: int, tip: int, base: int, suggested: int
) -> None:
    old = Fees(Wei(max_fee), Wei(min(tip, max_fee)))

    offer = better_offer(old, base, suggested, POLICY)

    if offer is not None:
        assert offer.max_fee * 10 >= old.max_fee * 11
        assert offer.priority_fee * 10 >= old.priority_fee * 11
        assert offer.priority_fee <= offer.max_fee <= POLICY.max_fee_cap


def test_better_offer__when_the_cap_leaves_less_than_ten_percent__then_there_is_none() -> None:
    assert better_offer(Fees(Wei(480 * GWEI), Wei(1)), 1, 1, POLICY) is None
