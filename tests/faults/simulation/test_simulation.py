"""Ten seeds always, fifty in `make test-ci`, five hundred in `make test-deep`; one with SEED=17."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from tests.faults.simulation.clock import Clock
from tests.faults.simulation.stage import Stage
from tests.faults.simulation.story import tell

pytestmark = pytest.mark.integration

ALWAYS = range(10)
CAMPAIGN = range(10, 500 if os.environ.get("CAMPAIGN") == "deep" else 50)
CHOSEN = os.environ.get("SEED")


def seeds() -> list[object]:
    if CHOSEN is not None:
        return [int(CHOSEN)]
    return [*ALWAYS, *(pytest.param(n, marks=pytest.mark.campaign) for n in CAMPAIGN)]


@pytest.mark.parametrize("seed", seeds())
def test_simulation__when_everything_fails_at_random__then_the_tables_are_the_chains(
    seed: int, stage: Stage, tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    print(f"again: SEED={seed} make test-python TESTS=tests/faults/simulation/test_simulation.py")
    world = tell(seed, stage, tmp_path, clock)
    assert world.ground.reorganised > 0
    assert sum(process.deaths for process in world.processes) > 0
    loud = [record for record in caplog.records if record.levelno >= logging.ERROR]
    unforeseen = [record.getMessage() for record in loud if record.exc_info]
    assert not unforeseen
