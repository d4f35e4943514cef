"""The repository as its own tests see it."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Each imports only those before it.
LAYERS = ("contracts", "chain", "verifier", "backend", "cli")


@cache
def tracked() -> tuple[Path, ...]:
    """Files that belong to the repository, new ones included, ignored ones not."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def read(path: Path) -> str | None:
    """Text of a file; `None` when it is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def python_files(folder: str) -> list[Path]:
    return [p for p in tracked() if p.suffix == ".py" and name(p).startswith(f"{folder}/")]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, absolute module) of every import, wherever it stands in the file."""
    package = name(path).split("/")[:-1]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield node.lineno, module
            for alias in node.names:
                yield node.lineno, f"{module}.{alias.name}"


def calls(path: Path, names: frozenset[str]) -> Iterator[tuple[int, str]]:
    """(line, name) of every call of a plain name among `names`."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node.lineno, node.func.id
