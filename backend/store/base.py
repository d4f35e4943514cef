"""What all tables share, and how each of them is rolled back."""

from __future__ import annotations

from sqlalchemy import BigInteger, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from backend.store.types import Bytes


class Base(DeclarativeBase):
    """Root of the tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {int: BigInteger, bytes: Bytes}  # noqa: RUF012


class Appended(Base):
    """Rows written once, by one event each: rolled back by deleting those above a block."""

    __abstract__ = True

    block_number: Mapped[int] = mapped_column(primary_key=True)
    log_index: Mapped[int] = mapped_column(primary_key=True)


class Folded(Base):
    """Rows that later events change: rolled back from the images in `undo`.

    Written through `backend.store.projection.Projection` only, which keeps those images.
    """

    __abstract__ = True
