"""Times digests beside libraries of the field, in one run; medians of several rounds.

    python scripts/bench_digests.py [--quick] [--json FILE]

The lines of a group take turns, so that whatever else the machine does meets all of them alike.
What runs on one thread is timed in processor time, the rest by the clock. A peer that is not
installed is left out, and said so; `make bench` installs them all (requirements/bench.txt).
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numba

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts import bench_cases, bench_peers, bench_report  # noqa: E402
from scripts.bench_cases import GOALS, LIMIT, Case  # noqa: E402
from verifier.engines.machine import instruction_set  # noqa: E402

PACKAGES = ("numpy", "numba", "pillow", *bench_peers.PACKAGES)
SCHEMA = "assay/bench-digests/2"


def seconds(case: Case) -> float:
    clock = time.process_time if case.threads == 1 else time.perf_counter
    start = clock()
    case.run()
    return clock() - start


def measure(cases: list[Case], rounds: int) -> list[float]:
    """Median seconds of each case, cases of a group taking turns."""
    medians: list[float] = []
    for group in dict.fromkeys(case.group for case in cases):
        members = [case for case in cases if case.group == group]
        numba.set_num_threads(1)
        for case in members:
            case.run()  # compiles, fills caches
        taken = [[seconds(case) for case in members] for _ in range(rounds)]
        medians += [statistics.median(column) for column in zip(*taken, strict=True)]
    return medians


def rates(cases: list[Case], rounds: int) -> list[dict[str, Any]]:
    """A row a case: its rate, and how much faster the first of its group is."""
    rows: list[dict[str, Any]] = []
    for case, median in zip(cases, measure(cases, rounds), strict=True):
        rate = case.items / median
        ours = next((row["perSecond"] for row in rows if row["group"] == case.group), rate)
        rows.append(
            {
                "group": case.group,
                "name": case.name,
                "items": case.items,
                "seconds": median,
                "perSecond": rate,
                "assayIsFaster": ours / rate,
                "goal": GOALS.get((case.group, case.name)),
                "isLimit": case.name == LIMIT,
            }
        )
    return rows


def growth(sizes: list[int], rounds: int) -> list[dict[str, Any]]:
    cases = bench_cases.growth_cases(sizes)
    # measure() answers group by group.
    ordered = sorted(cases, key=lambda case: case.group)
    return [
        {"what": case.group, "items": case.items, "seconds": median}
        for case, median in zip(ordered, measure(ordered, rounds), strict=True)
    ]


def version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def real_time() -> bool:
    """Whether other work has to wait for this process (Linux: `chrt --fifo 10 make bench`)."""
    if not hasattr(os, "sched_getscheduler"):
        return False
    return os.sched_getscheduler(0) in (os.SCHED_FIFO, os.SCHED_RR)


def machine() -> dict[str, Any]:
    return {
        "processor": platform.processor() or platform.machine(),
        "instructionSet": instruction_set(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "realTime": real_time(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, for a look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there too")
    chosen = parser.parse_args()
    scale, rounds = (4, 3) if chosen.quick else (1, 9)
    threads = min(2, numba.config.NUMBA_NUM_THREADS)
    about = machine()
    cases = [
        *bench_cases.text_cases(20_000 // scale),
        *bench_cases.image_cases(256 // scale),
        *bench_cases.pair_cases(32_768 // scale, threads),
    ]
    sizes = [1000, 10_000, 100_000] + ([] if chosen.quick else [1_000_000])
    result = {
        "schema": SCHEMA,
        "machine": about,
        "rounds": rounds,
        "radius": bench_cases.RADIUS,
        "rates": rates(cases, rounds),
        "growth": growth(sizes, 3),
        "loadAtEnd": round(os.getloadavg()[0], 2),
    }
    print("\n".join(bench_report.lines(result)))
    if chosen.json:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
