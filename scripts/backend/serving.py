"""The server that is asked: the product's API and an empty route, in a process of its own."""

import logging
import multiprocessing
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import uvicorn

from backend.api import Services, create_app
from backend.artifacts import ArtifactFiles
from backend.indexer import Indexer, Status
from backend.network import Network
from backend.server import listening
from backend.store import Store
from chain.deployment import Deployment
from chain.gateway import Gateway

_PROCESSES = multiprocessing.get_context("spawn")


def _serve(
    database: str, network: Network, chain: tuple[str, Deployment] | None, tell: Connection
) -> None:
    logging.disable(logging.WARNING)
    store = Store(database)
    store.open(network.chain_id, network.identity)
    status = Status()
    if chain is not None:
        indexer = Indexer(
            Gateway(*chain),
            store,
            first_block=network.first_block,
            emitters=list(network.contracts.values()),
            keep=lambda _events: None,
            status=status,
        )
        stop = threading.Event()
        threading.Thread(target=indexer.run, args=(stop,), daemon=True).start()
    files = ArtifactFiles(Path(tempfile.mkdtemp()))
    app = create_app(Services(store, files, network, status, lambda *_: False))

    @app.get("/empty")
    def empty() -> dict[str, str]:
        return {}

    @app.get("/empty/coroutine")
    async def empty_coroutine() -> dict[str, str]:
        return {}

    with listening("127.0.0.1", 0) as listener:
        tell.send(listener.getsockname()[1])
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
        uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def server(
    database: str, network: Network, chain: tuple[str, Deployment] | None = None
) -> Iterator[tuple[int, int]]:
    """(port, process id). With a chain the server follows it too."""
    hear, tell = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=_serve, args=(database, network, chain, tell))
    process.start()
    try:
        assert process.pid is not None
        yield hear.recv(), process.pid
    finally:
        process.terminate()
        process.join()
