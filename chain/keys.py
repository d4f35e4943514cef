"""Keys that sign: from keystore files, or the well-known local ones on local chains only."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from chain.errors import ConfigError, KeystoreError
from chain.types import Address

# The public test mnemonic of anvil and hardhat. Everybody has these keys: worthless on real chains.
_INDICES: Final = 1 << 31
_LOCAL_MNEMONIC: Final = "test test test test test test test test test test test junk"

DEVNET_CHAIN_IDS: Final = range(3_133_700_000, 3_133_800_000)
"""Chain ids of `assay devnet`: 3,133,700,000 + its port, so two devnets are two chains."""

LOCAL_CHAIN_IDS: Final = frozenset({1337, 31337})
"""Chain ids that development nodes use by default."""


def is_local(chain_id: int) -> bool:
    """Whether a chain id belongs to a local development chain, whose money is worth nothing."""
    return chain_id in LOCAL_CHAIN_IDS or chain_id in DEVNET_CHAIN_IDS


class Signer:
    """One private key. It signs transactions and typed data, and never shows itself."""

    def __init__(self, account: LocalAccount) -> None:
        self._account = account
        self.address = Address(str(account.address))

    def __repr__(self) -> str:
        return f"Signer({self.address})"

    def sign_transaction(self, fields: Mapping[str, Any]) -> tuple[bytes, bytes]:
        """Signs an EIP-1559 transaction.

        Returns:
            (raw bytes to broadcast, transaction hash).
        """
        signed = self._account.sign_transaction(dict(fields))
        return bytes(signed.raw_transaction), bytes(signed.hash)

    def sign_typed(self, typed: Mapping[str, Any]) -> bytes:
        """Signs EIP-712 data given as `{types, primaryType, domain, message}`.

        Deterministic (RFC 6979): the same data always gives the same 65 bytes r ‖ s ‖ v.
        """
        message = encode_typed_data(full_message=dict(typed))
        return bytes(self._account.sign_message(message).signature)


def local_signer(index: int, chain_id: int) -> Signer:
    """The `index`-th account that anvil and hardhat fund, on a local chain only.

    Raises:
        ConfigError: the chain is not local, or there is no such index.
    """
    if not is_local(chain_id):
        raise ConfigError(
            f"The well-known test keys are refused on chain {chain_id}, which is not a local "
            "chain: give a keystore file."
        )
    if not 0 <= index < _INDICES:
        raise ConfigError(
            f"The index of a local account is 0 or more and below {_INDICES}: give another one."
        )
    Account.enable_unaudited_hdwallet_features()
    return Signer(Account.from_mnemonic(_LOCAL_MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}"))


def load_keystore(path: Path, password: str) -> Signer:
    """The key in an encrypted keystore file (Web3 Secret Storage, version 3).

    Raises:
        KeystoreError: the file is missing or damaged, or the password is wrong.
    """
    content = _read(path, "keystore file")
    try:
        keystore = json.loads(content)
        key = Account.decrypt(keystore, password)
    except ValueError as error:
        if "MAC" in str(error):
            raise KeystoreError(f"The password does not open the keystore {path}.") from None
        raise KeystoreError(f"The file {path} is not a keystore (version 3).") from None
    except (KeyError, TypeError, AttributeError, NotImplementedError, RecursionError):
        raise KeystoreError(f"The file {path} is not a keystore (version 3).") from None
    return Signer(Account.from_key(key))


def create_keystore(path: Path, password: str) -> Signer:
    """Makes a new random key and writes it, encrypted, to a new file readable by its owner only.

    Raises:
        KeystoreError: the file exists already, cannot be written, or the password is empty.
    """
    if not password:
        raise KeystoreError("An empty password protects nothing: give one for the new keystore.")
    account = Account.create()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(Account.encrypt(account.key, password), file)
    except FileExistsError:
        raise KeystoreError(
            f"The keystore {path} exists already: it is never overwritten."
        ) from None
    except OSError as error:
        raise KeystoreError(f"The keystore {path} cannot be written: {error.strerror}.") from None
    return Signer(account)


def read_password(path: Path) -> str:
    """The password in a file, without the line's end.

    Raises:
        KeystoreError: the file is missing, unreadable or empty.
    """
    password = _read(path, "password file").rstrip("\r\n")
    if not password:
        raise KeystoreError(f"The password file {path} is empty.")
    return password


def _read(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise KeystoreError(f"There is no {what} {path}.") from None
    except UnicodeDecodeError:
        raise KeystoreError(f"The {what} {path} is not text.") from None
    except OSError as error:
        raise KeystoreError(f"The {what} {path} cannot be read: {error.strerror}.") from None
