"""The backend on a real chain: an index beside the test, or `assay serve` as a process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from backend.artifacts import ArtifactFiles, keep_contents
from backend.indexer import Indexer, Status
from backend.indexer.ranges import RangeSize
from backend.network import read_network
from backend.store import Store, dump
from chain.deployment import Deployment
from chain.gateway import Gateway
from cli.processes import Process
from tests.support.forked import Assay
from tests.support.polling import eventually


class Index:
    """A database of its own, brought up to date when the test says so."""

    def __init__(self, folder: Path, door: Gateway, *, widest: int = 10_000) -> None:
        assert door.deployment is not None
        folder.mkdir(parents=True, exist_ok=True)
        self.network = read_network(door, door.deployment)
        self.store = Store(f"sqlite:///{folder / 'index.sqlite3'}")
        self.store.open(self.network.chain_id, self.network.identity)
        self.files = ArtifactFiles(folder / "artifacts")
        self.status = Status()
        self.indexer = Indexer(
            door,
            self.store,
            first_block=self.network.first_block,
            emitters=list(self.network.contracts.values()),
            keep=partial(keep_contents, self.files),
            status=self.status,
            ranges=RangeSize(widest, widest),
        )

    def catch_up(self) -> None:
        while self.indexer.step():
            pass

    def dump(self) -> dict[str, Any]:
        return dump(self.store)

    def close(self) -> None:
        self.store.close()


class Served:
    """`assay serve` as a process, and a client for it."""

    def __init__(self, process: Process, url: str) -> None:
        self.process = process
        self.url = url

    def get(self, path: str, **arguments: Any) -> httpx.Response:
        return httpx.get(self.url + path, timeout=10, **arguments)

    def json(self, path: str) -> dict[str, Any]:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def at_block(self, number: int) -> None:
        """Waits until the index has applied a block."""
        eventually(
            lambda: (
                self.get("/v1/network").status_code == 200
                and self.json("/v1/network")["block"]["number"] >= number
            ),
            f"the index reached block {number}",
            20,
        )


def serve_arguments(folder: Path, rpc_url: str, deployment: Deployment, *more: str) -> list[str]:
    """The arguments of a backend that keeps everything in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "deployment.json"
    if not file.exists():
        deployment.save(file)
    return [
        "serve",
        f"--rpc-url={rpc_url}",
        f"--deployment={file}",
        f"--database=sqlite:///{folder / 'index.sqlite3'}",
        f"--artifacts-dir={folder / 'artifacts'}",
        f"--port-file={folder / 'port'}",
        "--port=0",
        *more,
    ]


@contextmanager
def serving(folder: Path, rpc_url: str, deployment: Deployment, *more: str) -> Iterator[Served]:
    """A running backend; ended by its pid."""
    arguments = serve_arguments(folder, rpc_url, deployment, *more)
    port_file = folder / "port"
    port_file.unlink(missing_ok=True)
    process = Assay("backend", arguments, log=folder / "serve.log")
    try:
        eventually(
            lambda: port_file.exists() or not process.is_running,
            "the backend began to serve",
            30,
        )
        assert process.is_running, process.last_words()
        yield Served(process, f"http://127.0.0.1:{port_file.read_text().strip()}")
    finally:
        process.stop()
