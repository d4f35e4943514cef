#!/usr/bin/env python3
"""Breaks the contracts in small ways, one at a time, and sees whether a test notices.

    python scripts/mutate_contracts.py [--count 60] [--only PART_OF_A_PATH] [--jobs 2]
                                       [--list | --write]

A mutant is one changed line of contracts/src: a comparison turned, a bound moved, a check left out.
Which ones are tried follows from the sources alone, the same every time: of each file in turn, so
many as it has mutants. Each is compiled in a copy and tested by forge until the first failure,
stage by stage; there are `--jobs` copies, with a mutant in each. One that nobody notices has to be
explained in contracts/survivors.json, by its id; otherwise the exit code is 1, and also if an
explanation is of no survivor any more. `--write` keeps the results in docs/mutants.json.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "contracts" / "src"
SURVIVORS = ROOT / "contracts" / "survivors.json"
RESULTS = ROOT / "docs" / "mutants.json"
TIMEOUT = 600
ENVIRONMENT = {
    "FOUNDRY_PROFILE": "default",
    # Tests find the contracts by name, so that only what changed is compiled again.
    "FOUNDRY_DYNAMIC_TEST_LINKING": "true",
    "FOUNDRY_THREADS": "1",
    "FOUNDRY_FUZZ_RUNS": "64",
    "FOUNDRY_INVARIANT_RUNS": "8",
    "NO_COLOR": "1",
}
CAMPAIGNS = "(Invariants|Attacks|Economy|LargestCommittee|Histories|Golden)"
# What must not be deployed is not noticed by tests that find contracts by name: forge takes the way
# they are found for what was expected to revert. So whoever is left is tried as tests are.
AS_TESTS_ARE = {
    "FOUNDRY_DYNAMIC_TEST_LINKING": "false",
    "FOUNDRY_OUT": "contracts/out-linked",
    "FOUNDRY_CACHE_PATH": "contracts/cache-linked",
}
STAGES: tuple[tuple[dict[str, str], tuple[str, ...]], ...] = (
    ({}, ("--no-match-contract", CAMPAIGNS)),
    ({}, ("--match-contract", CAMPAIGNS)),
    (AS_TESTS_ARE, ("--no-match-contract", CAMPAIGNS)),
)
"""Environment and arguments that forge is run with, the quick tests first."""

KILLED, SURVIVED, INVALID = "killed", "survived", "does not compile"

OPERATORS: tuple[tuple[str, str, str], ...] = (
    ("bound moved", r" >= ", " > "),
    ("bound moved", r" <= ", " < "),
    ("bound moved", r" > ", " >= "),
    ("bound moved", r" < ", " <= "),
    ("comparison turned", r" == ", " != "),
    ("comparison turned", r" != ", " == "),
    ("and for or", r" && ", " || "),
    ("or for and", r" \|\| ", " && "),
    ("minus for plus", r" \+ ", " - "),
    ("plus for minus", r" - ", " + "),
    ("not added", r" \+= ", " = "),
    ("times for divided", r" / ", " * "),
    ("check left out", r"^( *)require\((.*)\);$", r"\1// \2"),
    ("modifier left out", r" (onlyCourt|onlyOwner\(\w+\)|onlyOperator\(\w+\)|nonReentrant) ", " "),
    ("other way", r"\btrue\b", "false"),
    ("statement left out", r"^( *)(_\w+\(.*\)|\+\+[\w.]+|delete [^;]+);$", r"\1// \2"),
)
"""What is done, the pattern in a line of code, and what takes its place."""


@dataclass(frozen=True)
class Mutant:
    """One changed line: `line` counts from 1, `turn` the lines of the same text before it."""

    file: str
    line: int
    turn: int
    what: str
    before: str
    after: str

    @property
    def id(self) -> str:
        """The same as long as the line is: also when lines above it come and go."""
        text = f"{self.file}\n{self.turn}\n{self.before}\n{self.after}"
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    def __str__(self) -> str:
        return f"{self.id} {self.file}:{self.line} {self.what}: {self.before} -> {self.after}"


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every mutant of a file; of a pattern only its first place in a line."""
    name = path.relative_to(SOURCES).as_posix()
    seen: Counter[str] = Counter()
    for number, line in enumerate(path.read_text().splitlines(), 1):
        turn = seen[line.strip()]
        seen[line.strip()] += 1
        if re.match(r"\s*(//|/\*|\*|import|pragma|error|event|for \()", line):
            continue
        for what, pattern, replacement in OPERATORS:
            changed = re.sub(pattern, replacement, line, count=1)
            if changed != line:
                yield Mutant(name, number, turn, what, line.strip(), changed.strip())


def in_order(only: str = "") -> list[Mutant]:
    """All mutants, in an order that hashes decide: its beginnings take of each file a share."""
    ranked: list[tuple[float, str, Mutant]] = []
    for path in sorted(SOURCES.rglob("*.sol")):
        if "/interfaces/" in path.as_posix() or only not in path.as_posix():
            continue
        found = sorted(mutants_of(path), key=lambda mutant: mutant.id)
        ranked += [((i + 0.5) / len(found), m.id, m) for i, m in enumerate(found)]
    return [mutant for _, _, mutant in sorted(ranked, key=lambda entry: entry[:2])]


def copy_of_the_tree(folder: Path) -> None:
    """What forge needs, without anything that was compiled another way."""
    shutil.copytree(
        ROOT / "contracts", folder / "contracts", ignore=shutil.ignore_patterns("out", "cache")
    )
    for name in ("foundry.toml", "package.json"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "tests").mkdir()
    for name in ("node_modules", "scripts", "tests/golden"):
        (folder / name).symlink_to(ROOT / name)


