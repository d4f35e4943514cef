"""The stages and the clock of every seed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.simulation.clock import Clock, install
from tests.faults.simulation.stage import Stages


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stages]:
    with Stages(tmp_path_factory.mktemp("stage")) as stages:
        yield stages


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(0.0)
    install(clock, monkeypatch)
    return clock
