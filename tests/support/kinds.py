"""What every test must be: of exactly one kind, and without sockets when it is a unit test."""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest
from hypothesis import settings

KINDS = frozenset({"unit", "integration"})

# Deadlines measure the machine, not the code, when two processes share two cores. What decides
# about a change gives the same answer twice; "deep" looks for new examples.
settings.register_profile("default", deadline=None, derandomize=True)
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=1_000)
settings.register_profile("deep", deadline=None, max_examples=20_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


class SocketForbidden(RuntimeError):
    """A unit test opened an internet socket."""


def kinds_of(item: pytest.Item) -> set[str]:
    return {mark.name for mark in item.iter_markers()} & KINDS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse the whole run when a test is of no kind, or of both.

    Marks those that ask for a database, which a run may want on PostgreSQL (`databases`).
    """
    for item in items:
        if "new_database" in getattr(item, "fixturenames", ()):
            item.add_marker("database")
    wrong = [item.nodeid for item in items if len(kinds_of(item)) != 1]
    if wrong:
        listed = "\n  ".join(wrong)
        raise pytest.UsageError(
            f"mark each of these tests as exactly one of {', '.join(sorted(KINDS))}:\n  {listed}"
        )


@pytest.fixture(autouse=True)
def no_sockets_in_unit_tests(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unit tests fail on the first internet socket; pairs within the process are free."""
    if "unit" in kinds_of(request.node):
        opened = socket.socket.__init__

        def guarded(self: socket.socket, family: int = -1, *rest: Any, **options: Any) -> None:
            # -1 means AF_INET, unless an open descriptor is wrapped.
            wraps = options.get("fileno") is not None or (len(rest) == 3 and rest[2] is not None)
            if family in (socket.AF_INET, socket.AF_INET6) or (family == -1 and not wraps):
                raise SocketForbidden("a unit test opened a socket: mark it as integration")
            opened(self, family, *rest, **options)

        monkeypatch.setattr(socket.socket, "__init__", guarded)
