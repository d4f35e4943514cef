"""Backends that would keep a node busy, or send it elsewhere."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import httpx
import pytest

from verifier.canonical import keccak256
from verifier.errors import TaskError
from verifier.node import downloads, outputs
from verifier.node.artifacts import ArtifactSource
from verifier.node.errors import NodeError
from verifier.node.outputs import OutputSource

pytestmark = pytest.mark.unit

OUTPUT = b"what was promised"
NAME = keccak256(OUTPUT)

Fetch = Callable[[httpx.MockTransport], object]


def fetch_task(transport: httpx.MockTransport) -> object:
    return ArtifactSource("http://backend", transport=transport).fetch(NAME, 1000, "task")


def fetch_output(transport: httpx.MockTransport) -> object:
    return OutputSource("http://backend", transport=transport).fetch(NAME)


class Dripping(httpx.SyncByteStream):
    """A byte for each second of a clock that the test turns."""

    def __init__(self, clock: list[float]) -> None:
        self.clock = clock

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.clock[0] += 1
            yield b"x"


@pytest.mark.parametrize("fetch", [fetch_task, fetch_output])
def test_fetch__when_the_body_drips__then_given_up_in_time(
    fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(downloads.time, "monotonic", lambda: clock[0])
    drip = httpx.MockTransport(lambda _: httpx.Response(200, stream=Dripping(clock)))
    with pytest.raises((TaskError, NodeError), match="did not end within 120 seconds"):
        fetch(drip)
    assert clock[0] < downloads.LONGEST_SECONDS + 5


@pytest.mark.parametrize("fetch", [fetch_task, fetch_output])
def test_fetch__when_the_body_is_packed__then_never_unpacked(fetch: Fetch) -> None:
    bomb = httpx.ByteStream(zlib.compress(bytes(10_000_000)))

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["accept-encoding"] == "identity"
        return httpx.Response(200, stream=bomb, headers={"Content-Encoding": "deflate"})

    with pytest.raises((TaskError, NodeError), match="packed"):
        fetch(httpx.MockTransport(answer))


def test_fetch__when_the_body_is_too_large__then_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "MOST_BYTES", 1000)
    large = httpx.MockTransport(lambda _: httpx.Response(200, content=bytes(1001)))
    with pytest.raises(TaskError, match="larger than 1000 bytes"):
        fetch_task(large)
    with pytest.raises(NodeError, match="larger than 1000 bytes"):
        fetch_output(large)


def test_outputs__when_the_backend_sends_them_elsewhere__then_nobody_else_is_asked() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(307, headers={"Location": "http://169.254.169.254/latest/"})

    moved = OutputSource("http://backend", transport=httpx.MockTransport(answer))
    assert moved.holds(NAME, 7), "published: its bytes are under another name"
    with pytest.raises(NodeError, match="answered 307"):
        moved.fetch(NAME)
    assert asked == ["backend", "backend"]
