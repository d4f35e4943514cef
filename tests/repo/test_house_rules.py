"""Rules for every file of the repository."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repo import tree

pytestmark = pytest.mark.unit

MAX_LINES = 600
# Written by tools, read by tools.
GENERATED = re.compile(
    r"^(package-lock\.json|requirements/\w+\.txt|contracts/artifacts/|contracts/gas\.json"
    r"|tests/golden/|docs/openapi\.json|LICENSE$)"
)
SOURCE = {".py", ".sol", ".sh", ".mjs", ".js", ".md", ".toml", ".yml", ""}

REGISTRIES = re.compile(
    r"registry\.npmjs|npmjs\.(org|com)|pythonhosted\.|pypi\.(org|python)|yarnpkg|crates\.io", re.I
)
MACHINE = re.compile(r"(?<![\w.])/(work|home/\w+|root|Users/\w+|tmp/\w[\w.-]*/)(?=/|\b)")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
SKIPPED = re.compile(r"pytest\.(mark\.)?(skip|skipif|xfail|importorskip)\b|vm\.skip\(")


def offences(pattern: re.Pattern[str], wanted: Callable[[Path], bool]) -> list[str]:
    """`file:line: text` wherever `pattern` is found in a wanted file, this one apart."""
    found = []
    for path in tree.tracked():
        text = tree.read(path) if path != Path(__file__) and wanted(path) else None
        for number, line in enumerate((text or "").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{tree.name(path)}:{number}: {line.strip()[:100]}")
    return found


def is_source(path: Path) -> bool:
    return path.suffix in SOURCE and not GENERATED.search(tree.name(path))


def test_files__then_none_names_a_package_registry() -> None:
    assert offences(REGISTRIES, lambda path: True) == []


def test_files__then_none_names_a_place_on_somebodys_machine() -> None:
    assert offences(MACHINE, is_source) == []


def test_files__then_nothing_is_left_for_later() -> None:
    assert offences(UNFINISHED, is_source) == []


def test_tests__then_none_is_skipped_or_expected_to_fail() -> None:
    assert offences(SKIPPED, lambda path: path.suffix in {".py", ".sol"}) == []


def test_files__then_none_is_longer_than_a_reader_can_hold() -> None:
    long = {
        tree.name(path): lines
        for path in tree.tracked()
        if is_source(path) and (lines := len((tree.read(path) or "").splitlines())) > MAX_LINES
    }
    assert long == {}


def test_python_files__then_each_says_what_it_is_for() -> None:
    silent = [
        tree.name(path)
        for folder in (*tree.LAYERS, "scripts", "tests")
        for path in tree.python_files(folder)
        if not ast.get_docstring(ast.parse(path.read_bytes()))
    ]
    assert silent == []


def test_tests__then_each_name_says_what_when_and_then() -> None:
    unclear = [
        f"{tree.name(path)}: {node.name}"
        for path in tree.python_files("tests")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and "__" not in node.name
    ]
    assert unclear == []


WRITTEN_BY_HAND = frozenset(
    {
        # As SQLAlchemy compiled it, of tables and their columns: the values are parameters.
        "backend/store/bulk.py",
        "backend/store/reading.py",
        # A lock's timeout, of a constant: PostgreSQL takes no parameter there.
        "backend/store/database.py",
        # Defaults of columns, of constants: neither database takes a parameter there.
        "backend/store/migrations/versions/r0004_appeals.py",
    }
)


def raw_statements(code: str) -> list[int]:
    """Lines where SQL that is no constant is made text of: `text(…)`, `exec_driver_sql(…)`."""
    parsed = ast.parse(code)
    names = {"exec_driver_sql", "sa.text"}
    for node in ast.walk(parsed):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            names |= {alias.asname or alias.name for alias in node.names if alias.name == "text"}
    return [
        node.lineno
        for node in ast.walk(parsed)
        if isinstance(node, ast.Call)
        and node.args
        and (ast.unparse(node.func) in names or getattr(node.func, "attr", "") == "exec_driver_sql")
        and not isinstance(node.args[0], ast.Constant)
    ]


def test_backend__then_sql_is_never_put_together_from_what_somebody_sent() -> None:
    """Statements are SQLAlchemy's expressions; the few texts are constants."""
    assert raw_statements('from sqlalchemy import text\nx = text(f"DROP {name}")') == [2]
    assert raw_statements('connection.exec_driver_sql("BEGIN " + kind)') == [1]
    found = [
        f"{tree.name(path)}:{line}"
        for path in tree.python_files("backend")
        if tree.name(path) not in WRITTEN_BY_HAND
        for line in raw_statements(path.read_text("utf-8"))
    ]
    assert found == []
