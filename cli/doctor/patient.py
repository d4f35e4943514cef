"""What is examined: the settings, and what they lead to, opened once when first asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from chain import deployment as deployments
from chain.blocks import Block
from chain.deployment import Deployment
from chain.gateway import Gateway
from chain.keys import Signer, is_local
from chain.types import AgentId
from cli.settings import Settings
from cli.signing import signer_from
from verifier.tasks import Task


class NotSetUp(Exception):
    """There is nothing to check, and that is no fault: the sentence says what would bring it."""


@dataclass
class Patient:
    """An operator's environment.

    Attributes:
        agent_id: whom the key should act for, if given.
        task: what the engine is to make; a tiny one of the built-in model if not given.
    """

    settings: Settings
    agent_id: AgentId | None = None
    task: Task | None = None
    _opened: list[Gateway] = field(default_factory=list)

    @cached_property
    def deployment(self) -> Deployment:
        """Raises DeploymentError."""
        return deployments.load(self.settings.deployment)

    @cached_property
    def gateway(self) -> Gateway:
        """A door to the first RPC URL, which knows no deployment. Raises ConfigError."""
        return self.open(self.settings.rpc_url)

    @cached_property
    def court(self) -> Gateway:
        """The same door, knowing the deployment."""
        return self.gateway.with_deployment(self.deployment)

    @cached_property
    def head(self) -> Block:
        """The newest block, as it was when first asked for."""
        return self.gateway.head()

    @cached_property
    def signer(self) -> Signer:
        """Raises ConfigError, and NotSetUp where the settings name no key."""
        if self.settings.keystore is None and self.settings.local_account is None:
            raise NotSetUp(
                "No key is set, as suits a backend that sends nothing: --keystore names one."
            )
        return signer_from(self.settings, self.gateway.chain_id())

    @property
    def is_local(self) -> bool:
        """Whether the chain is a development chain, whose blocks come when they are needed."""
        return is_local(self.gateway.chain_id())

    def open(self, url: str) -> Gateway:
        """A door to a node; closed with the patient's others."""
        gateway = Gateway(url, tries=2, timeout=10.0)
        self._opened.append(gateway)
        return gateway

    def close(self) -> None:
        for gateway in self._opened:
            gateway.close()
