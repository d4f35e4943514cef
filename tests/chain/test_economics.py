"""docs/economics.md: its numbers are the formulas', and the presets keep what it promises."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from chain import economics
from chain.errors import ConfigError
from chain.parameters import PRESETS, Parameters, preset
from chain.types import Wei
from chain.units import ETHER

pytestmark = pytest.mark.unit

PAGE = (Path(__file__).parents[2] / "docs" / "economics.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, its head first."""
    part = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in part.splitlines() if line.startswith("|")]
    return [
        [cell.strip() for cell in row.strip("|").split("|")] for row in rows if "---" not in row
    ]


@pytest.mark.parametrize("name", PRESETS)
def test_preset__then_honesty_is_the_best_of_it(name: str) -> None:
    p = preset(name)
    lost = economics.losses(p)

    assert p.seat_fee < lost["not committing"] <= lost["not opening"] <= p.seat_lock
    assert lost["being rejected"] > economics.round_fee(p)
    assert 4 * p.tip <= p.seat_fee * p.committee_size
    assert p.min_stake >= p.seat_lock
    assert p.unbonding_delay > 2 * p.epoch_length + p.longest_round
    assert p.governance_delay < p.unbonding_delay
    # No single slash is deferred: the cap is for many at once.
    assert p.min_stake * p.slash_cap_bps >= p.seat_lock * 10_000


def test_inequalities__then_the_page_has_one_row_for_each_that_is_checked() -> None:
    words = " ".join(row[0] for row in table("The inequalities")[1:])

    for name in ("unbonding_delay", "slash_no_commit_bps", "slash_no_open_bps", "min_stake"):
        assert name in words
    for name in ("slash_rejected_bps", "min_operators", "governance_delay", "4 · t"):
        assert name in words


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"tip": Wei(3 * 10**15)}, "tip must not exceed a quarter"),
        ({"governance_delay": 120}, "governance_delay must be below"),
        ({"slash_cap_bps": 0}, "slash_cap_bps must lie"),
        ({"slash_cap_bps": 10_001}, "slash_cap_bps must lie"),
    ],
)
def test_check__when_an_inequality_is_broken__then_it_is_named(
    change: dict[str, int], sentence: str
) -> None:
    broken: Parameters = replace(PRESETS["local"], **change)
    with pytest.raises(ConfigError, match=sentence):
        broken.check()


def test_capture__then_the_page_has_the_formulas_numbers() -> None:
    head, *rows = table("Capturing a committee")
    sizes = [int(cell.removeprefix("n = ")) for cell in head[1:]]

    for share, *cells in rows:
        part = int(share.removesuffix(" %")) / 100
        for size, cell in zip(sizes, cells, strict=True):
            found = economics.capture_probability(part, size)
            assert float(cell) == pytest.approx(found, rel=0.05, abs=0), (share, size)


def test_guessing__then_the_page_has_the_formulas_numbers() -> None:
    head, row = table("Guessing")

    for tolerance, cell in zip(head[1:], row[1:], strict=True):
        found = economics.guess_probability(int(tolerance))
        assert float(cell) == pytest.approx(found, rel=0.05, abs=0), tolerance


def test_sampling__then_the_page_says_what_the_public_preset_asks_for() -> None:
    public, saving = PRESETS["public"], ETHER // 2000
    half = economics.least_checked_share(saving, public, detection=0.5)

    assert economics.least_checked_share(saving, public) == pytest.approx(0.01)
    assert half == pytest.approx(0.02)
    assert re.search(r"saving of 0\.0005 ETH .* 1 % .* 2 %", PAGE.replace("\n", " "))
