"""The local chain leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.anvil import AnvilOptions, start_anvil
from tests.support.anvil import Control

pytestmark = pytest.mark.integration

IN_MEMORY = 500
"""States of blocks that anvil keeps in memory."""


def test_anvil__when_it_ends__then_the_states_of_old_blocks_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, chain = tmp_path / "home", tmp_path / "chain"
    home.mkdir()
    chain.mkdir()
    monkeypatch.setenv("HOME", str(home))
    with start_anvil(chain / "anvil.log", AnvilOptions(block_time=0)) as anvil:
        control = Control(anvil.url)
        control.mine(IN_MEMORY + 20)
        control.close()
        assert [*chain.rglob("*.json")]
    assert [path.name for path in chain.iterdir()] == ["anvil.log"]
    assert not [*home.rglob("*state*")]
