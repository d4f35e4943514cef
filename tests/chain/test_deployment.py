"""The deployment file: round trip, damage, and comparison with the chain."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from chain import deployment
from chain.blocks import Call
from chain.deployment import ContractRecord, Deployment
from chain.errors import ChainMismatch, ConfigError, DeploymentError
from chain.types import Address, BlockNumber, Bytes32, ProfileId

pytestmark = pytest.mark.unit

CODE = b"\x60\x00"
ROUNDS = Address("0x5FbDB2315678afecb367f032d93F642f64180aa3")
TEXT = ProfileId(keccak(b"text"))
WHOLE = Deployment(
    chain_id=31337,
    block=BlockNumber(0),
    complete=True,
    contracts={"VerificationRounds": ContractRecord(ROUNDS, Bytes32(keccak(CODE)), BlockNumber(4))},
    parameters={"epoch_length": 10, "seat_fee": "2000000000000000"},
    profiles={"text": TEXT},
)


class FakeChain:
    """A chain with one contract."""

    label = "http://127.0.0.1:1"

    def __init__(self, chain_id: int = 31337, code: bytes = CODE) -> None:
        self._chain_id = chain_id
        self._code = code

    def chain_id(self) -> int:
        return self._chain_id

    def code(self, address: str) -> bytes:
        return self._code if address == ROUNDS else b""

    def simulate(
        self, call: Call, sender: Address | None = None, *, block: int | str = "latest"
    ) -> bytes:
        raise AssertionError(f"it has no registry to ask {call.label}")


def test_deployment__when_saved_and_loaded__then_it_is_the_same(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "deployment.json"

    WHOLE.save(file)

    assert deployment.load(file) == WHOLE
    assert [f.name for f in file.parent.iterdir()] == ["deployment.json"]
    assert json.loads(file.read_text())["schema"] == "assay/deployment/1"


def test_deployment__when_asked__then_it_knows_addresses_court_and_profiles() -> None:
    assert WHOLE.address("VerificationRounds") == ROUNDS
    assert (WHOLE.court.chain_id, WHOLE.court.rounds) == (31337, ROUNDS)
    assert WHOLE.profile_id("text") == TEXT
    assert WHOLE.profile_id("0x" + TEXT.hex().upper().lower()) == TEXT
    assert WHOLE.profile_name(TEXT) == "text"
    assert WHOLE.profile_name(bytes(32)) is None


def test_deployment__when_asked_for_what_it_has_not__then_it_says_what_it_has() -> None:
    with pytest.raises(DeploymentError, match="no contract Router"):
        WHOLE.address("Router")
    with pytest.raises(DeploymentError, match="no profile 'video'; it has text"):
        WHOLE.profile_id("video")


def spoilt(**changes: Any) -> str:
    raw = {
        "schema": "assay/deployment/1",
        "chainId": 1,
        "block": 0,
        "complete": True,
        "contracts": {},
        "parameters": {},
        "profiles": {},
    }
    return json.dumps({**raw, **changes})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a deployment file"),
        (spoilt(schema="assay/deployment/2"), "is not a deployment file of schema"),
        (spoilt(contracts={"X": {"address": "0x12", "codeHash": "0x", "block": 1}}), "damaged"),
        (spoilt(contracts={"X": {}}), "damaged"),
        (spoilt(contracts=[]), "damaged"),
        (spoilt(profiles={"p": "0x12"}), "damaged"),
        (spoilt(chainId=None), "damaged"),
    ],
)
def test_load__when_the_file_is_spoilt__then_one_sentence(
    content: str, sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / "deployment.json"
    file.write_text(content)

    with pytest.raises(DeploymentError, match=sentence):
        deployment.load(file)


def test_load__when_there_is_no_file__then_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match="make one with `assay deploy`"):
        deployment.load(tmp_path / "deployment.json")


def test_save__when_it_cannot_be_written__then_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="cannot be written"):
        WHOLE.save(tmp_path / "file" / "deployment.json")


def test_check__when_everything_stands__then_nothing_is_said() -> None:
    WHOLE.check(FakeChain())


def test_check__when_the_chain_is_another__then_both_are_named() -> None:
    with pytest.raises(ChainMismatch, match=r"for chain 31337, but .* serves chain 1:"):
        WHOLE.check(FakeChain(chain_id=1))


def test_check__when_there_is_no_code__then_it_says_where() -> None:
    with pytest.raises(DeploymentError, match=f"no contract at {ROUNDS}"):
        WHOLE.check(FakeChain(code=b""))


def test_check__when_the_code_differs__then_it_is_refused() -> None:
    with pytest.raises(DeploymentError, match="its code differs"):
        WHOLE.check(FakeChain(code=b"\x60\x01"))


def test_check__when_steps_are_left__then_it_says_how_to_go_on() -> None:
    with pytest.raises(DeploymentError, match="not complete: run `assay deploy` again"):
        replace(WHOLE, complete=False).check(FakeChain())
