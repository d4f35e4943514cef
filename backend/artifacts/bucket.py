"""Artifacts in anything that fsspec opens: S3 and what speaks like it, above all.

The names are those of the folder (`files`), below the URL. Uploads are collected in a local file
first, so that hash and size are known before the bucket sees a byte; an object then appears whole.
Credentials, region and endpoint are the client library's business (for S3 the AWS_* environment,
a profile or an instance's role), never part of a URL or a setting.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, Literal

import fsspec
from eth_hash.auto import keccak

from backend.artifacts.files import MAX_ARTIFACT_BYTES, Incoming, artifact_name
from backend.errors import ArtifactConflict, ArtifactError, ArtifactUnavailable
from verifier.engines.base import shown_url

MARK: Final = "assay-artifacts"
"""An object that is written at every start: a bucket that cannot be written is told of at once."""

REMEMBERED: Final = 100_000
"""Artifacts known to be there. They are never deleted, so the bucket is asked once of each."""

_CHUNK_BYTES: Final = 1024 * 1024
_OPTIONS: Final[dict[str, dict[str, Any]]] = {"file": {"auto_mkdir": True}}
"""What a kind of store needs to behave like a bucket."""


class BucketFile:
    """One object."""

    def __init__(self, bucket: ArtifactBucket, key: str) -> None:
        self._bucket = bucket
        self._key = key

    def open(self, mode: Literal["rb"]) -> IO[bytes]:
        """Raises ArtifactUnavailable when the bucket does not give it."""
        return self._bucket.open(self._key, mode)


class ArtifactBucket:
    """An `ArtifactStore`. Safe for several threads and processes: objects only appear whole."""

    def __init__(self, url: str, max_bytes: int = MAX_ARTIFACT_BYTES) -> None:
        """
        Raises:
            ArtifactError: no such kind of store is installed.
            ArtifactUnavailable: it cannot be written.
        """
        self.max_bytes = max_bytes
        self.place = shown_url(url)
        self._known: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        options = _OPTIONS.get(url.partition(":")[0], {})
        with self._asking():
            try:
                # Listings must be fresh: other replicas write too.
                self._fs, root = fsspec.core.url_to_fs(url, use_listings_cache=False, **options)
            except (ImportError, ValueError) as error:
                raise ArtifactError(
                    f"The artifact store {self.place} cannot be opened ({error}): give a URL such"
                    " as s3://BUCKET/FOLDER with assay-network[s3] installed."
                ) from None
        self._root = root.rstrip("/")
        with self._asking():
            self._fs.pipe_file(f"{self._root}/{MARK}", b"assay/artifacts/1\n")

    @contextmanager
    def incoming(self, limit: int | None = None) -> Iterator[Incoming]:
        """A local file for an upload; gone at the end."""
        with tempfile.NamedTemporaryFile(prefix="assay-artifact-") as file:
            yield Incoming(
                file,
                Path(file.name),
                self.max_bytes if limit is None else limit,
            )

    def publish(self, incoming: Incoming) -> bytes:
        """See `ArtifactFiles.publish`. Raises ArtifactUnavailable."""
        digest = incoming.finish()
        key = self._public_key(digest)
        if not self._has(key):
            # Under its name only once it is whole, whatever kind of store it is.
            with self._asking(), incoming.path.open("rb") as source:
                with self._fs.open(key, "wb", autocommit=False) as target:
                    shutil.copyfileobj(source, target, _CHUNK_BYTES)
                target.commit()
            self._remember(key)
        return digest

    def seal(self, incoming: Incoming, output_hash: bytes, agent_id: int) -> None:
        """See `ArtifactFiles.seal`."""
        incoming.finish()
        key = self._sealed_key(output_hash, agent_id)
        with self._asking():
            if not self._fs.exists(key):
                try:
                    self._fs.put_file(str(incoming.path), key, mode="create")
                except FileExistsError:
                    pass  # Another replica was given it just now: compare.
                else:
                    return
        with incoming.path.open("rb") as left, self.open(key, "rb") as right:
            if left.read() != right.read(self.max_bytes + 1):
                raise ArtifactConflict(
                    "Other bytes are already sealed for this output: seal the same output to the"
                    " same bytes, or sign a receipt with another outputHash."
                )

    def take(self, content: bytes) -> bytes:
        """See `ArtifactFiles.take`."""
        with self.incoming(limit=len(content)) as incoming:
            incoming.write(content)
            return self.publish(incoming)

    def keep(self, content: bytes) -> bytes:
        """See `ArtifactFiles.keep`; a bucket has no reserve."""
        digest = bytes(keccak(content))
        return digest if self._has(self._public_key(digest)) else self.take(content)

    def public(self, content_hash: bytes) -> BucketFile | None:
        """The bytes with this keccak256, or None."""
        return self._file(self._public_key(content_hash))

    def sealed(self, output_hash: bytes, agent_id: int) -> BucketFile | None:
        """An agent's ciphertext, or None."""
        return self._file(self._sealed_key(output_hash, agent_id))

    def has_sealed(self, output_hash: bytes) -> bool:
        """Whether anybody sealed something under this outputHash."""
        with self._asking():
            try:
                return bool(self._fs.ls(f"{self._root}/sealed/{artifact_name(output_hash)}"))
            except FileNotFoundError:
                return False

    def probe(self) -> None:
        """See `ArtifactFiles.probe`."""
        content = b"a probe of the artifact store " + os.urandom(16)
        key = self._public_key(self.take(content))
        with self.open(key, "rb") as file:
            found = file.read()
        with self._asking():
            self._fs.rm_file(key)
        with self._lock:
            self._known.pop(key, None)
        if found != content:
            raise ArtifactError(
                f"The artifact store {self.place} gives back other bytes than it was given: give"
                " another one."
            )

    def open(self, key: str, mode: Literal["rb"]) -> IO[bytes]:
        """An object's bytes, fetched as they are read. Raises ArtifactUnavailable."""
        with self._asking():
            file: IO[bytes] = self._fs.open(key, mode, cache_type="readahead")
            return file

    def _file(self, key: str) -> BucketFile | None:
        return BucketFile(self, key) if self._has(key) else None

    def _has(self, key: str) -> bool:
        with self._lock:
            if key in self._known:
                return True
        with self._asking():
            found = bool(self._fs.isfile(key))
        if found:
            self._remember(key)
        return found

    def _remember(self, key: str) -> None:
        with self._lock:
            self._known[key] = None
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)

    def _public_key(self, content_hash: bytes) -> str:
        name = artifact_name(content_hash)
        return f"{self._root}/public/{name[:2]}/{name}"

    def _sealed_key(self, output_hash: bytes, agent_id: int) -> str:
        return f"{self._root}/sealed/{artifact_name(output_hash)}/{int(agent_id)}"

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Makes whatever the client library raises an error of ours; each has errors of its own."""
        try:
            yield
        except ArtifactError:
            raise
        except Exception as error:
            reason: Any = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise ArtifactUnavailable(
                f"The artifact store {self.place} does not answer as it should ({reason}): check"
                " its URL, the credentials in the environment and what they allow."
            ) from error
