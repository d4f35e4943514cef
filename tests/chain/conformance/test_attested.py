"""What is wrong with a file of attestations is found, each thing by itself."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest
from eth_account import Account
from eth_utils.crypto import keccak

from chain import abi, aggregated
from chain.aggregated import Aggregated
from chain.attestations import Attestation, root
from chain.conformance.attested import faults
from chain.conformance.network import POLICY, RESPONDED, Request
from chain.conformance.scene import Scene
from chain.errors import MessageError
from chain.types import Address

pytestmark = pytest.mark.unit

CHAIN_ID: Final = 31337
NETWORK: Final = Address("0x" + "Ab" * 20)
REQUEST: Final = keccak(text="request")
KIND: Final = keccak(text="kind")
AGENT: Final = 7
KEYS: Final = tuple(Account.from_key(keccak(text=f"validator {n}")) for n in range(3))
POLICY_BYTES: Final = abi.encode([{"type": POLICY}], [(1, 3, 2, 2, 60, 1, KIND, b"")])


def attestation(number: int, verdict: int = 100) -> Attestation:
    return Attestation(
        request_hash=REQUEST,
        agent_id=AGENT,
        validator=Address(KEYS[number].address),
        verdict=verdict,
        evidence_hash=keccak(text=f"evidence {number}"),
        issued_at=1_700_000_000 + number,
        challenge_kind=KIND,
        nonce_hash=keccak(text="nonce"),
    )


def file_of(attestations: list[Attestation]) -> Aggregated:
    signed = []
    for each, key in zip(attestations, KEYS, strict=True):
        message = aggregated.message(each, CHAIN_ID, NETWORK)
        signed.append((each, bytes(key.sign_message(message).signature)))
    return Aggregated(
        request_hash=REQUEST,
        policy=POLICY_BYTES,
        validators=tuple(each.validator for each in attestations),
        attestations=tuple(signed),
        root=root(attestations),
        verdict=100,
        mode=aggregated.MAJORITY,
    )


GOOD: Final = file_of([attestation(0), attestation(1, 0), attestation(2)])
FEW: Final = file_of([attestation(0), attestation(1, 0), attestation(2, 0)])
ALIEN: Final = file_of(
    [attestation(0), attestation(1), replace(attestation(2), challenge_kind=REQUEST)]
)


def found(file: Aggregated, *, on_chain: bytes = b"", unsigned: bool = False) -> list[str]:
    """Faults of a file whose root, or another one, is on chain with the verdict 100."""

    def request(method: str, *_: Any) -> str:
        return hex(CHAIN_ID) if method == "eth_chainId" else "0x"

    told = (REQUEST, tuple(key.address for key in KEYS), on_chain or file.root, 100)
    scene = SimpleNamespace(
        subject=SimpleNamespace(address=lambda _: NETWORK, rpc=SimpleNamespace(request=request)),
        logs=lambda *_: [told],
    )
    asked = Request(REQUEST, POLICY_BYTES, 0, RESPONDED, 3, True)
    return list(faults(cast(Scene, scene), asked, file, unsigned=unsigned))


def resigned(file: Aggregated, number: int, signature: bytes) -> Aggregated:
    entries = list(file.attestations)
    entries[number] = (entries[number][0], signature)
    return replace(file, attestations=tuple(entries))


def test_file__when_all_is_right__then_nothing_is_found() -> None:
    assert found(GOOD) == []
    again = aggregated.read(GOOD.write(), AGENT)
    assert again == GOOD
    assert aggregated.hash_of(json.dumps(json.loads(GOOD.write()), indent=1).encode()) == keccak(
        GOOD.write()
    )


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        (replace(GOOD, request_hash=KIND), "of another request"),
        (replace(GOOD, policy=b""), "another policy"),
        (replace(GOOD, mode=aggregated.UNANIMOUS), "another policy"),
        (replace(GOOD, validators=GOOD.validators[::-1]), "not those of AttestationsAggregated"),
        (replace(GOOD, attestations=GOOD.attestations[:2]), "not its validators', one each"),
        (ALIEN, "another challenge"),
        (replace(GOOD, root=KIND), "not that of its attestations"),
        (FEW, "does not follow from its attestations"),
        (replace(GOOD, verdict=0), "not that of AttestationsAggregated"),
        (resigned(GOOD, 1, GOOD.attestations[0][1]), "is not signed by it"),
        (resigned(GOOD, 1, b""), "is not signed by it"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_file__when_one_thing_is_wrong__then_it_is_found(file: Aggregated, fault: str) -> None:
    assert any(fault in sentence for sentence in found(file)), found(file)


def test_file__when_another_root_is_on_chain__then_it_is_found() -> None:
    assert found(GOOD, on_chain=KIND) == ["its root is not that of AttestationsAggregated"]


def test_file__when_it_follows_from_the_chain__then_nobody_need_sign() -> None:
    bare = replace(GOOD, attestations=tuple((each, b"") for each, _ in GOOD.attestations))

    assert found(bare, unsigned=True) == []
    assert len(found(bare)) == len(KEYS)


@pytest.mark.parametrize("schema", aggregated.SCHEMAS)
def test_read__when_either_draft_wrote_it__then_taken(schema: str) -> None:
    value = json.loads(GOOD.write()) | {"schema": schema}

    assert aggregated.read(json.dumps(value).encode(), AGENT) == GOOD


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "another/v1"},
        {"requestHash": "0x12"},
        {"policy": "12"},
        {"validators": ["nobody"]},
        {"validators": "0x"},
        {"attestations": [1]},
        {"aggregatedVerdict": True},
        {"verdictMode": 3},
        {"attestationsRoot": None},
    ],
    ids=str,
)
def test_read__when_a_field_is_not_as_it_must_be__then_a_sentence(change: dict[str, Any]) -> None:
    value = json.loads(GOOD.write()) | change

    with pytest.raises(MessageError, match=r"^The attestation file.*\.$"):
        aggregated.read(json.dumps(value).encode(), AGENT)


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"[" * 100_000], ids=len)
def test_read__when_it_is_no_file__then_a_sentence(content: bytes) -> None:
    with pytest.raises(MessageError, match=r"\.$"):
        aggregated.read(content, AGENT)


@pytest.mark.parametrize(
    ("verdicts", "by_mode"),
    [
        ([100, 0], (100, 0, 0)),  # a tie is no majority
        ([100, 0, 100], (100, 100, 0)),
        ([49, 0], (0, 0, 0)),
        ([50], (100, 100, 100)),
        ([], (0, 0, 0)),
    ],
)
def test_verdict__then_by_the_rule(verdicts: list[int], by_mode: tuple[int, ...]) -> None:
    assert tuple(aggregated.verdict_of(verdicts, mode) for mode in range(3)) == by_mode


def test_roots__then_each_usual_way_is_one() -> None:
    leaves = [each.struct_hash() for each, _ in GOOD.attestations]

    def pair(a: bytes, b: bytes) -> bytes:
        return bytes(keccak(a + b))

    known = aggregated.roots([each for each, _ in GOOD.attestations])

    assert pair(pair(leaves[0], leaves[1]), leaves[2]) in known
    assert pair(pair(leaves[0], leaves[1]), pair(leaves[2], leaves[2])) in known
    ordered = sorted(leaves)
    assert pair(pair(ordered[0], ordered[1]), ordered[2]) in known
    assert GOOD.root in known
    assert leaves[0] not in known
