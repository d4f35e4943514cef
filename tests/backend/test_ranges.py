"""How wide a request for logs may be."""

from __future__ import annotations

import pytest

from backend.indexer.ranges import RangeSize, is_too_wide
from chain.errors import RpcError, RpcRateLimited, RpcRejected, RpcTimeout, RpcUnreachable
from tests.support.weather import RANGE_REFUSALS

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("code", "reason"), RANGE_REFUSALS)
def test_is_too_wide__when_a_provider_says_so_in_its_words__then_true(
    code: int, reason: str
) -> None:
    assert is_too_wide(RpcRejected(reason, code, reason))


@pytest.mark.parametrize(
    "error",
    [
        RpcRateLimited("slow down"),
        RpcUnreachable("nobody"),
        RpcRejected("no", -32601, "the method eth_getLogs does not exist"),
        RpcRejected("no", -32000, "unknown block"),
    ],
)
def test_is_too_wide__when_it_is_something_else__then_false(error: RpcError) -> None:
    assert not is_too_wide(error)


def test_range_size__when_refused__then_halves_down_to_one_block() -> None:
    ranges = RangeSize(start=1000)
    asked = []
    while ranges.refused(RpcTimeout("late"), ranges.width):
        asked.append(ranges.width)
    assert asked == [500, 250, 125, 62, 31, 15, 7, 3, 1]


def test_range_size__when_less_was_asked_than_allowed__then_half_of_what_was_asked() -> None:
    ranges = RangeSize(start=10_000)
    assert ranges.refused(RpcTimeout("late"), 100)
    assert ranges.width == 50


def test_range_size__when_answered__then_grows_to_the_widest() -> None:
    ranges = RangeSize(start=1, widest=10)
    for _ in range(20):
        ranges.answered()
    assert ranges.width == 10


def test_range_size__when_an_answer_held_plenty__then_fewer_blocks_are_asked_for() -> None:
    ranges = RangeSize(start=2_000)
    ranges.answered(2_000, 100_000)
    assert ranges.width == 100
    ranges.answered(100, 4_999)
    assert ranges.width == 125
    ranges.answered(1, 10**6)
    assert ranges.width == 1
