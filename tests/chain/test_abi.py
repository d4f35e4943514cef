"""ABI coding: structs, enums, addresses, and text that anybody may have emitted."""

from __future__ import annotations

import random

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address

from chain import abi, artifacts
from chain.checksum import checksummed
from chain.decoder import EventDecoder
from chain.errors import ConfigError, MessageError
from chain.events import Opened, Registered, RoundFinalized
from chain.structs import Stake
from chain.types import Address, Verdict, Wei

pytestmark = pytest.mark.unit

HERE = Address("0x5FbDB2315678afecb367f032d93F642f64180aa3")
THERE = Address("0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512")
HASH = "0x" + "ab" * 32


@pytest.mark.parametrize(
    ("solidity", "python"),
    [
        ("taskURI", "task_uri"),
        ("priceWei", "price_wei"),
        ("indexedTag1", "indexed_tag1"),
        ("slashNoCommitBps", "slash_no_commit_bps"),
        ("halfLife_", "half_life_"),
        ("from", "from_"),
    ],
)
def test_snake__then_names_are_pythons(solidity: str, python: str) -> None:
    assert abi.snake(solidity) == python


def test_encode__when_given_a_dataclass__then_it_comes_back_as_one() -> None:
    entry = abi.function("StakeVault", "stakeOf", 1)
    stake = Stake(Wei(1), Wei(2), Wei(3), 4, 5)

    assert abi.decode(entry["outputs"], abi.encode(entry["outputs"], [stake])) == (stake,)


def test_function__when_overloaded__then_arguments_or_the_signature_decide() -> None:
    assert abi.signature(abi.function("IdentityRegistry", "register", 1)) == "register(string)"
    assert abi.encode_call("IdentityRegistry", "register", [])[:4].hex() == "1aa3a008"
    assert abi.encode_call("IdentityRegistry", "register(string)", ["x"])[:4].hex() == "f2c298be"
    with pytest.raises(ConfigError, match="no function register with 9 arguments"):
        abi.function("IdentityRegistry", "register", 9)


@pytest.mark.parametrize("values", [[], [1, 2], ["one"], [-1], [1 << 256]])
def test_encode__when_values_do_not_fit__then_one_sentence(values: list[object]) -> None:
    with pytest.raises(MessageError, match=r"values are needed|does not fit its type"):
        abi.encode([{"type": "uint256"}], values)


def test_decode__when_data_is_cut__then_one_sentence() -> None:
    with pytest.raises(MessageError, match="does not have the form"):
        abi.decode([{"type": "uint256"}], b"\x00" * 31)


def raw(address: str, topics: list[str], data: bytes) -> dict[str, object]:
    return {
        "address": address.lower(),
        "topics": topics,
        "data": "0x" + data.hex(),
        "blockNumber": "0x10",
        "blockHash": HASH,
        "transactionHash": HASH,
        "logIndex": "0x2",
    }


def topic(contract: str, event: str) -> str:
    entry = next(e for e in artifacts.load(contract).entries("event") if e["name"] == event)
    return "0x" + abi.topic0(entry).hex()


FINAL = raw(
    HERE,
    [topic("VerificationRounds", "RoundFinalized"), HASH],
    encode(["uint8", "string", "address"], [4, "vni:timeout", THERE]),
)


def test_decoder__when_a_log_is_known__then_it_is_typed_and_has_its_place() -> None:
    event = EventDecoder({"VerificationRounds": HERE}).decode(FINAL)

    assert isinstance(event, RoundFinalized)
    assert event.verdict is Verdict.EXPIRED
    assert (event.tag, event.finalizer) == ("vni:timeout", THERE)
    assert event.request_hash == b"\xab" * 32
    assert (event.log.contract, event.log.address) == ("VerificationRounds", HERE)
    assert (event.log.block_number, event.log.log_index) == (16, 2)


def test_decoder__when_another_address_emits_it__then_it_is_nothing() -> None:
    assert EventDecoder({"VerificationRounds": THERE}).decode(FINAL) is None
    assert EventDecoder({"StakeVault": HERE}).decode(FINAL) is None


def test_decoder__when_the_topic_is_unknown_or_missing__then_it_is_nothing() -> None:
    decoder = EventDecoder({"VerificationRounds": HERE})

    assert decoder.decode(raw(HERE, ["0x" + "00" * 32], b"")) is None
    assert decoder.decode(raw(HERE, [], b"")) is None


def test_decoder__when_a_text_is_not_utf8__then_it_is_decoded_all_the_same() -> None:
    log = raw(
        HERE,
        [topic("IdentityRegistry", "Registered"), "0x" + "00" * 32, "0x" + "00" * 12 + THERE[2:]],
        encode(["bytes"], [b"\xff\xfe evil"]),
    )

    event = EventDecoder({"IdentityRegistry": HERE}).decode(log)

    assert isinstance(event, Registered)
    assert (event.agent_id, event.agent_uri, event.owner) == (0, "\ufffd\ufffd evil", THERE)


def test_decoder__when_numbers_are_indexed__then_they_are_numbers() -> None:
    log = raw(
        HERE,
        [topic("VerificationRounds", "Opened"), HASH, "0x" + "00" * 31 + "07"],
        encode(["uint8", "uint8", "bytes32", "bytes32"], [0, 255, b"\x01" * 32, bytes(32)]),
    )

    event = EventDecoder({"VerificationRounds": HERE}).decode(log)

    assert isinstance(event, Opened)
    assert (event.agent_id, event.seat) == (7, 255)


def test_checksummed__then_as_the_library_writes_it() -> None:
    dice = random.Random(55)
    accounts = [dice.randbytes(20) for _ in range(300)] + [bytes(20), b"\xff" * 20, b"\xab" * 20]
    for account in accounts:
        assert checksummed(account) == to_checksum_address(account)
