#!/usr/bin/env python3
"""Breaks the contracts in small ways, one at a time, and sees whether a test notices.

    python scripts/mutate_contracts.py [--count 60] [--only PART_OF_A_PATH] [--list]

A mutant is one changed line of contracts/src: a comparison turned, a bound moved, a check left out.
Which ones are tried follows from the sources alone, the same every time, spread over all files.
Each is compiled in a copy and tested by forge until the first failure. A mutant that nobody notices
has to be explained in contracts/test/survivors.json, by its id; otherwise the exit code is 1, and
also if an explanation is of no survivor any more.
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
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "contracts" / "src"
SURVIVORS = ROOT / "contracts" / "test" / "survivors.json"
TIMEOUT = 1200
FUZZ_RUNS = "64"

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
    """One changed line: `line` counts from 1."""

    file: str
    line: int
    what: str
    before: str
    after: str

    @property
    def id(self) -> str:
        """The same as long as the line is: also when lines above it come and go."""
        text = f"{self.file}\n{self.before}\n{self.after}"
        return hashlib.sha256(text.encode()).hexdigest()[:10]


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every mutant of a file; of a pattern only its first place in a line."""
    name = path.relative_to(SOURCES).as_posix()
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if re.match(r"\s*(//|/\*|\*|import|pragma|error|event|for \()", line):
            continue
        for what, pattern, replacement in OPERATORS:
            changed = re.sub(pattern, replacement, line, count=1)
            if changed != line:
                yield Mutant(name, number, what, line.strip(), changed.strip())


def chosen(count: int, only: str) -> list[Mutant]:
    """`count` mutants in an order that hashes decide, file by file in turn."""
    by_file: dict[str, list[Mutant]] = defaultdict(list)
    for path in sorted(SOURCES.rglob("*.sol")):
        if "/interfaces/" not in path.as_posix() and only in path.as_posix():
            by_file[path.name] = sorted(mutants_of(path), key=lambda mutant: mutant.id)
    picked: list[Mutant] = []
    while len(picked) < count and any(by_file.values()):
        for waiting in by_file.values():
            if waiting and len(picked) < count:
                picked.append(waiting.pop(0))
    return picked


def copy_of_the_tree(folder: Path) -> None:
    """What forge needs, with the compiler's cache of the unchanged sources."""
    shutil.copytree(ROOT / "contracts", folder / "contracts")
    for name in ("foundry.toml", "package.json"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "tests").mkdir()
    for name in ("node_modules", "scripts", "tests/golden"):
        (folder / name).symlink_to(ROOT / name)


def verdict(folder: Path, forge: Path, mutant: Mutant) -> str:
    """`killed`, `survived`, or `does not compile`."""
    path = folder / "contracts" / "src" / mutant.file
    original = path.read_text()
    lines = original.splitlines()
    old = lines[mutant.line - 1]
    lines[mutant.line - 1] = old.replace(mutant.before, mutant.after)
    path.write_text("\n".join(lines) + "\n")
    try:
        if forge_run(folder, forge, "build", "--skip", "test") != 0:
            return "does not compile"
        status = forge_run(
            folder, forge, "test", "--fail-fast", "--no-match-contract", "Invariants"
        )
        return "survived" if status == 0 else "killed"
    finally:
        path.write_text(original)


def forge_run(folder: Path, forge: Path, *arguments: str) -> int:
    environment = {**os.environ, "FOUNDRY_FUZZ_RUNS": FUZZ_RUNS, "NO_COLOR": "1"}
    done = subprocess.run(  # noqa: S603 - forge of node_modules, our own arguments
        [str(forge), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    return done.returncode


def main() -> int:
    """Exit code 0: each survivor is explained, and each explanation is of a survivor."""
    parser = argparse.ArgumentParser(description="Mutation testing of the contracts.")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--only", default="", metavar="PART_OF_A_PATH")
    parser.add_argument("--list", action="store_true", help="only say which mutants there are")
    options = parser.parse_args()
    mutants = chosen(options.count, options.only)
    if options.list:
        for mutant in mutants:
            print(f"{mutant.id} {mutant.file}:{mutant.line} {mutant.what}: {mutant.after}")
        return 0
    forge = next((ROOT / "node_modules" / "@foundry-rs").glob("forge-*/bin/forge"), None)
    if forge is None:
        print("mutate: forge is missing: run make test-contracts", file=sys.stderr)
        return 1
    explained: dict[str, str] = json.loads(SURVIVORS.read_text())
    found: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        copy_of_the_tree(Path(folder))
        for mutant in mutants:
            found[mutant.id] = verdict(Path(folder), forge, mutant)
            where = f"{mutant.file}:{mutant.line}"
            print(
                f"{found[mutant.id]:17} {mutant.id} {where} {mutant.what}: {mutant.after}",
                flush=True,
            )
    survivors = {id_ for id_, result in found.items() if result == "survived"}
    killed = sum(result == "killed" for result in found.values())
    print(f"mutate: {killed} killed, {len(survivors)} survived of {len(found)}")
    unexplained = sorted(survivors - explained.keys())
    stale = sorted(id_ for id_ in explained.keys() & found.keys() if id_ not in survivors)
    if unexplained or stale:
        print(
            f"mutate: not explained: {unexplained}; explained and killed: {stale}", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
