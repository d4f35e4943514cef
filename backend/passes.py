"""The loop of whatever looks at the same rows again and again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from backend.errors import BackendError


def passes(
    step: Callable[[], object],
    stop: threading.Event,
    pause: float,
    leads: Callable[[], bool],
    logger: logging.Logger,
    what: str,
) -> None:
    """Steps until told to stop, while this replica leads; what fails is tried again later.

    Args:
        pause: seconds between two steps.
        what: a name for the log.
    """
    while not stop.is_set():
        try:
            if leads():
                step()
        except BackendError as error:
            logger.warning("%s: %s", what, error)
        stop.wait(pause)
