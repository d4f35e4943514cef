"""From a state folder to a running node: opens what it needs, and checks it first.

Each check ends in one sentence. What is checked: the chain is the configured one and holds the
deployment's contracts, the agent exists and the key acts for it, the account can pay for gas, and
the engine of every profile the agent is enrolled for works and is what the profile pins.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from types import FrameType

from chain import deployment as deployments
from chain.deployment import Deployment
from chain.errors import ChainMismatch, ConfigError, InsufficientFunds
from chain.gateway import Gateway
from chain.journal import FileJournal
from chain.keys import Signer, load_keystore, local_signer, read_password
from chain.messages import Court
from chain.sender import Sender
from verifier.engines import Engine
from verifier.node.agents import require_operator
from verifier.node.artifacts import ArtifactSource
from verifier.node.config import NodeConfig
from verifier.node.court_view import CourtView
from verifier.node.daemon import DaemonConfig, ExitCode, NodeDaemon
from verifier.node.engine_book import EngineBook
from verifier.node.exams.desk import ExamDesk
from verifier.node.exams.opening import open_desk
from verifier.node.recipes import RecipeBook
from verifier.node.recompute import MODEL, Recomputation
from verifier.node.seat import SeatFactory, honest_seat
from verifier.node.statedir import StateDir
from verifier.node.store import Store
from verifier.node.workers import Workers

__all__ = ["OpenNode", "run_node", "signer_of"]

_log = logging.getLogger("assay.node")


def signer_of(config: NodeConfig, password: str | None = None) -> Signer:
    """The key a node signs with; `password` goes before the configured password file."""
    if config.local_account is not None:
        return local_signer(config.local_account, config.chain_id)
    if config.keystore is None:
        raise ConfigError("The node has no key: set keystore and keystore_password_file.")
    if password is None:
        if config.keystore_password_file is None:
            raise ConfigError(
                f"The password of the keystore {config.keystore} is missing: set "
                "keystore_password_file, or ASSAY_KEYSTORE_PASSWORD_FILE."
            )
        password = read_password(config.keystore_password_file)
    return load_keystore(config.keystore, password)


class OpenNode:
    """A node's folder, chain, key and engines, opened and checked. A context manager."""

    def __init__(
        self,
        files: StateDir,
        config: NodeConfig,
        *,
        password: str | None = None,
        engines: Mapping[bytes, Engine] | None = None,
    ) -> None:
        """
        Args:
            password: of the keystore, if it comes from elsewhere than the configured file.
            engines: by profileId, used in place of the configured ones.

        Raises:
            ConfigError: the key, the deployment file, the chain or the state does not fit.
            NodeError: no such agent, or the key does not act for it.
            RpcError: the chain does not answer.
        """
        self.files = files
        self.config = config
        self.deployment: Deployment = deployments.load(config.deployment)
        if self.deployment.chain_id != config.chain_id:
            raise ChainMismatch(
                f"The node in {files.root} is for chain {config.chain_id}, but the deployment "
                f"{config.deployment} is for chain {self.deployment.chain_id}: give the right "
                "file, or make a new node in another --state-dir."
            )
        self.signer = signer_of(config, password)
        self.gateway = Gateway(config.rpc_url, self.deployment)
        self.deployment.check(self.gateway)
        require_operator(self.gateway, config.agent_id, self.signer.address)
        self.court: Court = self.deployment.court
        genesis = self.gateway.identity()[1]
        self.store = Store(files.store, self.court, config.agent_id, genesis)
        self.recipes = RecipeBook(self.store, self.gateway, int(self.deployment.block))
        recomputation = Recomputation(self.gateway, ArtifactSource(config.backend_url))
        self.engines = EngineBook(config.engines, engines, {MODEL: recomputation})
        self.exams: ExamDesk | None = None
        self._journal: FileJournal | None = None

    def __enter__(self) -> OpenNode:
        return self

    def __exit__(self, *_: object) -> None:
        self.engines.close()
        if self.exams is not None:
            self.exams.tools.shelf.close()
        if self._journal is not None:
            self._journal.close_file()
        self.store.close()
        self.gateway.close()

    def check_engines(self) -> None:
        """EngineError or ProfileError unless the agent can work for all it is enrolled for."""
        enrolled = CourtView(self.gateway).enrolments(self.config.agent_id)
        if not enrolled:
            _log.warning(
                "agent %d is enrolled for no profile and so never drawn: see `assay agent enrol`",
                self.config.agent_id,
            )
        for profile_id in sorted(enrolled):
            profile = self.recipes.profile(profile_id)
            info = self.engines.check(profile)
            _log.info("profile %s: engine %s", profile.name, info.get("engine", "unknown"))

    def check_funds(self) -> None:
        """InsufficientFunds unless the key's account holds something to pay gas with."""
        if self.gateway.balance(self.signer.address) == 0:
            raise InsufficientFunds(
                f"The account {self.signer.address} holds nothing on chain {self.config.chain_id}, "
                "so it cannot pay for gas: send it funds."
            )

    def daemon(
        self, seat_factory: SeatFactory = honest_seat, workers: Workers | None = None
    ) -> NodeDaemon:
        """The daemon on this folder; the caller holds the folder's lock."""
        config, workers = self.config, workers or Workers()
        self._journal = FileJournal(self.files.journal)
        sender = Sender(self.gateway, self.signer, self._journal)
        self.exams = open_desk(
            config.exams,
            config.examiner,
            agent_id=config.agent_id,
            deployment=self.deployment,
            chain=self.gateway,
            signer=self.signer,
            sender=sender,
            store=self.store,
            files=self.files,
            recipes=self.recipes,
            engines=self.engines,
            backend_url=config.backend_url,
            workers=workers,
        )
        return NodeDaemon(
            DaemonConfig(
                agent_id=config.agent_id,
                court=self.court,
                first_block=int(self.deployment.block),
                state_dir=self.files.root,
                backend_url=config.backend_url,
                relay=config.relay,
                confirmations=config.confirmations,
                poll_seconds=config.poll_seconds,
                grace_seconds=config.grace_seconds,
                appeal_budget=config.appeal_budget,
            ),
            self.gateway,
            sender,
            self.store,
            self.engines,
            self.signer,
            seat_factory,
            workers,
            self.exams,
        )


def run_node(
    files: StateDir,
    *,
    password: str | None = None,
    engines: Mapping[bytes, Engine] | None = None,
    seat_factory: SeatFactory = honest_seat,
    metrics_address: str | None = None,
) -> ExitCode:
    """Runs the node of a state folder until SIGTERM or SIGINT; a second signal ends it at once.

    `metrics_address`: HOST:PORT to serve metrics on; None serves none.
    """
    config = NodeConfig.load(files)
    files.acquire()
    try:
        with OpenNode(files, config, password=password, engines=engines) as node:
            node.check_funds()
            node.check_engines()
            daemon = node.daemon(seat_factory)
            _stop_on_signals(daemon)
            _log.info(
                "node of agent %d on chain %d, court %s, account %s",
                config.agent_id,
                config.chain_id,
                node.court.rounds,
                node.signer.address,
            )
            with _metrics(metrics_address, daemon, node):
                return daemon.run()
    finally:
        files.release()


def _metrics(
    address: str | None, daemon: NodeDaemon, node: OpenNode
) -> AbstractContextManager[object]:
    if address is None:
        return nullcontext()
    # Imported here: a node without metrics does not need the package.
    from verifier.node.metrics import NodeCollector, serving_metrics

    return serving_metrics(address, NodeCollector(node.config.agent_id, daemon.health, node.store))


def _stop_on_signals(daemon: NodeDaemon) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        daemon.stop()

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
