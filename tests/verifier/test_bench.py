"""`scripts/bench_digests.py` runs, and says on what."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import bench_report

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.integration
def test_bench__when_run_quickly__then_rates_growth_and_versions_are_written(tmp_path):
    file = tmp_path / "bench.json"
    command = [sys.executable, "scripts/bench_digests.py", "--quick", "--json", str(file)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=250, check=True
    )
    result = json.loads(file.read_text())
    assert result["schema"] == "assay/bench-digests/2"
    assert result["machine"]["packages"]["numpy"] in done.stdout
    ours = [row for row in result["rates"] if row["name"].startswith("assay")]
    groups = {"text, 40 shingles", "image, 512x512 pixels", "all pairs, 1 thread"}
    assert {row["group"] for row in ours} >= groups
    assert all(row["perSecond"] > 0 for row in result["rates"])
    # The limit is one: what does more than count takes longer than counting.
    (share,) = (
        row["assayIsFaster"]
        for row in result["rates"]
        if row["isLimit"] and row["group"] == "all pairs, 1 thread"
    )
    assert 0.05 < share < 1.2
    assert sorted({row["items"] for row in result["growth"]}) == [1000, 10_000, 100_000]


@pytest.mark.unit
def test_bench_page__then_is_written_from_the_figures_beside_it():
    result = json.loads((ROOT / "docs/bench.json").read_text())
    assert (ROOT / "docs/bench.md").read_text() == bench_report.page(result)
    assert all(found for found in result["machine"]["packages"].values()), "peers were missing"
    for row in result["rates"]:
        assert not row["goal"] or row["assayIsFaster"] >= row["goal"], row["name"]
