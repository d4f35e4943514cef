"""Where a test's database is: SQLite, or with TEST_DATABASE=postgresql a real PostgreSQL."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path

import pytest

NewDatabase = Callable[[], str]
"""Gives the URL of an empty database."""


@pytest.fixture(scope="session")
def postgresql(request: pytest.FixtureRequest) -> NewDatabase:
    """Makes databases in a PostgreSQL server of this process."""
    from tests.support.postgres import server_of

    server = server_of(request)
    numbers = itertools.count()

    def make() -> str:
        return server.new_database(f"test_{next(numbers)}")

    return make


@pytest.fixture
def new_database(tmp_path: Path, request: pytest.FixtureRequest) -> NewDatabase:
    """Makes databases of the kind that the run asks for."""
    if os.environ.get("TEST_DATABASE") == "postgresql":
        made: NewDatabase = request.getfixturevalue("postgresql")
        return made
    numbers = itertools.count()
    return lambda: f"sqlite:///{tmp_path / f'world-{next(numbers)}.sqlite3'}"
