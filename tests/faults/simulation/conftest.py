"""The stage and the clock of every seed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.simulation.clock import Clock, install
from tests.faults.simulation.stage import Stage, open_stage


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with open_stage(tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(0.0)
    install(clock, monkeypatch)
    return clock
