"""The ERC-8004 Identity Registry: who the agents are and who owns them."""

from __future__ import annotations

from typing import Final

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from backend.indexer.rules.scope import Rules, Scope, text
from backend.store import Agent, AgentMetadata
from chain.events import MetadataSet, Registered, Transfer, URIUpdated
from chain.types import ZERO_ADDRESS

WALLET_KEY: Final = "agentWallet"
"""The reserved metadata key whose value is the agent's own wallet, 20 bytes or none."""

_ADDRESS_BYTES: Final = 20


def _transfer(scope: Scope, event: Transfer) -> None:
    scope.agent(event.token_id)
    if event.from_ == ZERO_ADDRESS:
        scope.rows.put(
            Agent,
            event.token_id,
            registered_block=event.log.block_number,
            registered_at=scope.timestamp,
        )
    else:
        scope.rows.put(Agent, event.token_id, wallet=None)
    scope.owned(event, event.token_id, event.to)


def _registered(scope: Scope, event: Registered) -> None:
    scope.agent(event.agent_id)
    scope.rows.put(Agent, event.agent_id, uri=text(event.agent_uri))


def _uri_updated(scope: Scope, event: URIUpdated) -> None:
    scope.agent(event.agent_id)
    scope.rows.put(Agent, event.agent_id, uri=text(event.new_uri))


def _metadata_set(scope: Scope, event: MetadataSet) -> None:
    scope.agent(event.agent_id)
    value = event.metadata_value
    scope.rows.put(
        AgentMetadata,
        event.agent_id,
        bytes(keccak(text=event.metadata_key)),
        key=text(event.metadata_key),
        value=value,
    )
    if event.metadata_key == WALLET_KEY:
        wallet = str(to_checksum_address(value)) if len(value) == _ADDRESS_BYTES else None
        scope.rows.put(Agent, event.agent_id, wallet=None if wallet == ZERO_ADDRESS else wallet)


RULES: Rules = {
    Transfer: _transfer,
    Registered: _registered,
    URIUpdated: _uri_updated,
    MetadataSet: _metadata_set,
}
