"""Checks of the nodes at the RPC URLs, and of the contracts behind them."""

from __future__ import annotations

from time import time as now
from typing import Final

from chain import deployment as deployments
from chain.errors import ConfigError, RpcRejected
from chain.gateway import Gateway
from chain.types import BlockNumber
from chain.units import show_ether
from cli.doctor.patient import NotSetUp, Patient

AHEAD_SECONDS: Final = 30
"""A block may be this far in this machine's future."""

STALE_SECONDS: Final = 900
"""A public chain whose newest block is older has stopped, or the clock is wrong."""

GAS_PER_STEP: Final = 250_000
"""Gas of a costly step of a round (docs/gas.md), rounded up."""

FEWEST_STEPS: Final = 20
"""An account that cannot pay so many is empty before anybody looks again."""


def rpc(patient: Patient) -> str:
    head = patient.head
    return f"The node at {patient.gateway.label} answers; its newest block is {head.number}."


def fallbacks(patient: Patient) -> str:
    urls = [part.strip() for part in (patient.settings.rpc_fallbacks or "").split(",")]
    labels = [_same_chain(patient, patient.open(url)) for url in urls if url]
    if not labels:
        raise NotSetUp(
            "There is one RPC URL only: give --rpc-fallbacks, and a backend outlives its failure."
        )
    return f"Also of this chain, should the first node fail: {', '.join(labels)}."


def _same_chain(patient: Patient, other: Gateway) -> str:
    ours, theirs = patient.gateway.chain_id(), other.chain_id()
    if ours != theirs:
        raise ConfigError(
            f"The fallback at {other.label} serves chain {theirs}, the first node chain {ours}: "
            "take it out of --rpc-fallbacks."
        )
    return other.label


def chain_id(patient: Patient) -> str:
    deployments.check_chain(patient.deployment.chain_id, patient.gateway)
    return f"Node and deployment file agree on chain {patient.deployment.chain_id}."


def deployment(patient: Patient) -> str:
    found = patient.deployment
    if not found.complete:
        raise ConfigError(
            f"The deployment in {patient.settings.deployment} is not complete: run `assay deploy` "
            "again with the same file."
        )
    return f"The deployment file names {len(found.contracts)} contracts, from block {found.block}."


def contracts(patient: Patient) -> str:
    patient.deployment.check(patient.gateway)
    return "The code of every contract is what was deployed, and the contracts know each other."


def finalized(patient: Patient) -> str:
    try:
        block = patient.gateway.finalized()
    except RpcRejected as error:
        raise ConfigError(
            f"The node at {patient.gateway.label} does not say which block is final "
            f"({error.reason}): use one that serves the tag `finalized`."
        ) from None
    behind = max(patient.head.number - block.number, 0)
    return f"The newest final block is {block.number}, {behind} blocks behind the newest."


def history(patient: Patient) -> str:
    """State of past blocks: of the final one for the index's checks, of old ones for auditors."""
    registry = patient.deployment.address("IdentityRegistry")
    final = patient.gateway.finalized().number
    needed = max(final, patient.deployment.block)
    _state_at(patient, registry, needed)
    oldest = max(BlockNumber(record.block) for record in patient.deployment.contracts.values())
    try:
        _state_at(patient, registry, oldest)
    except ConfigError:
        return (
            f"The node has the state of block {needed}, not of all older ones: enough to serve; "
            "checking old answers (`assay verify reputation`) needs an archive node."
        )
    return f"The node has the state of past blocks back to {oldest}, where the deployment began."


def _state_at(patient: Patient, address: str, number: int) -> None:
    try:
        found = patient.gateway.code(address, BlockNumber(number))
    except RpcRejected as error:
        reason = error.reason
    else:
        if found:
            return
        reason = "it finds no contract there"
    raise ConfigError(
        f"The node at {patient.gateway.label} does not have the state of block {number} "
        f"({reason}): use one that keeps more."
    )


def clock(patient: Patient) -> str:
    behind = now() - patient.head.timestamp
    if behind < -AHEAD_SECONDS:
        raise ConfigError(
            f"The newest block is {-behind:.0f} seconds in this machine's future: set the clock "
            "(NTP), for windows and deadlines are kept by it."
        )
    if patient.is_local:
        return "The clock is not behind the chain's; a local chain's blocks come when needed."
    if behind > STALE_SECONDS:
        raise ConfigError(
            f"The newest block is {behind:.0f} seconds old: either the node at "
            f"{patient.gateway.label} has stopped following the chain, or this clock is ahead."
        )
    return f"The newest block is {max(behind, 0):.0f} seconds old by this machine's clock."


def balance(patient: Patient) -> str:
    address = patient.signer.address
    held = patient.gateway.balance(address)
    price = 2 * patient.head.base_fee + patient.gateway.priority_fee()
    steps = held // (GAS_PER_STEP * max(price, 1))
    if steps < FEWEST_STEPS:
        raise ConfigError(
            f"The account {address} holds {show_ether(held)}, gas for {steps} steps of rounds: "
            f"send it {show_ether(FEWEST_STEPS * GAS_PER_STEP * price)} at least."
        )
    return f"The account {address} holds {show_ether(held)}, gas for {steps:,} steps of rounds."
