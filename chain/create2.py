"""Contracts at addresses that follow from their code alone (EIP-1014), the same on every chain.

The factory is the one that most chains have: 69 bytes of code, put there by a transaction whose
signature was made up, so that nobody has its sender's key. Where it is missing, that transaction
puts it there; its gas price is fixed at 100 gwei, which the sender has to be given first.
"""

from __future__ import annotations

from typing import Final

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from chain.blocks import Call
from chain.errors import DeploymentError, RpcError
from chain.gateway import Gateway
from chain.sender import Sender
from chain.types import Address, Wei

FACTORY: Final = Address("0x4e59b44847b379578588920cA78FbF26c0B4956C")
FACTORY_CODE: Final = bytes.fromhex(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe036"
    "01600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
)
FACTORY_SENDER: Final = Address("0x3fAB184622Dc19b6109349B94811493BF2a45362")
FACTORY_COST: Final = Wei(100_000 * 100 * 10**9)
FACTORY_TRANSACTION: Final = (
    bytes.fromhex("f8a58085174876e800830186a08080b853604580600e600039806000f350fe")
    + FACTORY_CODE
    + bytes.fromhex("1ba0" + 32 * "22" + "a0" + 32 * "22")
)
"""Legacy: nonce 0, gas 100,000 at 100 gwei, signed with r = s = 0x22…22 for any chain."""


def address_of(salt: bytes, init_code: bytes) -> Address:
    """Where the factory puts a contract."""
    seed = b"\xff" + bytes.fromhex(FACTORY[2:]) + salt + keccak(init_code)
    return Address(str(to_checksum_address(keccak(seed)[-20:])))


def creation(salt: bytes, init_code: bytes, label: str) -> Call:
    """The call of the factory that puts a contract there."""
    return Call(FACTORY, salt + init_code, Wei(0), label)


def ensure_factory(gateway: Gateway, sender: Sender) -> None:
    """Puts the factory on a chain that lacks it.

    Raises:
        DeploymentError: the chain takes no transactions without a chain id, or another contract
            stands there.
    """
    if is_there(gateway):
        return
    missing = FACTORY_COST - gateway.balance(FACTORY_SENDER)
    if missing > 0:
        sender.send_call(
            Call(FACTORY_SENDER, b"", Wei(missing), "factory's fee"), job="factory's fee"
        )
    try:
        gateway.broadcast(FACTORY_TRANSACTION)
    except RpcError as error:
        raise DeploymentError(
            f"The chain does not take the transaction that makes the CREATE2 factory: {error}"
        ) from None
    # It is mined before anything that is sent after it.
    sender.send_call(Call(sender.address, b"", Wei(0), "wait for the factory"))
    if not is_there(gateway):
        raise DeploymentError(f"The CREATE2 factory did not come to stand at {FACTORY}: try again.")


def is_there(gateway: Gateway) -> bool:
    """Whether the factory stands on the chain.

    Raises:
        DeploymentError: something else stands at its address.
    """
    code = gateway.code(FACTORY)
    if code and code != FACTORY_CODE:
        raise DeploymentError(f"What stands at {FACTORY} is not the CREATE2 factory.")
    return bool(code)
