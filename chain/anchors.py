"""Puts a reporter's `ReliabilityAnchor` on a chain where the other contracts stand.

An anchor belongs to one reporter, so it is no part of `chain.deploy`. Its address follows from its
code, its terms and a salt (`create2`); doing it again finds it standing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from chain import artifacts, create2, deployment
from chain.abi import encode
from chain.deploy import DEFAULT_SALT
from chain.deployment import ContractRecord, Deployment
from chain.errors import DeploymentError
from chain.gateway import Gateway
from chain.keys import Signer
from chain.sender import Sender
from chain.structs import AnchorTerms
from chain.types import AgentId, BlockNumber, Bytes32, ProfileId, Wei

__all__ = ["ANCHOR", "deploy_anchor", "terms_of"]

ANCHOR = "ReliabilityAnchor"


def deploy_anchor(
    gateway: Gateway,
    signer: Signer,
    terms: AnchorTerms,
    file: Path,
    *,
    salt: Bytes32 = DEFAULT_SALT,
) -> Deployment:
    """The deployment in `file` with the anchor, which is also written there.

    Raises:
        DeploymentError: the deployment is not complete, or has an anchor of other terms.
        RevertError: the contract refuses the terms.
    """
    state = deployment.load(file)
    if not state.complete:
        raise DeploymentError(f"The deployment {file} is not complete: finish it first.")
    artifact = artifacts.load(ANCHOR)
    court, validation = state.address("VerificationRounds"), state.address("ValidationRegistry")
    arguments = encode(artifact.entries("constructor")[0]["inputs"], [terms, court, validation])
    code = artifact.bytecode + arguments
    address = create2.address_of(salt, code)
    if ANCHOR in state.contracts:
        if state.address(ANCHOR) != address:
            raise DeploymentError(
                f"The deployment {file} has an anchor of other terms at {state.address(ANCHOR)}: "
                "use another file for this one."
            )
        return state
    sender = Sender(gateway, signer)
    create2.ensure_factory(gateway, sender)
    block = gateway.head().number
    if not gateway.code(address):
        receipt = sender.send_call(create2.creation(salt, code, f"deploy {ANCHOR}"))
        block = receipt.block_number
    standing = gateway.code(address)
    if not standing:
        raise DeploymentError(f"{ANCHOR} did not come to stand at {address}: try again.")
    record = ContractRecord(address, Bytes32(keccak(standing)), BlockNumber(block))
    changed = state.with_contract(ANCHOR, record)
    changed.save(file)
    return changed


def terms_of(gateway: Gateway) -> AnchorTerms:
    """What the deployment's anchor was deployed with.

    Raises:
        RpcError: the node did not answer.
    """

    def ask(name: str) -> Any:
        return gateway.call(ANCHOR, name)

    return AnchorTerms(
        agent_id=AgentId(ask("agentId")),
        reporter=ask("reporter"),
        profile_id=ProfileId(ask("profileId")),
        window=ask("window"),
        answer_window=ask("answerWindow"),
        court_window=ask("courtWindow"),
        slots=ask("slots"),
        bond=Wei(ask("bond")),
        challenge_bond=Wei(ask("challengeBond")),
    )
