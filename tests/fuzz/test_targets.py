"""The targets of fuzzing on seeds, and on what hypothesis makes of bytes and of seeds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, seeds

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def changed(draw: st.DrawFn, target: str) -> bytes:
    """A seed with bytes overwritten, taken out or put in."""
    content = bytearray(draw(st.sampled_from(seeds(target))))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(content)))
        content[place : place + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return bytes(content)


@pytest.mark.parametrize("target", TARGETS)
def test_target__when_fed_its_seeds__then_all_holds(target: str) -> None:
    for seed in seeds(target):
        TARGETS[target](seed)


@pytest.mark.parametrize("target", TARGETS)
@given(data=st.data())
def test_target__when_fed_changed_seeds_or_any_bytes__then_all_holds(
    target: str, data: st.DataObject
) -> None:
    made = st.composite(changed)(target)
    TARGETS[target](data.draw(st.one_of(made, st.binary(max_size=400))))
