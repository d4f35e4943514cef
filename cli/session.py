"""What most verbs begin with: the deployment, the chain it is on, and the key that signs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from eth_utils.address import is_address, to_checksum_address

from chain import deployment as deployments
from chain.deployment import Deployment
from chain.errors import ConfigError
from chain.gateway import Gateway
from chain.keys import Signer
from chain.sender import Sender
from chain.types import Address, AgentId, RequestHash, Wei
from chain.units import parse_ether
from cli.settings import Settings, load
from cli.signing import signer_from

__all__ = [
    "Session",
    "address",
    "agent_id",
    "chosen",
    "ether",
    "reading",
    "request_hash",
    "signing",
]


@dataclass(frozen=True, slots=True)
class Session:
    """A checked deployment and a key whose account pays."""

    settings: Settings
    deployment: Deployment
    gateway: Gateway
    signer: Signer
    sender: Sender


@contextmanager
def reading(chosen: Settings) -> Iterator[Gateway]:
    """A gateway to the configured deployment, checked against the chain."""
    deployment = deployments.load(chosen.deployment)
    gateway = Gateway(chosen.rpc_url, deployment)
    try:
        deployment.check(gateway)
        yield gateway
    finally:
        gateway.close()


@contextmanager
def signing(chosen: Settings) -> Iterator[Session]:
    """A session with the configured key."""
    deployment = deployments.load(chosen.deployment)
    signer = signer_from(chosen, deployment.chain_id)
    with reading(chosen) as gateway:
        yield Session(chosen, deployment, gateway, signer, Sender(gateway, signer))


def chosen(
    rpc_url: str | None,
    deployment: str | None,
    keystore: str | None,
    keystore_password_file: str | None,
    local_account: int | None,
) -> Settings:
    """The settings of a command that signs, with what was given on its line."""
    return load(
        rpc_url=rpc_url,
        deployment=deployment,
        keystore=keystore,
        keystore_password_file=keystore_password_file,
        local_account=local_account,
    )


def address(text: str) -> Address:
    """An account's or a contract's address as given on the command line."""
    if not is_address(text):
        raise ConfigError(f"{text!r} is not an address: give 0x and 40 hexadecimal digits.")
    return Address(str(to_checksum_address(text)))


def agent_id(text: str) -> AgentId:
    """An agent's number as given on the command line; 0 is one."""
    # No uint256 has more digits, and Python reads no number with thousands of them.
    if not text.isdecimal() or len(text) > 78 or int(text) >= 1 << 256:
        raise ConfigError(f"{text[:80]!r} is not an agent's number: give a whole number from 0 up.")
    return AgentId(int(text))


def ether(text: str) -> Wei:
    """An amount in ETH as given on the command line, in wei."""
    try:
        wei = parse_ether(text)
    except ValueError:
        wei = 0
    if wei == 0:
        raise ConfigError(
            f"{text!r} is not an amount: give ETH as a positive number such as 1.5, with at most "
            "18 decimals."
        )
    return Wei(wei)


def request_hash(text: str) -> RequestHash:
    """A round's request hash as given on the command line."""
    digits = text.removeprefix("0x")
    try:
        value = bytes.fromhex(digits)
    except ValueError:
        value = b""
    if len(value) != 32 or len(digits) != 64:
        raise ConfigError(
            f"{text!r} is not a request hash: give 0x and 64 hexadecimal digits, as `assay verify "
            "submit` prints them."
        )
    return RequestHash(value)
