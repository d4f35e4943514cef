"""What is fixed about the deployment that a backend serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chain.anchors import ANCHOR, terms_of
from chain.deployment import Deployment
from chain.gateway import Gateway
from chain.messages import Court
from chain.structs import AnchorTerms
from chain.types import Address
from verifier.reputation import Policy


@dataclass(frozen=True)
class Network:
    """One deployment on one chain.

    Attributes:
        first_block: nothing of the deployment happened before it.
        contracts: name → address.
        parameters: what it was deployed with, as in the deployment file.
        policy: the reputation ledger's rule; `policy_id` is what the ledger calls it.
        anchor: the terms of the deployment's `ReliabilityAnchor`, if it has one.
    """

    chain_id: int
    first_block: int
    contracts: Mapping[str, Address]
    policy: Policy
    policy_id: bytes
    parameters: Mapping[str, Any] = field(default_factory=dict)
    anchor: AnchorTerms | None = None

    @property
    def registry(self) -> str:
        """CAIP-10 name of the identity registry; with it an agentId is unique in the world."""
        return f"eip155:{self.chain_id}:{self.contracts['IdentityRegistry']}"

    @property
    def court(self) -> Court:
        """The court that receipts are signed for."""
        return Court(self.chain_id, self.contracts["VerificationRounds"])

    @property
    def identity(self) -> str:
        """What tells this deployment from every other one on the same chain."""
        return f"{self.registry}/{self.contracts['VerificationRounds']}"


def read_network(gateway: Gateway, deployment: Deployment) -> Network:
    """Asks the ledger for its policy, and the anchor for its terms.

    Raises:
        RpcError: the node did not answer.
    """
    return Network(
        chain_id=deployment.chain_id,
        first_block=deployment.block,
        contracts=deployment.addresses,
        policy=Policy(half_life=gateway.call("ReputationLedger", "halfLife")),
        policy_id=bytes(gateway.call("ReputationLedger", "policyId")),
        parameters=deployment.parameters,
        anchor=terms_of(gateway) if ANCHOR in deployment.contracts else None,
    )
