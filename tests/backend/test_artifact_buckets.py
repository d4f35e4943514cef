"""Artifacts in buckets: the folder's promises, kept by what fsspec opens and by an S3 server."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import fsspec
import httpx
import pytest
from moto.server import ThreadedMotoServer

from backend.api import create_app
from backend.artifacts import ArtifactFiles, ArtifactStore, open_artifacts
from backend.artifacts.bucket import ArtifactBucket, BucketFile
from backend.errors import (
    ArtifactConflict,
    ArtifactError,
    ArtifactTooLarge,
    ArtifactUnavailable,
)
from chain.messages import content_hash
from tests.backend.conftest import World
from tests.backend.stories import OUTPUT, OUTPUT_HASH, SALT, accepted_round
from tests.support.asgi import AsgiClient
from tests.support.fakechain import word
from verifier.canonical import keccak256
from verifier.seal import seal

pytestmark = pytest.mark.integration

BUCKET = "assay-tests"


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real S3 server's address; the environment names it and holds its credentials."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", url)
        environment.setenv("AWS_ACCESS_KEY_ID", "anybody")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "of-the-tests")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        assert httpx.put(f"{url}/{BUCKET}").status_code == 200
        yield url
        fsspec.get_filesystem_class("s3").clear_instance_cache()
    server.stop()


@pytest.fixture(params=["folder", "memory", "file", "s3"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    """An empty store of each kind, as its setting opens it."""
    name = uuid.uuid4().hex
    urls = {
        "folder": None,
        "memory": f"memory://{name}",
        "file": f"file://{tmp_path / 'bucket'}",
        "s3": f"s3://{BUCKET}/{name}",
    }
    if request.param == "s3":
        request.getfixturevalue("s3")
    return open_artifacts(tmp_path / "folder", urls[request.param])


def read(kept: object) -> bytes | None:
    if kept is None:
        return None
    assert isinstance(kept, Path | BucketFile)
    with kept.open("rb") as file:
        return file.read()


def test_store__when_bytes_are_taken__then_they_are_read_by_their_hash_only(
    files: ArtifactStore,
) -> None:
    content = bytes(range(256)) * 12_000  # more than one chunk
    digest = files.take(content)
    assert digest == keccak256(content)
    assert read(files.public(digest)) == content
    assert files.keep(content) == digest
    assert files.public(word("nothing")) is None
    with pytest.raises(ValueError, match="32 bytes"):
        files.public(b"../../etc/passwd")


def test_store__when_another_process_wrote_it__then_it_is_found(
    files: ArtifactStore, tmp_path: Path
) -> None:
    assert files.public(keccak256(b"theirs")) is None
    url = None if isinstance(files, ArtifactFiles) else files.place
    open_artifacts(tmp_path / "folder", url).keep(b"theirs")
    assert read(files.public(keccak256(b"theirs"))) == b"theirs"


def test_store__when_an_upload_is_too_large_or_fails__then_nothing_is_left(
    files: ArtifactStore,
) -> None:
    files.max_bytes = 4
    with pytest.raises(ArtifactTooLarge), files.incoming() as incoming:
        incoming.write(b"12345")
    assert not incoming.path.exists()
    assert files.public(keccak256(b"12345")) is None


def test_store__when_an_output_is_sealed__then_it_stays_what_it_is_and_per_agent(
    files: ArtifactStore,
) -> None:
    sealed = seal(OUTPUT, SALT)
    assert not files.has_sealed(OUTPUT_HASH)
    for content, agent_id, refused in (
        (sealed, 0, False),
        (sealed, 0, False),
        (b"other", 0, True),
        (b"other", 7, False),
    ):
        with files.incoming() as incoming:
            incoming.write(content)
            if refused:
                with pytest.raises(ArtifactConflict):
                    files.seal(incoming, OUTPUT_HASH, agent_id)
            else:
                files.seal(incoming, OUTPUT_HASH, agent_id)
    assert files.has_sealed(OUTPUT_HASH)
    assert read(files.sealed(OUTPUT_HASH, 0)) == sealed
    assert OUTPUT not in (read(files.sealed(OUTPUT_HASH, 0)) or b"")
    assert files.sealed(OUTPUT_HASH, 1) is None
    assert files.public(content_hash(OUTPUT)) is None


def test_store__when_many_write_the_same__then_one_whole_object(files: ArtifactStore) -> None:
    content = b"x" * 300_000
    threads = [threading.Thread(target=files.keep, args=(content,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read(files.public(keccak256(content))) == content


def test_store__when_probed__then_nothing_of_it_stays(files: ArtifactStore) -> None:
    before = objects(files)
    files.probe()
    assert objects(files) == before


def objects(files: ArtifactStore) -> set[str]:
    if isinstance(files, ArtifactBucket):
        return set(files._fs.find(files._root))
    return {str(path) for path in Path(files.place).rglob("*") if path.is_file()}


def test_api__when_artifacts_are_in_s3__then_sealed_until_published_and_streamed(
    s3: str, world: World
) -> None:
    world.files = open_artifacts(Path("unused"), f"s3://{BUCKET}/api")
    client = AsgiClient(create_app(world.services()))
    with world.files.incoming() as incoming:
        incoming.write(seal(OUTPUT, SALT))
        world.files.seal(incoming, OUTPUT_HASH, 0)
    world.catch_up()
    link = f"/v1/artifacts/0x{OUTPUT_HASH.hex()}"
    assert client.get(link).json()["error"]["code"] == "artifact_sealed"
    assert client.get(f"{link}?sealed=true").json()["error"]["code"] == "artifact_sealed"
    accepted_round(world.chain, word("one"))
    world.catch_up()
    assert client.get(f"{link}?sealed=true").content == seal(OUTPUT, SALT)
    plain = client.get(client.get(link).headers["location"])
    assert plain.content == OUTPUT
    assert plain.headers["content-type"] == "text/plain; charset=utf-8"
    large = world.files.take(b"\x89PNG\r\n\x1a\n" + bytes(1_000_000))
    answer = client.get(f"/v1/artifacts/0x{large.hex()}")
    assert (len(answer.content), answer.headers["content-type"]) == (1_000_008, "image/png")


def test_bucket__when_it_cannot_be_used__then_one_sentence_without_credentials(s3: str) -> None:
    with pytest.raises(ArtifactUnavailable, match="s3://no-such-bucket/x does not answer") as told:
        ArtifactBucket("s3://no-such-bucket/x")
    assert "of-the-tests" not in str(told.value)
    with pytest.raises(ArtifactError, match="cannot be opened"):
        ArtifactBucket("weather://x")
    with pytest.raises(ArtifactUnavailable) as told:
        ArtifactBucket("ftp://me:hidden@127.0.0.1:9/x")
    assert "hidden" not in str(told.value)


def test_bucket__when_it_fails_while_serving__then_503_and_a_sentence(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = ArtifactBucket(f"memory://{uuid.uuid4().hex}")
    world.files = bucket
    world.catch_up()
    client = AsgiClient(create_app(world.services()))

    def fail(*_: object, **__: object) -> None:
        raise ConnectionError("connection reset")

    monkeypatch.setattr(bucket._fs, "isfile", fail)
    answer = client.get(f"/v1/artifacts/0x{word('x').hex()}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "artifact_unavailable")
    assert "connection reset" in answer.json()["error"]["message"]
