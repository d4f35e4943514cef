"""Callers that hold connections: let go, so that the others have theirs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from backend.api import create_app
from backend.api.limits import LARGE_BYTES, LARGE_EACH
from backend.connections import Connection
from backend.server import listening
from tests.backend.conftest import World
from tests.support.polling import eventually

pytestmark = pytest.mark.integration

PATIENCE = 0.3


@contextmanager
def served(app: FastAPI, **limits: Any) -> Iterator[int]:
    """The application behind connections with these limits; its port. Nobody is trusted."""
    kind = type("Impatient", (Connection,), {"head_seconds": PATIENCE, **limits})
    config = uvicorn.Config(
        app,
        http=kind,
        lifespan="off",
        log_config=None,
        forwarded_allow_ips="",
        timeout_keep_alive=1,
    )
    server = uvicorn.Server(config)
    with listening("127.0.0.1", 0) as listener:
        run = {"target": server.run, "kwargs": {"sockets": [listener]}, "daemon": True}
        thread = threading.Thread(**run)
        thread.start()
        try:
            eventually(lambda: server.started)
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(10)


def caller(port: int, said: bytes = b"") -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=10)
    made.sendall(said)
    return made


def is_let_go(made: socket.socket) -> bool:
    """Whether the server ends the connection, within the ten seconds a caller waits."""
    try:
        while made.recv(65_536):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def has_gone(made: socket.socket) -> bool:
    """Whether one more byte finds nobody there."""
    try:
        made.sendall(b"x")
    except OSError:
        return True
    return False


@pytest.fixture
def app(world: World) -> FastAPI:
    world.catch_up()
    return create_app(world.services())


@pytest.mark.campaign
def test_connection__when_nothing_or_half_a_head_comes__then_let_go(app: FastAPI) -> None:
    whole = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    with served(app) as port:
        for said in (b"", b"GET /health HT", whole + b"GET /hea", whole[:-2] + b"X: "):
            with closing(caller(port, said)) as made:
                assert is_let_go(made), said


def test_connection__when_a_body_nobody_wants_drips__then_let_go(app: FastAPI) -> None:
    head = b"GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    with served(app) as port, closing(caller(port, head)) as made:
        assert eventually(lambda: has_gone(made))


def test_connection__when_its_answer_is_not_read__then_let_go(app: FastAPI) -> None:
    @app.get("/long")
    def long() -> dict[str, str]:
        return {"text": "x" * 20_000_000}

    ended = []
    lost = Connection.connection_lost

    def note(self: Connection, error: Exception | None) -> None:
        ended.append(self)
        lost(self, error)

    asked = b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n"
    limits = {"reading_seconds": PATIENCE, "connection_lost": note}
    with served(app, **limits) as port, closing(caller(port, asked)):
        eventually(lambda: len(ended) == 1)


def test_connection__when_one_address_has_its_share__then_others_still_come_in(
    app: FastAPI,
) -> None:
    with served(app, head_seconds=60.0, each=3, most=20) as port:
        held = [caller(port) for _ in range(3)]
        with closing(caller(port)) as one_more:
            assert is_let_go(one_more)
        other = socket.create_connection(
            ("127.0.0.1", port), timeout=10, source_address=("127.0.0.2", 0)
        )
        with closing(other):
            other.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert other.recv(100).startswith(b"HTTP/1.1 200")
        for each in held:
            each.close()
        eventually(lambda: httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200)


def test_uploads__when_one_address_sends_many_large_ones__then_only_some_at_a_time(
    app: FastAPI,
) -> None:
    head = b"POST /v1/lookalikes?profile=x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\nx"
    with served(app) as port:
        held = [caller(port, head % (LARGE_BYTES + 1)) for _ in range(LARGE_EACH)]
        url = f"http://127.0.0.1:{port}/v1/lookalikes?profile=x"
        large = b"x" * (LARGE_BYTES + 1)
        eventually(lambda: httpx.post(url, content=large).status_code == 429)
        refused = httpx.post(url, content=large)
        assert refused.json()["error"]["code"] == "rate_limited"
        assert refused.headers["retry-after"] == "1"
        assert httpx.post(url, content=b"small").status_code == 404
        assert httpx.post(url, content=iter([b"of unknown length"])).status_code == 429
        for each in held:
            each.close()
        eventually(lambda: httpx.post(url, content=large).status_code == 404)
