"""Who takes part: indexer, submitter, reader and nodes, each a process of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from backend.api import Services, create_app
from backend.artifacts import ArtifactFiles, keep_contents
from backend.bundles import BundleChecker
from backend.errors import EventLeftOut, IndexContradiction, NonceOccupied, StoreUnavailable
from backend.indexer import Indexer, Providers, Reconciler, Status
from backend.network import Network
from backend.server import authority
from backend.store import Store
from backend.submitter import Outbox, Submitter
from chain.anchors import ANCHOR
from chain.deployment import Deployment
from chain.errors import AssayError, RpcError
from chain.fees import SendPolicy
from chain.gateway import Gateway
from chain.journal import FileJournal
from chain.keys import Signer
from chain.rpc import Rpc
from chain.sender import Sender
from tests.faults.simulation.clock import Clock
from tests.faults.simulation.mortal import Mortal
from tests.node.harness import EchoEngine, FusedStore, InlineWorkers
from tests.support.asgi import AsgiClient
from verifier import profiles
from verifier.node.artifacts import ArtifactSource
from verifier.node.daemon import DaemonConfig, NodeDaemon
from verifier.node.engine_book import EngineBook
from verifier.node.recompute import MODEL, Recomputation
from verifier.node.statedir import StateDir
from verifier.reliability.evidence import Anchor

PROFILE: Final = profiles.load("exact-bytes")
PATIENCE: Final = SendPolicy(poll=2.0, resend_after=4.0, replace_after=12.0, give_up_after=40.0)
WAITED_OUT: Final = (RpcError, StoreUnavailable, NonceOccupied, EventLeftOut, OSError)
"""What the loops of a backend wait out; anything else ends them, and so the simulation."""

Connect = Callable[[Mortal], Rpc]


class Backend(Mortal):
    """What indexer, submitter and reader share: the database, which fails now and then."""

    def __init__(self, name: str, seed: object, database: str, network: Network) -> None:
        super().__init__(name, seed)
        self.database = database
        self.network = network
        self.trouble = 0.0
        self.status = Status()

    def start(self) -> None:
        self.store = Store(self.database)
        self.held.callback(self.store.close)
        event.listen(self.store._engine, "before_cursor_execute", self._execute)
        event.listen(self.store._engine, "commit", lambda _connection: self.danger())
        self.store.open(self.network.chain_id, self.network.identity)

    def _execute(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        self.danger()
        if self._running and self.dice.random() < self.trouble:
            raise OperationalError(statement, {}, Exception("disk I/O error"))


class IndexerProcess(Backend):
    """Follows the chain through two nodes, and compares with the contracts."""

    def __init__(self, *common: Any, files: Path, clock: Clock, doors: Any) -> None:
        super().__init__(*common)
        self._files = files
        self._clock = clock
        self._doors = doors
        self.contradictions = 0
        self.compares = 0.2
        self.agreed_at: int | None = None

    def start(self) -> None:
        super().start()
        gateways = [(str(n), door(self)) for n, door in enumerate(self._doors)]
        nodes = Providers(gateways, clock=self._clock.monotonic)
        network = self.network
        self.indexer = Indexer(
            nodes,
            self.store,
            first_block=network.first_block,
            emitters=list(network.contracts.values()),
            keep=partial(keep_contents, ArtifactFiles(self._files)),
            status=self.status,
            distrust=nodes.distrust,
        )
        self.reconciler = Reconciler(lambda: nodes.current, self.store, self.status)
        anchor = Anchor(network.chain_id, network.contracts[ANCHOR])
        self.bundles = BundleChecker(self.store, ArtifactFiles(self._files), anchor)

    def work(self) -> None:
        try:
            with contextlib.suppress(*WAITED_OUT):
                for _ in range(8):
                    if not self.indexer.step():
                        break
                self.bundles.step(self._clock.now)
                if self.dice.random() < self.compares:
                    self._compare()
        except IndexContradiction:
            # A node that answers wrongly twice in a row about a final block: the operator, who was
            # told to look, starts the server again.
            self.contradictions += 1
            self.die()

    def _compare(self) -> None:
        before = self.status.snapshot().compared
        found = self.reconciler.step()
        now = self.status.snapshot()
        if now.compared > before:
            self.agreed_at = None if found else now.indexed


class SubmitterProcess(Backend):
    """Takes the steps of rounds that wait for anybody, and jobs of the story."""

    def __init__(self, *common: Any, signer: Signer, door: Callable[[Mortal], Gateway]) -> None:
        super().__init__(*common)
        self._signer = signer
        self._door = door

    def start(self) -> None:
        super().start()
        gateway = self._door(self)
        self.submitter: Submitter | None = None
        self._make = lambda: Submitter(
            lambda: gateway,
            self._signer,
            self.store,
            Outbox(self.store, f"{gateway.identity()[0]}:{gateway.identity()[1].hex()[:16]}"),
            self.status,
            policy=PATIENCE,
        )

    def work(self) -> None:
        with contextlib.suppress(*WAITED_OUT):
            self.submitter = self.submitter or self._make()
            self.submitter.step()


class Reader(Backend):
    """The API, asked by the story."""

    def __init__(self, *common: Any, files: Path, door: Callable[[Mortal], Gateway]) -> None:
        super().__init__(*common)
        self._files = files
        self._door = door

    def start(self) -> None:
        super().start()
        gateway = self._door(self)
        services = Services(
            self.store,
            ArtifactFiles(self._files),
            self.network,
            self.status,
            authority(lambda: gateway),
        )
        self.client = AsgiClient(create_app(services))

    def ask(self, path: str) -> dict[str, Any] | None:
        """The answer to a question; None while it does not run, or the index has none."""
        if not self.alive:
            return None
        answer = self.client.get(path)
        assert answer.status_code in (200, 404, 503), (path, answer.status_code, answer.text)
        found: dict[str, Any] = answer.json()
        return found if answer.status_code == 200 else None


class NodeProcess(Mortal):
    """One agent's node."""

    def __init__(
        self,
        agent_id: int,
        seed: object,
        root: Path,
        signer: Signer,
        deployment: Deployment,
        door: Callable[[Mortal], Gateway],
        bundles: ArtifactSource,
    ) -> None:
        super().__init__(f"node of agent {agent_id}", seed)
        self.agent_id = agent_id
        self.signer = signer
        self.files = StateDir(root)
        self.files.create()
        self._deployment = deployment
        self._door = door
        self._bundles = bundles

    def start(self) -> None:
        gateway, court = self._door(self), self._deployment.court
        self.store = FusedStore(self.files.store, court, self.agent_id, fuse=self.danger)  # type: ignore[arg-type]
        self.held.callback(self.store.close)
        journal = FileJournal(self.files.journal)
        self.held.callback(journal.close_file)
        self.daemon = NodeDaemon(
            DaemonConfig(
                agent_id=self.agent_id,
                court=court,
                first_block=int(self._deployment.block),
                state_dir=self.files.root,
            ),
            gateway,
            Sender(gateway, self.signer, journal, PATIENCE),
            self.store,
            EngineBook(
                {},
                {PROFILE.profile_id: EchoEngine()},
                {MODEL: Recomputation(gateway, self._bundles)},
            ),
            self.signer,
            workers=InlineWorkers(),
        )

    def work(self) -> None:
        with contextlib.suppress(AssayError):
            self.daemon.tick()
