"""docs/gas-rounds.md is what was recorded last, and what was taken apart is what was recorded."""

from pathlib import Path

import pytest

from scripts import gas_growth_page as pages

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.unit


def test_page__then_as_written_from_what_is_recorded() -> None:
    growth = pages.by_number(pages.load("gas-growth.json"))
    eligible = pages.by_number(pages.load("gas-eligible.json"))
    parts = pages.load("gas-parts.json")
    written = pages.page(pages.load("gas.json"), parts, growth, eligible)
    assert (ROOT / "docs" / "gas-rounds.md").read_text(encoding="utf-8") == written, (
        "run python scripts/gas_growth_page.py"
    )


def test_parts__when_added_up__then_what_the_contracts_tests_recorded() -> None:
    """Another chain and other neighbours: not to the last unit."""
    recorded = pages.load("gas.json")["relayed"]
    for call, parts in pages.load("gas-parts.json")["calls"].items():
        assert sum(parts.values()) == pytest.approx(recorded[call], rel=0.05), (
            f"{call} changed: run python scripts/gas_parts.py"
        )
