"""Imports point one way, and what is said to be pure does no I/O."""

from __future__ import annotations

import pytest

from tests.repo import tree

pytestmark = pytest.mark.unit

# Modules that compute and nothing else: same arguments, same answer, on every machine.
PURE = (
    "chain/errors.py",
    "chain/messages.py",
    "chain/types.py",
    "verifier/calibration/cases.py",
    "verifier/calibration/choose.py",
    "verifier/calibration/figures.py",
    "verifier/calibration/intervals.py",
    "verifier/calibration/report.py",
    "verifier/calibration/result.py",
    "verifier/calibration/shards.py",
    "verifier/contribution/",
    "verifier/digest/",
    "verifier/planning/",
    "verifier/reliability/",
    "verifier/reputation.py",
    "verifier/seal.py",
    "verifier/tasks.py",
    "verifier/votes.py",
)
# What reaches out of the process, or differs between two runs.
OUTSIDE = frozenset(
    """
    asyncio concurrent httpx multiprocessing os pathlib random requests selectors shutil socket
    sqlalchemy ssl subprocess tempfile threading time urllib uvicorn web3
    """.split()  # noqa: SIM905 - a list of 18 lines says no more
)
OUTSIDE_CALLS = frozenset({"open", "print", "input", "breakpoint"})


@pytest.mark.parametrize("layer", tree.LAYERS)
def test_layer__then_imports_only_those_to_its_left(layer: str) -> None:
    position = tree.LAYERS.index(layer)
    forbidden = {*tree.LAYERS[position + 1 :], "tests", "scripts"}
    wrong = {
        f"{tree.name(path)}:{line} imports {module}"
        for path in tree.python_files(layer)
        for line, module in tree.imports(path)
        if module.partition(".")[0] in forbidden
    }
    assert wrong == set()


@pytest.mark.parametrize("layer", tree.LAYERS)
def test_layer__then_its_docstring_says_what_it_may_import(layer: str) -> None:
    text = (tree.ROOT / layer / "__init__.py").read_text(encoding="utf-8")
    allowed = tree.LAYERS[: tree.LAYERS.index(layer)]
    said = f"May import: {', '.join(allowed)}." if allowed else "Imports nothing of Assay."
    assert said in text


@pytest.mark.parametrize("module", PURE)
def test_pure_module__then_uses_nothing_that_does_io(module: str) -> None:
    files = [p for p in tree.tracked() if tree.name(p).startswith(module) and p.suffix == ".py"]
    assert files, f"{module} is gone: correct the list"
    wrong = {
        f"{tree.name(path)}:{line} uses {used}"
        for path in files
        for line, used in (*tree.imports(path), *tree.calls(path, OUTSIDE_CALLS))
        if used.partition(".")[0] in OUTSIDE | OUTSIDE_CALLS
    }
    assert wrong == set()
