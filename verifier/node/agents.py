"""Who acts for an agent, as the court sees it."""

from __future__ import annotations

from typing import Any, Protocol

from chain.errors import RevertError
from chain.types import Address
from verifier.node.errors import NodeError

__all__ = ["acts_for", "owner_of", "require_operator"]

_REGISTRY = "IdentityRegistry"


class _Caller(Protocol):
    def call(self, contract: str, function: str, *arguments: Any) -> Any: ...


def owner_of(gateway: _Caller, agent_id: int) -> Address:
    """The owner of an agent. NodeError if there is no such agent."""
    try:
        owner: Address = gateway.call(_REGISTRY, "ownerOf", agent_id)
    except RevertError:
        raise NodeError(
            f"There is no agent {agent_id} on this chain: register one with `assay agent register`."
        ) from None
    return owner


def acts_for(gateway: _Caller, agent_id: int, address: str) -> bool:
    """Whether an address is the agent's owner, approved for it, or its wallet.

    Raises:
        NodeError: there is no such agent.
    """
    owner_of(gateway, agent_id)
    if gateway.call(_REGISTRY, "isAuthorizedOrOwner", address, agent_id):
        return True
    return bool(gateway.call(_REGISTRY, "getAgentWallet", agent_id) == address)


def require_operator(gateway: _Caller, agent_id: int, address: str) -> None:
    """NodeError unless an address acts for an agent."""
    if not acts_for(gateway, agent_id, address):
        raise NodeError(
            f"The key {address} does not act for agent {agent_id}: use its owner's key, an "
            "approved address or its agent wallet."
        )
