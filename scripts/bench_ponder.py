"""Indexing by Assay and by Ponder (npm), of the same events on the same chain, taking turns.

    python scripts/bench_ponder.py [--agents N] [--rounds N] [--json FILE]

`scripts/setup.sh ponder` installs it first. Ponder makes three tables of what both read, Assay all
of its own. A program's start is left out on both sides; Ponder's time is that from its first
request for events until it says that it is ready.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cli.anvil import free_port  # noqa: E402
from scripts.backend import indexing  # noqa: E402
from scripts.backend.ground import LEDGER, REGISTRY, Ground, local_chain  # noqa: E402

SCHEMA = "assay/bench-ponder/1"
INSTALLED = ROOT / ".setup" / "ponder"
PATIENCE_SECONDS = 600
_STARTED = "Started fetching backfill"
_READY = "endpoint=/ready"


def ponder(ground: Ground, folder: Path) -> tuple[float, int]:
    """(seconds, events) of one run from nothing."""
    shutil.rmtree(INSTALLED / ".ponder", ignore_errors=True)
    settings = {
        "BENCH_CHAIN": str(ground.deployment.chain_id),
        "BENCH_RPC": ground.url,
        "BENCH_FIRST": str(int(ground.deployment.block)),
        "BENCH_REGISTRY": ground.deployment.address(REGISTRY),
        "BENCH_LEDGER": ground.deployment.address(LEDGER),
        "PONDER_TELEMETRY_DISABLED": "1",
    }
    log = folder / "ponder.log"
    command = ["node_modules/.bin/ponder", "start", "--schema", "bench", "--port", str(free_port())]
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - what the set-up installed
            command,
            cwd=INSTALLED,
            env={**os.environ, **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _READY not in log.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"Ponder did not get ready: {log.read_text()[-2000:]}")
        time.sleep(0.1)
    process.kill()
    process.wait()
    return _read(log.read_text())


def _read(log: str) -> tuple[float, int]:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", log)
    times = {
        mark: next(line for line in plain.splitlines() if mark in line).split()[0]
        for mark in (_STARTED, _READY)
    }
    start, end = (datetime.strptime(times[mark], "%H:%M:%S.%f") for mark in (_STARTED, _READY))
    events = sum(int(found) for found in re.findall(r"event_count=(\d+)", plain))
    return (end - start).total_seconds(), events


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=50_000, help="two events each")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there too")
    chosen = parser.parse_args()
    if not (INSTALLED / "node_modules").exists():
        raise SystemExit("Ponder is not installed: run scripts/setup.sh ponder")
    load = os.getloadavg()[0]
    taken: dict[str, list[tuple[float, int]]] = {"Assay, SQLite": [], "Ponder, PGlite": []}
    with tempfile.TemporaryDirectory() as name, local_chain(Path(name)) as ground:
        ground.add(chosen.agents)
        for number in range(chosen.rounds):
            database = f"sqlite:///{name}/{number}.sqlite3"
            seconds, _, events = indexing.timed(lambda url=database: indexing.index(ground, url))
            taken["Assay, SQLite"].append((seconds, events))
            taken["Ponder, PGlite"].append(ponder(ground, Path(name)))
    rows: list[dict[str, Any]] = []
    for who, runs in taken.items():
        rate = statistics.median(events / seconds for seconds, events in runs)
        rows.append({"name": who, "events": runs[0][1], "perSecond": rate})
    result = {
        "schema": SCHEMA,
        "load": [load, os.getloadavg()[0]],
        "rows": rows,
        "ratio": rows[0]["perSecond"] / rows[1]["perSecond"],
    }
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=1) + "\n")
    for row in rows:
        print(f"{row['name']:16}{row['events']:>10,} events{row['perSecond']:>12,.0f} a second")
    print(f"Assay is {result['ratio']:.2f} x as fast as Ponder; load {load:.1f}")


if __name__ == "__main__":
    main()
