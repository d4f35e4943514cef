"""The backend as one process: checks, index and submitter in threads, API in the main one."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI

from backend.api import Access, Services, create_app
from backend.artifacts import Authority, keep_contents, open_artifacts
from backend.artifacts.fetcher import Fetcher
from backend.artifacts.foreign import Foreign
from backend.bundles import BundleChecker
from backend.connections import Connection
from backend.errors import AddressUnavailable, BackendError
from backend.indexer import Indexer, Providers, Reconciler, Status
from backend.network import Network, read_network
from backend.relay import Relay
from backend.store import Duty, Lease, Store
from backend.submitter import Outbox, Submitter
from backend.submitter.submit import chain_name
from chain.anchors import ANCHOR
from chain.deployment import Deployment
from chain.errors import RevertError
from chain.gateway import Gateway
from chain.keys import Signer
from chain.types import Address, AgentId
from verifier.reliability.evidence import Anchor

GRACE_SECONDS: Final = 5
"""Requests that are being answered when the server is told to stop get this long."""

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
"""Seconds until a worker that failed begins again; doubled each time."""

INDEXER: Final = "indexer"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """How to serve.

    Attributes:
        rpc_urls: nodes of the chain, the preferred one first.
        database: SQLAlchemy URL.
        artifacts: folder, made if missing; `artifacts_url` a bucket used instead.
        foreign: fetches tasks and outputs whose URIs lead elsewhere; None leaves them alone.
        port: 0 takes a free one.
        trusted_proxies: addresses and networks whose X-Forwarded-For is believed; None for this
            machine's own.
        rebuild: empty the index first and derive it anew from the chain.
        signer: who pays for what is sent; None sends nothing.
        pokes: take the steps of rounds that wait for anybody.
        relays: post for whole committees what their seats hand in.
    """

    rpc_urls: Sequence[str]
    deployment: Deployment
    database: str
    artifacts: Path
    artifacts_url: str | None = None
    foreign: Foreign | None = None
    host: str = "127.0.0.1"
    port: int = 0
    trusted_proxies: tuple[str, ...] | None = None
    rebuild: bool = False
    signer: Signer | None = None
    pokes: bool = True
    relays: bool = False
    access: Access = field(default_factory=Access)


def serve(options: Options, announce: Callable[[int], None]) -> None:
    """Serves until SIGTERM or SIGINT. Call it from the main thread.

    Everything that would make the server useless ends it at once: a wrong chain, contracts that are
    not there, no node that answers, a port that is taken, a database it cannot use. Once it runs it
    waits out silent nodes, and `/ready` says so.

    Args:
        announce: called with the port as soon as requests are answered there.

    Raises:
        AssayError: one of the above, or the index stopped for good while the server ran.
    """
    nodes = open_nodes(options)
    network = read_network(nodes.current, options.deployment)
    files = open_artifacts(options.artifacts, options.artifacts_url)
    with listening(options.host, options.port) as listener:
        store = open_store(options, network)
        status = Status()
        leases = Lease(store, Duty.INDEX), Lease(store, Duty.SEND)
        outbox = Outbox(store, chain_name(nodes.current))
        acts_for = authority(lambda: nodes.current)
        services = Services(
            store,
            files,
            network,
            status,
            acts_for,
            outbox=outbox,
            nodes=nodes,
            access=options.access,
            fetches=options.foreign is not None,
            relay=Relay(store, network.court, acts_for) if options.relays else None,
        )
        stop = threading.Event()
        works = _works(options, nodes, services, leases)
        threads = [
            threading.Thread(target=keep_working, args=(work, stop), name=name, daemon=True)
            for name, work in works.items()
        ]
        for thread in threads:
            thread.start()
        try:
            _answer(create_app(services), listener, announce, options.trusted_proxies)
        finally:
            stop.set()
            for thread in threads:
                thread.join(GRACE_SECONDS)
            for lease in leases:
                lease.release()
            store.close()
    halted = status.snapshot().halted
    if halted is not None:
        raise BackendError(halted)


def open_nodes(options: Options) -> Providers[Gateway]:
    """The chain's nodes, those that answer checked to be of the deployment's chain.

    Raises:
        AssayError: one is of another chain, or none answers.
    """
    gateways = [Gateway(url, options.deployment) for url in options.rpc_urls]
    nodes = Providers([(door.label, door) for door in gateways], options.deployment.check)
    nodes.open()
    nodes.head()
    return nodes


def _works(
    options: Options,
    nodes: Providers[Gateway],
    services: Services,
    leases: tuple[Lease, Lease],
) -> dict[str, Callable[[threading.Event], None]]:
    """What runs beside the API, by the name of its thread."""
    network, store, status = services.network, services.store, services.status
    indexer = Indexer(
        nodes,
        store,
        first_block=network.first_block,
        emitters=list(network.contracts.values()),
        keep=partial(keep_contents, services.files),
        status=status,
        leads=leases[0].held,
        distrust=nodes.distrust,
    )
    works: dict[str, Callable[[threading.Event], None]] = {
        INDEXER: indexer.run,
        "reconciler": Reconciler(lambda: nodes.current, store, status).run,
    }
    if network.anchor is not None:
        works["bundles"] = BundleChecker(
            store,
            services.files,
            Anchor(network.chain_id, network.contracts[ANCHOR]),
            leads=leases[0].held,
        ).run
    if options.foreign is not None:
        works["fetcher"] = Fetcher(store, services.files, options.foreign, leads=leases[0].held).run
    if options.signer is not None and services.outbox is not None:
        submitter = Submitter(
            lambda: nodes.current,
            options.signer,
            store,
            services.outbox,
            status,
            leads=leases[1].held,
            pokes=options.pokes,
            relays=options.relays,
        )
        works["submitter"] = submitter.run
    return works


def open_store(options: Options, network: Network) -> Store:
    """The database, checked to be this network's; emptied first for a rebuild."""
    store = Store(options.database)
    if options.rebuild:
        store.forget_index(network.chain_id, network.identity)
    store.open(network.chain_id, network.identity)
    return store


def authority(current: Callable[[], Gateway]) -> Authority:
    """Asks the identity registry who acts for an agent."""

    def acts_for(agent_id: AgentId, address: Address) -> bool:
        gateway = current()
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
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it, every answer on
    # a kept connection waits 40 ms for the client's acknowledgement.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
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


def keep_working(
    run: Callable[[threading.Event], None], stop: threading.Event, pause: float = FIRST_PAUSE
) -> None:
    """Runs until told to stop, again after whatever it did not expect: what strangers write, on
    chain too, must not end a worker for good. Only the indexer stays stopped, which has said why.

    Args:
        pause: seconds until it begins again.
    """
    name = threading.current_thread().name
    while not stop.is_set():
        try:
            run(stop)
        except Exception as error:
            if name == INDEXER:
                logger.critical(
                    "The API goes on serving what was indexed; /ready says that it is stale.",
                    exc_info=not isinstance(error, BackendError),
                )
                return
            logger.exception("The %s failed; it begins again in %.0f s.", name, pause)
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


def _answer(
    app: FastAPI,
    listener: socket.socket,
    announce: Callable[[int], None],
    trusted_proxies: Sequence[str] | None,
) -> None:
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        forwarded_allow_ips=None if trusted_proxies is None else list(trusted_proxies),
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
