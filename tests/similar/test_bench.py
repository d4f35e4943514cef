"""`scripts/bench_similar.py` runs, and its exact methods find everything."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.campaign]

ROOT = Path(__file__).resolve().parents[2]


def test_bench__when_run_on_few__then_each_method_has_times_memory_and_recall(
    tmp_path: Path,
) -> None:
    file = tmp_path / "bench.json"
    command = [sys.executable, "scripts/bench_similar.py", "--items", "400", "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    result = json.loads(file.read_text())
    assert result["schema"] == "assay/bench-similar/1"
    methods = {row["method"]: row for row in result["rows"]}
    assert {"texts, all compared", "texts, MinHashLSH", "texts, MinHashLSHForest"} <= set(methods)
    for name, row in methods.items():
        assert name in done.stdout
        assert row["p50Ms"] <= row["p99Ms"]
        if name.startswith("digests"):
            assert row["recall"] == 1.0
