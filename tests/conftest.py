"""Shared by all tests."""

import gc
import signal

# All that is imported and collected stays: looking for garbage among it is a third of that time.
gc.disable()

pytest_plugins = ["tests.support.kinds", "tests.support.fixtures", "tests.support.databases"]


def pytest_configure() -> None:
    """Lets the processes that tests start be interrupted.

    A shell without job control starts its background commands with the interrupt ignored, and every
    process below inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """From here on there is garbage, and nothing of what was there before is."""
    gc.freeze()
    gc.enable()
