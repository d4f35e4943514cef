"""Whether a database can be used, found out without changing it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.engine import make_url

from backend.errors import StoreOtherDeployment, StoreSchemaMismatch, StoreUnavailable
from backend.store import schema
from backend.store.database import Store
from backend.store.log import Meta


def probe(url: str, chain_id: int, deployment: str) -> str:
    """A sentence about a database that can be served from.

    Args:
        chain_id, deployment: whose index it is to hold, as in `Store.open`.

    Raises:
        StoreUnavailable: it cannot be opened or written.
        StoreSchemaMismatch: its tables are of another version.
        StoreOtherDeployment: it holds another index.
    """
    store = Store(url)
    try:
        missing = _missing_file(store, url)
        if missing is not None:
            return _place_for(missing)
        with store.write() as connection:
            found = schema.current(connection)
            _require_version(store, found)
            meta = {}
            if found is not None:
                rows = connection.execute(select(Meta.name, Meta.value))
                meta = {row.name: row.value for row in rows}
            if meta and meta != {"chain_id": str(chain_id), "deployment": deployment}:
                raise StoreOtherDeployment(
                    f"The database {store.name} holds the index of another deployment (chain"
                    f" {meta.get('chain_id')}, {meta.get('deployment')}): give another database."
                )
            # Undone at once: tables come and go with a transaction on SQLite as on PostgreSQL.
            attempt = connection.begin_nested()
            connection.execute(text("CREATE TABLE assay_probe (number INTEGER)"))
            attempt.rollback()
        if found is None:
            return f"The database {store.name} is empty and can be written: `assay serve` fills it."
        return f"The database {store.name} can be written; its tables are of version {found}."
    finally:
        store.close()


def _require_version(store: Store, found: str | None) -> None:
    if found is None or found == schema.newest():
        return
    cure = (
        "install a newer Assay"
        if schema.is_newer(found)
        else "start `assay serve` once, which brings them up to date"
    )
    raise StoreSchemaMismatch(
        f"The tables of the database {store.name} are of version {found}, and this Assay reads"
        f" {schema.newest()}: {cure}."
    )


def _missing_file(store: Store, url: str) -> Path | None:
    """The file of an SQLite database that does not exist yet: opening it would make it."""
    name = make_url(url).database if store.is_sqlite else None
    if not name or name == ":memory:" or name.startswith("file:"):
        return None
    path = Path(name)
    return None if path.exists() else path


def _place_for(path: Path) -> str:
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            return f"There is no database {path} yet, and `assay serve` can make it."
    except OSError as error:
        raise StoreUnavailable(
            f"The database {path} cannot be made in its folder ({error.strerror}): check the path"
            " and its permissions."
        ) from None
