"""What nodes handed in to be posted for them. Not derived from the chain: a rebuild leaves it."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from backend.store.base import Base
from backend.store.types import Hash


class RelayEntry(Base):
    """A commitment or an opening of one seat, checked when it was taken.

    `key` is the draw's: what was meant for a draw that a reorganisation undid is never posted.
    `first` and `second` are r and vs of a commitment, digest and evidence hash of an opening;
    `word` is the commitment, or the opening's salt.
    """

    __tablename__ = "relay_entries"

    request_hash: Mapped[Hash] = mapped_column(primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seat: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[Hash] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    word: Mapped[Hash]
    first: Mapped[Hash]
    second: Mapped[Hash]
    taken_at: Mapped[int] = mapped_column(index=True)
