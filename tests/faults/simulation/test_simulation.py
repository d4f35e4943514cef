"""Ten seeds always, fifty in `make test-ci`, five hundred in `make test-deep`; one with SEED=17.

Half of those that are not always told are in a file of their own: two processes share them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.simulation.clock import Clock
from tests.faults.simulation.stage import Stages
from tests.faults.simulation.story import SEEDS, tell_all

pytestmark = pytest.mark.integration

ALWAYS = 10
CHOSEN = os.environ.get("SEED")


def seeds() -> list[object]:
    if CHOSEN is not None:
        return [int(CHOSEN)]
    more = range(ALWAYS, SEEDS // 2)
    return [*range(ALWAYS), *(pytest.param(n, marks=pytest.mark.campaign) for n in more)]


@pytest.mark.parametrize("seed", seeds())
def test_simulation__when_everything_fails_at_random__then_the_tables_are_the_chains(
    seed: int, stages: Stages, tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    tell_all(seed, stages, tmp_path, clock, caplog)