class Laboratory:
    """A copy of the tree, in which one mutant at a time lives."""

    def __init__(self, folder: Path, forge: Path) -> None:
        self.folder = folder
        self.forge = forge
        copy_of_the_tree(folder)

    def judge(self, mutant: Mutant) -> str:
        """`killed`, `survived`, or `does not compile`."""
        path = self.folder / "contracts" / "src" / mutant.file
        original = path.read_text()
        lines = original.splitlines()
        lines[mutant.line - 1] = lines[mutant.line - 1].replace(mutant.before, mutant.after)
        path.write_text("\n".join(lines) + "\n")
        try:
            return self.run()
        finally:
            path.write_text(original)

    def run(self) -> str:
        """All stages, as long as nothing fails."""
        for environment, arguments in STAGES:
            result = self.forge_test(environment, *arguments)
            if result != SURVIVED:
                return result
        return SURVIVED

    def forge_test(self, environment: Mapping[str, str], *arguments: str) -> str:
        """What forge makes of the copy; a mutant that never ends was noticed."""
        try:
            done = subprocess.run(  # noqa: S603 - forge of node_modules, our own arguments
                [str(self.forge), "test", "--fail-fast", *arguments],
                cwd=self.folder,
                env={**os.environ, **ENVIRONMENT, **environment},
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return KILLED
        if done.returncode == 0:
            return SURVIVED
        return INVALID if "Compiler run failed" in done.stdout + done.stderr else KILLED


def tried(
    laboratories: Sequence[Laboratory], waiting: list[Mutant], count: int
) -> dict[Mutant, str]:
    """The first `count` mutants that compile, in their order, and what became of each."""
    free: SimpleQueue[Laboratory] = SimpleQueue()
    for laboratory in laboratories:
        free.put(laboratory)

    def judge(mutant: Mutant) -> str:
        laboratory = free.get()
        try:
            return laboratory.judge(mutant)
        finally:
            free.put(laboratory)

    left = iter(waiting)
    begun: deque[tuple[Mutant, Future[str]]] = deque()
    found: dict[Mutant, str] = {}
    with ThreadPoolExecutor(len(laboratories)) as pool:
        while len(found) < count:
            # Never more than are still wanted: the last ones would be judged for nothing.
            wanted = min(2 * len(laboratories), count - len(found)) - len(begun)
            begun += [(mutant, pool.submit(judge, mutant)) for mutant in islice(left, wanted)]
            if not begun:
                break
            mutant, judged = begun.popleft()
            result = judged.result()
            print(f"{result:17} {mutant}", flush=True)
            if result != INVALID:
                found[mutant] = result
    return found


def record(found: dict[Mutant, str], explained: dict[str, str]) -> dict[str, object]:
    """What docs/mutants.json says."""
    kinds = Counter((mutant.what, result) for mutant, result in found.items())
    return {
        "schema": "assay/mutants/1",
        "tried": len(found),
        "killed": sum(result == KILLED for result in found.values()),
        "byKind": {
            what: {
                "tried": kinds[what, KILLED] + kinds[what, SURVIVED],
                "killed": kinds[what, KILLED],
            }
            for what in sorted({what for what, _ in kinds})
        },
        "survivors": [
            {
                "id": m.id,
                "file": m.file,
                "before": m.before,
                "after": m.after,
                "why": explained.get(m.id, ""),
            }
            for m, result in found.items()
            if result == SURVIVED
        ],
    }


def main() -> int:
    """Exit code 0: each survivor is explained, and each explanation is of a survivor."""
    parser = argparse.ArgumentParser(description="Mutation testing of the contracts.")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--only", default="", metavar="PART_OF_A_PATH")
    parser.add_argument("--jobs", type=int, default=2, help="copies that are tested at a time")
    parser.add_argument("--list", action="store_true", help="only say which mutants there are")
    parser.add_argument("--write", action="store_true", help=f"keep the results in {RESULTS.name}")
    options = parser.parse_args()
    waiting = in_order(options.only)
    if options.list:
        print("\n".join(map(str, waiting[: options.count])))
        return 0
    forge = next((ROOT / "node_modules" / "@foundry-rs").glob("forge-*/bin/forge"), None)
    if forge is None:
        print("mutate: forge is missing: run make test-contracts", file=sys.stderr)
        return 1
    explained: dict[str, str] = json.loads(SURVIVORS.read_text())
    with tempfile.TemporaryDirectory() as folder:
        laboratories = [
            Laboratory(Path(folder) / f"copy{number}", forge)
            for number in range(max(1, min(options.jobs, options.count)))
        ]
        if laboratories[0].run() != SURVIVED:
            print("mutate: tests fail without a mutant: run make test-contracts", file=sys.stderr)
            return 1
        found = tried(laboratories, waiting, options.count)
    survivors = {mutant.id for mutant, result in found.items() if result == SURVIVED}
    print(f"mutate: {len(found) - len(survivors)} killed, {len(survivors)} survived")
    if options.write:
        RESULTS.write_text(json.dumps(record(found, explained), indent=1) + "\n")
    unexplained = sorted(survivors - explained.keys())
    stale = sorted(explained.keys() & {mutant.id for mutant in found} - survivors)
    if unexplained or stale:
        print(
            f"mutate: not explained: {unexplained}; explained, but killed: {stale}", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
