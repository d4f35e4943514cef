"""The other half of the seeds of `make test-ci` and `make test-deep`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.simulation.clock import Clock
from tests.faults.simulation.stage import Stages
from tests.faults.simulation.story import SEEDS, tell_all

pytestmark = [pytest.mark.integration, pytest.mark.campaign]


@pytest.mark.parametrize("seed", range(SEEDS // 2, SEEDS))
def test_simulation__when_more_seeds_are_told__then_the_tables_are_the_chains(
    seed: int, stages: Stages, tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    tell_all(seed, stages, tmp_path, clock, caplog)
