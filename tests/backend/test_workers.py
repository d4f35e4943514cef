"""What runs beside the API goes on, whatever strangers wrote; only the indexer stays stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from backend.errors import IndexContradiction
from backend.server import keep_working

pytestmark = pytest.mark.unit


def ends(name: str, run: Callable[[threading.Event], None], stop: threading.Event) -> None:
    """Runs a worker in a thread of that name until it ends by itself."""
    thread = threading.Thread(target=keep_working, args=(run, stop, 0.001), name=name)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize("error", [ValueError("of a library's"), IndexContradiction("Ours.")])
def test_worker__when_something_unexpected_is_raised__then_it_begins_again(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    stop, begun = threading.Event(), []

    def run(_stop: threading.Event) -> None:
        begun.append(1)
        if len(begun) < 3:
            raise error
        stop.set()

    ends("fetcher", run, stop)
    assert len(begun) == 3
    assert "The fetcher failed" in caplog.text


def test_worker__when_it_is_the_indexer__then_it_stays_stopped() -> None:
    begun = []

    def run(_stop: threading.Event) -> None:
        begun.append(1)
        raise IndexContradiction("The chain has another block.")

    ends("indexer", run, threading.Event())
    assert len(begun) == 1
