"""A seed from its beginning to what must hold at its end."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

import pytest

from tests.faults.simulation import truth
from tests.faults.simulation.clock import Clock
from tests.faults.simulation.stage import Stages
from tests.faults.simulation.world import World

SEEDS: Final = 500 if os.environ.get("CAMPAIGN") == "deep" else 50


def tell(seed: int, stages: Stages, folder: Path, clock: Clock) -> World:
    """Everything of one seed; fails with what did not hold."""
    with World(
        seed, stages.next(), folder, clock, f"sqlite:///{folder / 'index.sqlite3'}"
    ) as world:
        world.tell()
        truth.check(world)
    return world


def tell_all(
    seed: int, stages: Stages, folder: Path, clock: Clock, log: pytest.LogCaptureFixture
) -> None:
    """A seed, of which there was something to tell, and nothing that nobody had foreseen."""
    print(f"again: SEED={seed} make test-python TESTS=tests/faults/simulation/test_simulation.py")
    world = tell(seed, stages, folder, clock)
    assert world.ground.reorganised > 0
    assert sum(process.deaths for process in world.processes) > 0
    loud = [record for record in log.records if record.levelno >= logging.ERROR]
    unforeseen = [record.getMessage() for record in loud if record.exc_info]
    assert not unforeseen
