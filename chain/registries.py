"""ERC-8004's registries on public chains: where they stand, and the handshake before they are used.

The public registries can be upgraded by their owner, and an address may be mistyped: so before
anything else the version is asked, and whether each belongs to the same Identity Registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from chain.blocks import Call
from chain.conformance.surface import IDENTITY, REPUTATION, VALIDATION, function
from chain.errors import DeploymentError, MessageError, RevertError
from chain.types import Address, Wei

REGISTRIES: Final = (IDENTITY, REPUTATION, VALIDATION)

CANONICAL: Final[Mapping[str, Mapping[str, Address]]] = {
    "mainnet": {
        IDENTITY: Address("0x8004A169FB4a3325136EB29fA0ceB6D2e539a432"),
        REPUTATION: Address("0x8004BAa17C55a88189AE136b182e5fdA19dE9b63"),
    },
    "testnet": {
        IDENTITY: Address("0x8004A818BFB912233c491871b3d84c89A494BD9e"),
        REPUTATION: Address("0x8004B663056A597Dffe9eCcC1965A193B7388713"),
    },
}
"""The same on every chain of a kind. Validation registries are not out yet: ours is deployed."""

MAJOR: Final = "2."
"""Of the version whose functions and events we use."""


class Caller(Protocol):
    """What the handshake needs of a gateway."""

    def simulate(
        self, call: Call, sender: Address | None = None, *, block: int | str = "latest"
    ) -> bytes: ...


def canonical(kind: str) -> Mapping[str, Address]:
    """The public registries of mainnets or of testnets.

    Raises:
        DeploymentError: another kind.
    """
    if kind not in CANONICAL:
        raise DeploymentError(
            f"There are no canonical registries for {kind!r}: say {' or '.join(CANONICAL)}."
        )
    return CANONICAL[kind]


def handshake(addresses: Mapping[str, Address], gateway: Caller) -> None:
    """Refuses registries that are of another version or do not belong together.

    Args:
        addresses: by contract name; names that are no registry's do not matter.

    Raises:
        DeploymentError: says which one, and what it is instead.
        RpcError: the node did not answer.
    """
    for name in REGISTRIES:
        if name not in addresses:
            continue
        version = _ask(gateway, name, addresses[name], "getVersion")
        if not version.startswith(MAJOR):
            raise DeploymentError(
                f"The {name} at {addresses[name]} is of version {version!r}, and Assay needs "
                f"{MAJOR}x: give the address of another one."
            )
        if name == IDENTITY:
            continue
        belongs = _ask(gateway, name, addresses[name], "getIdentityRegistry")
        if belongs != addresses.get(IDENTITY):
            raise DeploymentError(
                f"The {name} at {addresses[name]} belongs to the IdentityRegistry at {belongs}: "
                "give that one too."
            )


def _ask(gateway: Caller, contract: str, address: Address, name: str) -> str:
    view = function(contract, name)
    try:
        answer = gateway.simulate(Call(address, view.encode(()), Wei(0), name), block="latest")
        return str(view.decode(answer))
    except (RevertError, MessageError):
        raise DeploymentError(
            f"What stands at {address} is no {contract} of ERC-8004: it does not answer {name}()."
        ) from None
