"""Messages: what must differ differs, what must repeat repeats, what is malformed is refused.

That they are the bytes the contracts compute is shown by tests/contracts/test_round_story.py.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from chain import messages
from chain.errors import MessageError
from chain.keys import local_signer
from chain.messages import Court, Receipt
from chain.types import Address, AgentId, Bytes32, ProfileId

pytestmark = pytest.mark.unit

COURT = Court(31337, Address("0x5FbDB2315678afecb367f032d93F642f64180aa3"))
ELSEWHERE = [
    replace(COURT, chain_id=1),
    replace(COURT, rounds=Address("0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512")),
]
PROVIDER = local_signer(2, 31337)
A, B, C = (bytes(keccak(text=letter)) for letter in "abc")
RECEIPT = Receipt(
    client=local_signer(1, 31337).address,
    agent_id=AgentId(0),
    profile_id=ProfileId(A),
    task_hash=Bytes32(B),
    output_hash=Bytes32(C),
    deadline=1_800_000_000,
)


def test_receipt__when_signed__then_the_signer_is_recovered() -> None:
    signature = messages.sign_receipt(RECEIPT, COURT, PROVIDER)

    assert len(signature) == 65
    assert messages.recover_receipt_signer(RECEIPT, COURT, signature) == PROVIDER.address


@pytest.mark.parametrize(
    "change",
    [
        {"client": PROVIDER.address},
        {"agent_id": AgentId(1)},
        {"profile_id": ProfileId(B)},
        {"task_hash": Bytes32(A)},
        {"output_hash": Bytes32(A)},
        {"deadline": 1},
    ],
)
def test_receipt__when_anything_is_changed__then_the_signature_is_not_the_providers(
    change: dict[str, object],
) -> None:
    signature = messages.sign_receipt(RECEIPT, COURT, PROVIDER)
    changed = replace(RECEIPT, **change)  # type: ignore[arg-type]

    assert messages.recover_receipt_signer(changed, COURT, signature) != PROVIDER.address


@pytest.mark.parametrize("other", ELSEWHERE)
def test_messages__when_the_court_is_another__then_nothing_carries_over(other: Court) -> None:
    signature = messages.sign_receipt(RECEIPT, COURT, PROVIDER)

    assert messages.recover_receipt_signer(RECEIPT, other, signature) != PROVIDER.address
    assert messages.request_hash(RECEIPT, other, A) != messages.request_hash(RECEIPT, COURT, A)
    ours = messages.commitment(COURT, A, 0, B, 0, C, A, B)
    assert messages.commitment(other, A, 0, B, 0, C, A, B) != ours
    salt = messages.seat_salt(PROVIDER, COURT, A, 0, 0, 0)
    assert messages.seat_salt(PROVIDER, other, A, 0, 0, 0) != salt


@pytest.mark.parametrize("signature", [b"", b"\x00" * 65, b"\xff" * 65, b"\x01" * 64])
def test_recover__when_the_signature_is_malformed__then_one_sentence(signature: bytes) -> None:
    with pytest.raises(MessageError, match="signature is malformed"):
        messages.recover_receipt_signer(RECEIPT, COURT, signature)


def test_commitment__then_it_is_the_hash_of_everything_bound() -> None:
    types = ["uint256", "address", "bytes32", "uint8", "bytes32", "uint256", *["bytes32"] * 3]
    values = [31337, COURT.rounds, A, 0, B, 7, C, A, B]

    committed = messages.commitment(COURT, A, 0, B, 7, C, A, B)

    assert committed == keccak(encode(types, values))


@pytest.mark.parametrize(("seat", "level", "agent_id"), [(0, 0, 0), (255, 3, 2**256 - 1)])
def test_seat_salt__when_asked_again__then_it_is_the_same(
    seat: int, level: int, agent_id: int
) -> None:
    salt = messages.seat_salt(PROVIDER, COURT, A, level, seat, agent_id)

    assert len(salt) == 32
    assert salt == messages.seat_salt(local_signer(2, 31337), COURT, A, level, seat, agent_id)


def test_seat_salt__when_anything_differs__then_it_is_another() -> None:
    salts = {
        messages.seat_salt(PROVIDER, COURT, A, 0, 0, 0),
        messages.seat_salt(PROVIDER, COURT, B, 0, 0, 0),
        messages.seat_salt(PROVIDER, COURT, A, 1, 0, 0),
        messages.seat_salt(PROVIDER, COURT, A, 0, 1, 0),
        messages.seat_salt(PROVIDER, COURT, A, 0, 0, 1),
        messages.seat_salt(local_signer(3, 31337), COURT, A, 0, 0, 0),
        messages.output_salt(PROVIDER, COURT, 0, A, B),
        messages.output_salt(PROVIDER, COURT, 0, B, A),
    }

    assert len(salts) == 8


def test_output_hash__then_salt_and_content_are_bound() -> None:
    content = messages.content_hash(b"output")

    assert content == keccak(b"output")
    assert messages.output_hash(A, content) == keccak(A + content)


@pytest.mark.parametrize("word", [b"", b"\x00" * 31, b"\x00" * 33])
def test_messages__when_a_word_is_not_32_bytes__then_it_is_named(word: bytes) -> None:
    with pytest.raises(MessageError, match=f"nonce must be 32 bytes, not {len(word)}"):
        messages.request_hash(RECEIPT, COURT, word)
    with pytest.raises(MessageError, match="digest must be 32 bytes"):
        messages.commitment(COURT, A, 0, B, 0, word, A, B)
