"""Agents of a test's chain: registered, staked, enrolled, with their keys and senders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chain.blocks import TxReceipt
from chain.deployment import Deployment
from chain.events import Registered
from chain.fees import SendPolicy
from chain.gateway import Gateway
from chain.keys import Signer, local_signer
from chain.sender import Sender
from chain.types import AgentId, ProfileId, Wei
from chain.units import ETHER

QUICK: Final = SendPolicy(poll=0.02, give_up_after=20.0)
STAKE: Final = Wei(3 * ETHER)
NO_AGENT: Final = AgentId(-1)


@dataclass(frozen=True)
class Actor:
    """Somebody with a key; `agent_id` is NO_AGENT for one who is none."""

    signer: Signer
    sender: Sender
    agent_id: AgentId = NO_AGENT

    @property
    def address(self) -> str:
        return self.signer.address

    def send(self, contract: str, function: str, *arguments: object, value: int = 0) -> TxReceipt:
        return self.sender.send(contract, function, *arguments, value=value)


def person(gateway: Gateway, account: int) -> Actor:
    """Somebody who is no agent, with a local account."""
    signer = local_signer(account, gateway.chain_id())
    return Actor(signer, Sender(gateway, signer, policy=QUICK))


def agent(gateway: Gateway, account: int, stake: int = STAKE) -> Actor:
    """A registered and staked agent."""
    nobody = person(gateway, account)
    receipt = nobody.send("IdentityRegistry", "register", f"agent of account {account}")
    agent_id = receipt.one(Registered).agent_id
    nobody.send("StakeVault", "stake", agent_id, value=stake)
    return Actor(nobody.signer, nobody.sender, agent_id)


def verifier(gateway: Gateway, account: int, profile_id: ProfileId) -> Actor:
    """An agent that can be drawn from the next epoch on."""
    actor = agent(gateway, account)
    actor.send("StakeVault", "enrol", actor.agent_id, profile_id)
    return actor


def provider(gateway: Gateway, account: int, deployment: Deployment) -> Actor:
    """An agent whose receipts can be submitted through the Router."""
    actor = agent(gateway, account)
    router = deployment.address("Router")
    actor.send("IdentityRegistry", "approve", router, actor.agent_id)
    return actor
