"""What every request needs: the services, and one consistent snapshot of the index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.api.access import Access
from backend.api.schemas.common import BlockRef, Finality
from backend.artifacts import ArtifactStore, Authority
from backend.errors import IndexEmpty
from backend.indexer import Providers, Status
from backend.lookalikes import Lookalikes
from backend.network import Network
from backend.relay import Relay
from backend.standings import Standings
from backend.store import Block, Position, Store, position
from backend.submitter import Outbox


@dataclass(frozen=True)
class Services:
    """Everything the API stands on. Without `outbox` and `nodes` their metrics are left out,
    without `relay` nothing is taken to be posted.

    fetches: whether this server brings what foreign URIs lead to.
    rubbish: (outputHash, agentId) of sealed copies that were opened and are not what was promised.
    """

    store: Store
    files: ArtifactStore
    network: Network
    status: Status
    acts_for: Authority
    outbox: Outbox | None = None
    nodes: Providers[Any] | None = None
    access: Access = field(default_factory=Access)
    fetches: bool = False
    relay: Relay | None = None
    standings: Standings = field(default_factory=Standings)
    lookalikes: Lookalikes = field(init=False)
    rubbish: set[tuple[bytes, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lookalikes", Lookalikes(self.files))


class NotModified(Exception):
    """The caller has this block's answer already."""

    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag


@dataclass(frozen=True)
class Mark:
    """Where the index stood when an answer was read, and how the answer says so."""

    at: Position

    @property
    def etag(self) -> str:
        """What marks answers of this block: it changes, too, when more becomes final, and when the
        block was read again."""
        again = f".{self.at.generation}" if self.at.generation else ""
        return f'"{self.at.hash.hex()}.{self.at.finalized}{again}"'

    @property
    def marks(self) -> dict[str, str]:
        """Headers of every answer from this snapshot."""
        return {"ETag": self.etag, "Cache-Control": "no-cache"}

    @property
    def block(self) -> BlockRef:
        """The block this answer is of."""
        return self.ref(self.at)

    def ref(self, at: Position) -> BlockRef:
        """A block that the index held then, as answers name it."""
        return BlockRef(
            number=at.number,
            hash="0x" + at.hash.hex(),
            timestamp=at.timestamp,
            finality="finalized" if at.number <= self.at.finalized else "head",
            finalized_number=self.at.finalized,
        )


@dataclass(frozen=True)
class Snapshot(Mark):
    """The index at one block; all that a request reads is of this block."""

    session: Session
    services: Services

    def view(self, finality: Finality) -> Position:
        """The block that a view of this snapshot is of. Raises like `finalized`."""
        return self.at if finality == "head" else self.finalized()

    def finalized(self) -> Position:
        """Where finality stands.

        Raises:
            IndexEmpty: nothing of the deployment is final yet.
        """
        row = self.session.execute(
            select(Block.number, Block.hash, Block.timestamp)
            .where(Block.number <= self.at.finalized)
            .order_by(Block.number.desc())
            .limit(1)
        ).one_or_none()
        if row is None:
            raise IndexEmpty("No block of this deployment is final yet: ask for the head instead.")
        return Position(row.number, row.hash, row.timestamp, row.number)


async def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def snapshot_in(session: Session, services: Services) -> Snapshot:
    """The snapshot that a session reads.

    Raises:
        IndexEmpty: nothing is indexed yet.
    """
    at = position(session)
    if at is None:
        raise IndexEmpty("The index has not applied its first block yet: ask again shortly.")
    return Snapshot(at, session, services)


def is_known(etag: str, if_none_match: str | None) -> bool:
    """Whether the header says that the caller has the answer."""
    if if_none_match is None:
        return False
    known = [tag.strip() for tag in if_none_match.split(",")]
    return etag in known or f"W/{etag}" in known


@contextmanager
def reading(request: Request) -> Iterator[Snapshot]:
    """Opens a snapshot in the caller's own thread.

    Raises:
        IndexEmpty: nothing is indexed yet.
        NotModified: the caller has this block's answer.
    """
    services: Services = request.app.state.services
    with services.store.read() as session:
        found = snapshot_in(session, services)
        if is_known(found.etag, request.headers.get("if-none-match")):
            raise NotModified(found.etag)
        yield found


def snapshot(request: Request, response: Response) -> Iterator[Snapshot]:
    """The same as a dependency; the answer is marked with its block."""
    with reading(request) as found:
        response.headers.update(found.marks)
        yield found


SnapshotOf = Annotated[Snapshot, Depends(snapshot)]
ServicesOf = Annotated[Services, Depends(services_of)]
