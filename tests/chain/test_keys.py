"""Keys: local ones on local chains only, keystores with sentences for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from eth_account import Account

from chain.errors import ConfigError, KeystoreError
from chain.keys import (
    DEVNET_CHAIN_IDS,
    create_keystore,
    is_local,
    load_keystore,
    local_signer,
    read_password,
)

pytestmark = pytest.mark.unit

# The first key of anvil's and hardhat's public test mnemonic.
TEST_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
TEST_ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


@pytest.fixture(scope="module")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("keys") / "keystore.json"
    encrypted = Account.encrypt(TEST_KEY, "right", kdf="pbkdf2", iterations=1)
    file.write_text(json.dumps(encrypted))
    return file


def test_local_signer__when_the_chain_is_local__then_it_is_the_account_anvil_funds() -> None:
    assert local_signer(0, 31337).address == TEST_ADDRESS
    assert local_signer(1, DEVNET_CHAIN_IDS.start + 8545).address == (
        "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    )


@pytest.mark.parametrize("chain_id", [1, 8453, 11155111, DEVNET_CHAIN_IDS.stop])
def test_local_signer__when_the_chain_is_public__then_it_is_refused(chain_id: int) -> None:
    assert not is_local(chain_id)
    with pytest.raises(ConfigError, match=f"refused on chain {chain_id}.*keystore"):
        local_signer(0, chain_id)


@pytest.mark.parametrize("index", [-1, 1 << 31, 10**30])
def test_local_signer__when_there_is_no_such_index__then_it_is_refused(index: int) -> None:
    with pytest.raises(ConfigError, match="0 or more"):
        local_signer(index, 31337)


def test_signer__when_shown__then_only_its_address_appears() -> None:
    signer = local_signer(0, 31337)

    assert repr(signer) == f"Signer({TEST_ADDRESS})"
    assert TEST_KEY[2:12] not in repr(vars(signer))


def test_keystore__when_the_password_is_right__then_it_opens(keystore: Path) -> None:
    assert load_keystore(keystore, "right").address == TEST_ADDRESS


def test_keystore__when_the_password_is_wrong__then_it_says_so_without_it(keystore: Path) -> None:
    with pytest.raises(KeystoreError, match="password does not open") as caught:
        load_keystore(keystore, "hunter2-secret")
    assert "hunter2" not in str(caught.value)


def test_keystore__when_ape_made_it__then_it_opens(tmp_path: Path) -> None:
    """`ape accounts generate NAME` writes ~/.ape/accounts/NAME.json, with the address in it."""
    file = tmp_path / ".ape" / "accounts" / "mine.json"
    file.parent.mkdir(parents=True)
    made = Account.encrypt(TEST_KEY, "right", kdf="pbkdf2", iterations=1000)
    file.write_text(json.dumps({**made, "address": TEST_ADDRESS}))
    assert load_keystore(file, "right").address == TEST_ADDRESS


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "null", '{"version": 4, "crypto": {}}', '{"crypto": "x"}', "\x00"]
)
def test_keystore__when_the_file_is_none__then_it_says_so(content: str, tmp_path: Path) -> None:
    file = tmp_path / "keystore.json"
    file.write_text(content)

    with pytest.raises(KeystoreError, match="is not a keystore"):
        load_keystore(file, "right")


def test_keystore__when_the_file_is_missing__then_it_says_which(tmp_path: Path) -> None:
    with pytest.raises(KeystoreError, match=r"There is no keystore file .*nowhere"):
        load_keystore(tmp_path / "nowhere.json", "x")


def test_keystore__when_it_is_a_folder_or_no_text__then_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(KeystoreError, match="cannot be read"):
        load_keystore(tmp_path, "x")
    with pytest.raises(KeystoreError, match="is not text"):
        load_keystore(tmp_path / "binary", "x")


def test_create_keystore__when_made__then_it_opens_and_only_its_owner_reads_it(
    tmp_path: Path,
) -> None:
    file = tmp_path / "deep" / "keystore.json"

    made = create_keystore(file, "secret")

    assert load_keystore(file, "secret").address == made.address
    assert file.stat().st_mode & 0o777 == 0o600


def test_create_keystore__when_one_is_there__then_it_is_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "keystore.json"
    file.write_text("precious")

    with pytest.raises(KeystoreError, match="never overwritten"):
        create_keystore(file, "secret")
    assert file.read_text() == "precious"


def test_create_keystore__when_the_password_is_empty__then_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeystoreError, match="empty password"):
        create_keystore(tmp_path / "keystore.json", "")


@pytest.mark.parametrize(("content", "password"), [("s3cret\n", "s3cret"), ("a b\r\n", "a b")])
def test_read_password__then_the_line_end_is_not_part_of_it(
    content: str, password: str, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_bytes(content.encode())

    assert read_password(file) == password


def test_read_password__when_empty_or_missing__then_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")

    with pytest.raises(KeystoreError, match="is empty"):
        read_password(tmp_path / "empty")
    with pytest.raises(KeystoreError, match="There is no password file"):
        read_password(tmp_path / "missing")
