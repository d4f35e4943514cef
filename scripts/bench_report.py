"""The table of a benchmark for a terminal, and the page docs/bench.md from docs/bench.json.

python scripts/bench_report.py docs/bench.json > docs/bench.md
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE = """\
# Speed

`make bench` measures digests beside the libraries of the field, in one run on one machine, and the
gas of a round. The lines of a group take turns, {rounds} rounds, and the median counts; what runs
on one thread is timed in processor time. The libraries are installed at pinned versions into an
environment of their own (`requirements/bench.txt`). `make bench ARGS="--json FILE"` writes the
figures; this page was written from [bench.json](bench.json) by `scripts/bench_report.py`.

Machine: {instructionSet}, {cores} cores, load {load} before and {end} after (the benchmark's own
load is 1 to 2{priority}). Python {python}, {packages}.

## Rates

| | | per second | Assay is faster | goal |
|---|---|---:|---:|---:|
{rates}

Texts are 42 words, so 40 shingles of three words, and 256 permutations; shingling is counted on
both sides, and the peers get lists of shingles made as their users make them. Images are decoded
pixels on all sides. Pairs are every one of 32,768 digests with every one; those within distance
{radius} are listed: 10⁹ pairs take {billion}.

## How far from the machine's limit

Two digests are compared by four population counts of 64 bits, which have to be summed. A loop that
does only that, over words in the first-level cache, sets the limit: it {limits}.

Beyond those counts a pair takes four exclusive-ors and a minimum, and a tile of digests has to come
into the cache once for every 64 queries.

## How cost grows

{growth}

A search compares with every digest there is, so its cost is linear, and so is that of digesting.
The smallest sizes pay for starting. 1,000 × 1,000 pairs are still done by NumPy: so few are not
worth loading the compiled kernels, in a process that may compare nothing else.
"""


def lines(result: dict[str, Any]) -> Iterator[str]:
    """The table for a terminal."""
    about = result["machine"]
    yield f"{about['instructionSet']}, {about['cores']} cores, load {about['load']:.1f}"
    yield f"Python {about['python']}, {packages(about)}"
    yield f"\n{'':26}{'':40}{'per second':>16}{'assay is faster':>17}{'goal':>8}"
    for row in result["rates"]:
        yield (
            f"{row['group']:26}{row['name']:40}{row['perSecond']:>16,.0f}"
            f"{faster(row):>17}{goal(row):>8}"
        )
    for group, share in limit_shares(result):
        yield f"\n{group}: {share:.0%} of what the machine's population counts allow"
    for what in dict.fromkeys(row["what"] for row in result["growth"]):
        yield f"\n{what:32}{'seconds':>10}"
        for row in result["growth"]:
            if row["what"] == what:
                yield f"{row['items']:>32,}{row['seconds']:>10.4f}"
    missed = [row for row in result["rates"] if row["goal"] and row["assayIsFaster"] < row["goal"]]
    absent = [name for name, found in about["packages"].items() if found is None]
    if absent:
        yield f"\nnot compared, not installed: {', '.join(absent)}"
    if missed:
        yield "\ngoals missed: " + ", ".join(f"{row['group']}, {row['name']}" for row in missed)
    elif not absent:
        yield "\nall goals met"


def page(result: dict[str, Any]) -> str:
    """The page docs/bench.md."""
    about = result["machine"]
    return PAGE.format(
        rounds=result["rounds"],
        instructionSet=about["instructionSet"],
        cores=about["cores"],
        load=about["load"],
        end=result["loadAtEnd"],
        priority="; other work had to wait for it" if about["realTime"] else "",
        python=about["python"],
        packages=packages(about),
        rates="\n".join(
            f"| {row['group']} | {row['name']} | {row['perSecond']:,.0f} | {faster(row)} | "
            f"{goal(row)} |"
            for row in result["rates"]
        ),
        radius=result["radius"],
        billion=", ".join(
            f"{1e9 / row['perSecond']:.3f} s with {row['group'].partition(', ')[2]}"
            for row in result["rates"]
            if row["group"].startswith("all pairs") and row["name"] == "assay"
        ),
        limits="; it ".join(
            f"does {of(result, group)['perSecond'] / 1e9:.1f}·10⁹ times a second what a pair takes "
            f"with {group.partition(', ')[2]}, of which all pairs reach {share:.0%}"
            for group, share in limit_shares(result)
        ),
        growth="\n\n".join(growth_table(result)),
    )


def packages(about: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {found or '(not installed)'}" for name, found in about["packages"].items()
    )


def faster(row: dict[str, Any]) -> str:
    return (
        "" if row["name"].startswith("assay") or row["isLimit"] else f"{row['assayIsFaster']:.1f} x"
    )


def goal(row: dict[str, Any]) -> str:
    return f"{row['goal']:g} x" if row["goal"] else ""


def of(result: dict[str, Any], group: str) -> dict[str, Any]:
    """The limit's row of a group."""
    row: dict[str, Any] = next(r for r in result["rates"] if r["group"] == group and r["isLimit"])
    return row


def limit_shares(result: dict[str, Any]) -> list[tuple[str, float]]:
    """Share of the machine's limit that the first line of a group reaches."""
    return [(row["group"], row["assayIsFaster"]) for row in result["rates"] if row["isLimit"]]


def growth_table(result: dict[str, Any]) -> Iterator[str]:
    for what in dict.fromkeys(row["what"] for row in result["growth"]):
        rows = [row for row in result["growth"] if row["what"] == what]
        yield "\n".join(
            [
                f"| {what} | seconds | nanoseconds each |\n|---:|---:|---:|",
                *(
                    f"| {row['items']:,} | {row['seconds']:.4f} | "
                    f"{1e9 * row['seconds'] / row['items']:,.0f} |"
                    for row in rows
                ),
            ]
        )


if __name__ == "__main__":
    sys.stdout.write(page(json.loads(Path(sys.argv[1]).read_bytes())))
