"""A seed from its beginning to what must hold at its end."""

from __future__ import annotations

from pathlib import Path

from tests.faults.simulation import truth
from tests.faults.simulation.clock import Clock
from tests.faults.simulation.stage import Stage
from tests.faults.simulation.world import World


def tell(seed: int, stage: Stage, folder: Path, clock: Clock) -> World:
    """Everything of one seed; fails with what did not hold."""
    with World(seed, stage, folder, clock, f"sqlite:///{folder / 'index.sqlite3'}") as world:
        world.tell()
        truth.check(world)
    return world
