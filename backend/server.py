"""The backend as one process: checks, index in a thread, API in the main one."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI

from backend.api import Services, create_app
from backend.artifacts import ArtifactFiles, Authority, keep_contents
from backend.errors import AddressUnavailable, BackendError
from backend.indexer import Indexer, Status
from backend.network import Network, read_network
from backend.store import Store
from chain.deployment import Deployment
from chain.errors import RevertError
from chain.gateway import Gateway
from chain.types import Address, AgentId

GRACE_SECONDS: Final = 5
"""Requests that are being answered when the server is told to stop get this long."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """How to serve.

    Attributes:
        database: SQLAlchemy URL.
        artifacts: folder, made if missing.
        port: 0 takes a free one.
        rebuild: drop the index first and derive it anew from the chain.
    """

    rpc_url: str
    deployment: Deployment
    database: str
    artifacts: Path
    host: str = "127.0.0.1"
    port: int = 0
    rebuild: bool = False


def serve(options: Options, announce: Callable[[int], None]) -> None:
    """Serves until SIGTERM or SIGINT. Call it from the main thread.

    Everything that would make the server useless ends it at once: a wrong chain, contracts that are
    not there, a node that does not answer, a port that is taken, a database it cannot use. Once it
    runs it waits out a silent node, and `/ready` says so.

    Args:
        announce: called with the port as soon as requests are answered there.

    Raises:
        AssayError: one of the above, or the index stopped for good while the server ran.
    """
    gateway = Gateway(options.rpc_url, options.deployment)
    options.deployment.check(gateway)
    network = read_network(gateway, options.deployment)
    files = ArtifactFiles(options.artifacts)
    with listening(options.host, options.port) as listener:
        store = open_store(options, network)
        status = Status()
        indexer = Indexer(
            gateway,
            store,
            first_block=network.first_block,
            emitters=list(network.contracts.values()),
            keep=partial(keep_contents, files),
            status=status,
        )
        services = Services(store, files, network, status, authority(gateway))
        stop = threading.Event()
        thread = threading.Thread(target=_follow, args=(indexer, stop), name="indexer", daemon=True)
        thread.start()
        try:
            _answer(create_app(services), listener, announce)
        finally:
            stop.set()
            thread.join(GRACE_SECONDS)
            store.close()
    halted = status.snapshot().halted
    if halted is not None:
        raise BackendError(halted)


def open_store(options: Options, network: Network) -> Store:
    """The database, checked to be this network's; emptied first for a rebuild."""
    store = Store(options.database)
    if options.rebuild:
        store.forget_index()
    store.open(network.chain_id, network.identity)
    return store


def authority(gateway: Gateway) -> Authority:
    """Asks the identity registry who acts for an agent."""

    def acts_for(agent_id: AgentId, address: Address) -> bool:
        try:
            if gateway.call("IdentityRegistry", "isAuthorizedOrOwner", address, agent_id):
                return True
            wallet: str = gateway.call("IdentityRegistry", "getAgentWallet", agent_id)
        except RevertError:
            return False  # There is no such agent.
        return wallet == address

    return acts_for


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A bound socket.

    Raises:
        AddressUnavailable: the port is taken, or the host is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen()
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise AddressUnavailable(
                f"The server cannot listen on {host} port {port} ({reason}): stop what listens"
                " there, or give another port (0 takes a free one)."
            ) from None
        yield listener


def _follow(indexer: Indexer, stop: threading.Event) -> None:
    try:
        indexer.run(stop)
    except BackendError:
        logger.critical("The API goes on serving what was indexed; /ready says that it is stale.")
    except Exception:
        logger.exception("The index has stopped.")


def _answer(app: FastAPI, listener: socket.socket, announce: Callable[[int], None]) -> None:
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)

    def heed(_number: int, _frame: object) -> None:
        server.should_exit = True

    # For the moments before uvicorn's own handlers, and after: it raises the signal once more.
    before = {number: signal.signal(number, heed) for number in uvicorn.server.HANDLED_SIGNALS}
    announce(listener.getsockname()[1])
    try:
        server.run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
