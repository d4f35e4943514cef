"""Bringing a database's tables to the version this code reads, and back.

Alembic keeps the version in its own table. Databases of Assay 0.1.0 have none: they hold exactly
what revision 0001 makes, and say so in `meta`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, delete, inspect

from backend.store.log import Meta

_BEFORE_ALEMBIC: Final = "0001"
_VERSION_IN_META: Final = "schema_version"
_SCRIPTS: Final = Path(__file__).with_name("migrations")


def newest() -> str:
    """The revision this code reads, such as "0002"."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None
    return found


def current(connection: Connection) -> str | None:
    """The revision of a database; None if Assay never wrote to it."""
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None and inspect(connection).has_table(Meta.__tablename__):
        return _BEFORE_ALEMBIC
    return revision


def is_newer(revision: str) -> bool:
    """Whether a database of that revision was written by a later version of Assay."""
    return revision > newest()


def migrate(connection: Connection, revision: str = "head") -> None:
    """Takes the tables up or down to a revision, in the caller's transaction.

    Args:
        revision: a number such as "0001", "head" for the newest, "base" for no tables at all.
    """
    config = _config(connection)
    if current(connection) == _BEFORE_ALEMBIC and _unversioned(connection):
        command.stamp(config, _BEFORE_ALEMBIC)
        connection.execute(delete(Meta).where(Meta.name == _VERSION_IN_META))
    position = ScriptDirectory.from_config(config)
    wanted = position.get_current_head() if revision == "head" else revision
    down = wanted == "base" or (wanted or "") < (current(connection) or "")
    (command.downgrade if down else command.upgrade)(config, revision)


def _unversioned(connection: Connection) -> bool:
    return MigrationContext.configure(connection).get_current_revision() is None


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
