"""Revert data in, a sentence with the values out."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from chain import abi, artifacts
from chain.reverts import revert_error
from chain.types import PROVIDER_SEAT, Phase

pytestmark = pytest.mark.unit

HASH = keccak(b"a round")


def data_of(contract: str, error: str, *values: Any) -> bytes:
    entry = next(e for e in artifacts.load(contract).entries("error") if e["name"] == error)
    return abi.selector(entry) + abi.encode(entry["inputs"], values)


def test_revert__when_a_round_is_in_another_phase__then_both_phases_are_named() -> None:
    data = data_of("VerificationRounds", "RoundWrongPhase", HASH, Phase.OPENING, Phase.COMMITTING)

    error = revert_error(data)

    assert error.name == "RoundWrongPhase"
    assert error.arguments == {
        "requestHash": HASH,
        "actual": Phase.OPENING,
        "required": Phase.COMMITTING,
    }
    assert str(error) == (
        f"Round 0x{HASH[:6].hex()}… is Opening; this is possible only while it is Committing."
    )


def test_revert__when_money_and_time_are_in_it__then_people_can_read_them() -> None:
    stake = data_of("StakeVault", "VaultInsufficientStake", 3, 5 * 10**17, 10**18)
    until = data_of("StakeVault", "VaultStillUnbonding", 0, 1_700_000_000)

    assert str(revert_error(stake)).startswith("Agent 3 has 0.5 ETH of free stake and needs 1 ETH:")
    assert str(revert_error(until)).startswith(
        "The stake of agent 0 is unbonding until 2023-11-14 22:13:20 UTC:"
    )


def test_revert__when_the_seat_is_the_providers__then_it_says_so() -> None:
    data = data_of("VerificationRounds", "SeatAlreadyOpened", HASH, PROVIDER_SEAT)

    assert str(revert_error(data)).startswith("Seat of the provider of round")


@pytest.mark.parametrize("contract", ["StakeVault", "VerificationRounds", "IdentityRegistry"])
def test_revert__when_any_error_comes__then_its_sentence_can_be_made(contract: str) -> None:
    samples: dict[str, Any] = {
        "address": "0x" + "11" * 20,
        "bytes32": HASH,
        "bytes": b"\x01" * 40,
        "string": "why",
    }
    for entry in artifacts.load(contract).entries("error"):
        values = [samples.get(param["type"], 1) for param in entry["inputs"]]
        error = revert_error(abi.selector(entry) + abi.encode(entry["inputs"], values))
        assert error.name == entry["name"]
        assert "{" not in str(error)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "StakeVault.stake: The contract refused without giving a reason."),
        (b"\x08\xc3\x79\xa0" + encode(["string"], ["nope"]), "The contract refused: nope"),
        (
            b"\x4e\x48\x7b\x71" + encode(["uint256"], [0x11]),
            "The contract stopped on an internal check: a number became too large or negative.",
        ),
        (
            b"\xde\xad\xbe\xef",
            "StakeVault.stake: The contract refused with an error unknown here (0xdeadbeef).",
        ),
        (
            b"\x08\xc3\x79\xa0\x00",
            "StakeVault.stake: The contract refused with data that has no meaning here: "
            "0x08c379a000.",
        ),
    ],
)
def test_revert__when_it_is_no_custom_error__then_it_is_said_what_is_known(
    data: bytes, sentence: str
) -> None:
    assert str(revert_error(data, "StakeVault.stake")) == sentence
