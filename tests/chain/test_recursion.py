"""JSON that is nested without end is refused; it does not end the process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.artifacts.uploads import receipt_of
from chain import deployment, keys
from chain.errors import AssayError
from tests.repo import tree
from verifier.canonical import parse_object
from verifier.errors import TaskError

pytestmark = pytest.mark.unit

DEEP = b"[" * (1 << 18)
"""Deeper than the stack of the main thread reaches."""

LIMIT = """
import sys
before = sys.getrecursionlimit()
import cli.main, chain.keys, chain.gateway, eth_account, web3
assert "py_ecc" in sys.modules
assert sys.getrecursionlimit() == before
"""

READERS: dict[str, Callable[[Path], object]] = {
    "deployment": deployment.load,
    "keystore": lambda path: keys.load_keystore(path, "password"),
    "receipt": lambda path: receipt_of(path.read_text()),
    "task": lambda path: parse_object(path.read_bytes(), "task", 1 << 20, TaskError),
}


def test_recursion__when_everything_is_imported__then_its_limit_is_pythons() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMIT], cwd=tree.ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("what", READERS)
def test_reader__when_json_is_nested_without_end__then_one_sentence(
    what: str, tmp_path: Path
) -> None:
    (tmp_path / "deep").write_bytes(DEEP)
    with pytest.raises(AssayError) as problem:
        READERS[what](tmp_path / "deep")
    assert "\n" not in str(problem.value)
    assert len(str(problem.value)) < 400
