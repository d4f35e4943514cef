"""What keeps artifacts: a folder by default, or a bucket; others see this interface only."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Literal, Protocol

from backend.artifacts.files import ArtifactFiles, Incoming


class Kept(Protocol):
    """Bytes that are kept; a `pathlib.Path` is one."""

    def open(self, mode: Literal["rb"]) -> IO[bytes]: ...


class ArtifactStore(Protocol):
    """See `ArtifactFiles`, whose promises every store keeps: an artifact is there whole or not at
    all, under its hash, and what is sealed is nobody else's to overwrite.
    """

    max_bytes: int
    place: str

    def incoming(self, limit: int | None = None) -> AbstractContextManager[Incoming]: ...
    def publish(self, incoming: Incoming) -> bytes: ...
    def seal(self, incoming: Incoming, output_hash: bytes, agent_id: int) -> None: ...
    def take(self, content: bytes) -> bytes: ...
    def keep(self, content: bytes) -> bytes: ...
    def public(self, content_hash: bytes) -> Kept | None: ...
    def sealed(self, output_hash: bytes, agent_id: int) -> Kept | None: ...
    def has_sealed(self, output_hash: bytes) -> bool: ...
    def probe(self) -> None: ...


def open_artifacts(folder: Path, url: str | None = None) -> ArtifactStore:
    """The store at a URL of fsspec's such as s3://BUCKET/FOLDER, or in a folder without one.

    Raises:
        ArtifactError: it cannot be opened or written.
    """
    if url is None:
        return ArtifactFiles(folder)
    from backend.artifacts.bucket import ArtifactBucket

    return ArtifactBucket(url)
