"""The CREATE2 factory's constants against one another."""

from __future__ import annotations

import pytest
import rlp
from eth_account import Account
from eth_utils.crypto import keccak

from chain import create2

pytestmark = pytest.mark.unit


def test_factory__when_its_transaction_is_read__then_it_makes_that_code_at_that_address() -> None:
    nonce, price, gas, to, value, data, *_ = rlp.decode(create2.FACTORY_TRANSACTION)
    sender = Account.recover_transaction(create2.FACTORY_TRANSACTION)

    assert sender == create2.FACTORY_SENDER
    assert int.from_bytes(price) * int.from_bytes(gas) == create2.FACTORY_COST
    assert (nonce, to, value) == (b"", b"", b"")
    assert data.endswith(create2.FACTORY_CODE)
    made = keccak(rlp.encode([bytes.fromhex(sender[2:]), 0]))[-20:]
    assert made.hex() == create2.FACTORY[2:].lower()


def test_address__when_salt_or_code_changes__then_it_is_another() -> None:
    found = {
        create2.address_of(salt, code) for salt in (b"\0" * 32, b"\1" * 32) for code in (b"", b"a")
    }

    assert len(found) == 4
    call = create2.creation(b"\1" * 32, b"code", "label")
    assert (call.to, call.data) == (create2.FACTORY, b"\1" * 32 + b"code")
