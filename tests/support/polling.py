"""Waiting for something with a deadline, never for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(probe: Callable[[], T], what: str = "it", seconds: float = 10.0) -> T:
    """The probe's first true answer; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        if answer := probe():
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds:.0f} seconds")
        time.sleep(0.02)
