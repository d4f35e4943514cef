"""The deployment file: which contracts stand where on which chain, with which parameters.

JSON, schema `assay/deployment/1`, written atomically. `check` compares it with the chain before
anything else is done: chain id, code at each address, hash of that code.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

from eth_utils.address import is_checksum_address
from eth_utils.crypto import keccak

from chain.blocks import Call
from chain.errors import ChainMismatch, ConfigError, DeploymentError
from chain.messages import Court
from chain.registries import handshake
from chain.types import Address, BlockNumber, Bytes32, ProfileId

SCHEMA: Final = "assay/deployment/1"


class CodeReader(Protocol):
    """What `check` needs of a gateway."""

    @property
    def label(self) -> str: ...
    def chain_id(self) -> int: ...
    def code(self, address: str) -> bytes: ...
    def simulate(
        self, call: Call, sender: Address | None = None, *, block: int | str = "latest"
    ) -> bytes: ...


@dataclass(frozen=True, slots=True)
class ContractRecord:
    """Where a contract stands: address, keccak256 of its runtime code, block it was found at."""

    address: Address
    code_hash: Bytes32
    block: BlockNumber


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment.

    Attributes:
        block: nothing of this deployment happened before this block; indexing starts here.
        complete: False while `assay deploy` has steps left.
        contracts: contract name → record.
        parameters: the values it was deployed with, for people and tools to read.
        profiles: profile name → profileId.
    """

    chain_id: int
    block: BlockNumber
    complete: bool = False
    contracts: Mapping[str, ContractRecord] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    profiles: Mapping[str, ProfileId] = field(default_factory=dict)

    def address(self, contract: str) -> Address:
        """Where a contract stands.

        Raises:
            DeploymentError: it is not part of this deployment.
        """
        record = self.contracts.get(contract)
        if record is None:
            raise DeploymentError(f"The deployment has no contract {contract}.")
        return record.address

    @property
    def addresses(self) -> dict[str, Address]:
        """Contract name → address."""
        return {name: record.address for name, record in self.contracts.items()}

    @property
    def court(self) -> Court:
        """The court that messages are signed for."""
        return Court(self.chain_id, self.address("VerificationRounds"))

    def profile_id(self, name: str) -> ProfileId:
        """The id of a profile given by name or as 0x… hex.

        Raises:
            DeploymentError: no such profile.
        """
        if name in self.profiles:
            return self.profiles[name]
        for profile_id in self.profiles.values():
            if name.lower() == "0x" + profile_id.hex():
                return profile_id
        known = ", ".join(self.profiles) or "none"
        raise DeploymentError(f"The deployment has no profile {name!r}; it has {known}.")

    def profile_name(self, profile_id: bytes) -> str | None:
        """The name of a profile, or None for one registered by somebody else."""
        return next((n for n, value in self.profiles.items() if value == profile_id), None)

    def with_contract(self, name: str, record: ContractRecord) -> Deployment:
        return replace(self, contracts={**self.contracts, name: record})

    def with_only(self, name: str, record: ContractRecord) -> Deployment:
        """The same deployment as far as one contract is concerned, in it or not."""
        return replace(self, contracts={name: record})

    def with_profile(self, name: str, profile_id: ProfileId) -> Deployment:
        return replace(self, profiles={**self.profiles, name: profile_id})

    def check(self, gateway: CodeReader) -> None:
        """Compares this deployment with the chain a gateway is connected to.

        Raises:
            ChainMismatch: another chain.
            DeploymentError: not complete, an address without the code it had, or registries that
                are of another version or do not belong together.
            RpcError: the node did not answer.
        """
        check_chain(self.chain_id, gateway)
        if not self.complete:
            raise DeploymentError(
                "The deployment is not complete: run `assay deploy` again with the same file."
            )
        for name, record in self.contracts.items():
            check_code(name, record, gateway)
        handshake(self.addresses, gateway)

    def save(self, path: Path) -> None:
        """Writes the file whole or not at all.

        Raises:
            ConfigError: it cannot be written.
        """
        text = json.dumps(self._as_json(), indent=2) + "\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except OSError as error:
            raise ConfigError(f"The file {path} cannot be written: {error.strerror}.") from None

    def _as_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "chainId": self.chain_id,
            "block": self.block,
            "complete": self.complete,
            "contracts": {
                name: {
                    "address": record.address,
                    "codeHash": "0x" + record.code_hash.hex(),
                    "block": record.block,
                }
                for name, record in self.contracts.items()
            },
            "parameters": dict(self.parameters),
            "profiles": {name: "0x" + value.hex() for name, value in self.profiles.items()},
        }


def load(path: Path) -> Deployment:
    """Reads a deployment file.

    Raises:
        DeploymentError: missing, not JSON, of another schema, or damaged.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DeploymentError(
            f"There is no deployment file {path}: make one with `assay deploy`, or `assay devnet`."
        ) from None
    except OSError as error:
        raise DeploymentError(
            f"The deployment file {path} cannot be read: {error.strerror}."
        ) from None
    except (ValueError, RecursionError):
        raise DeploymentError(f"The deployment file {path} is not JSON.") from None
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        raise DeploymentError(f"The file {path} is not a deployment file of schema {SCHEMA}.")
    try:
        return _from_json(raw)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise DeploymentError(
            f"The deployment file {path} is damaged: restore it, or deploy anew to another file."
        ) from None


def check_chain(expected: int, gateway: CodeReader) -> None:
    """Raises ChainMismatch unless the gateway is connected to the expected chain."""
    actual = gateway.chain_id()
    if actual != expected:
        raise ChainMismatch(
            f"The deployment is for chain {expected}, but the node at {gateway.label} serves "
            f"chain {actual}: give the right RPC URL or the right deployment file."
        )


def check_code(name: str, record: ContractRecord, gateway: CodeReader) -> None:
    """Raises DeploymentError unless the recorded code stands at the recorded address."""
    code = gateway.code(record.address)
    if not code:
        raise DeploymentError(
            f"There is no contract at {record.address}, where the deployment has {name}: was the "
            "chain started anew? Deploy again to another file."
        )
    if keccak(code) != record.code_hash:
        raise DeploymentError(
            f"The contract at {record.address} is not the {name} that was deployed: its code "
            "differs."
        )


def _from_json(raw: Mapping[str, Any]) -> Deployment:
    contracts = {
        name: ContractRecord(
            address=_address(record["address"]),
            code_hash=Bytes32(_word(record["codeHash"])),
            block=BlockNumber(int(record["block"])),
        )
        for name, record in raw["contracts"].items()
    }
    return Deployment(
        chain_id=int(raw["chainId"]),
        block=BlockNumber(int(raw["block"])),
        complete=raw["complete"] is True,
        contracts=contracts,
        parameters=dict(raw["parameters"]),
        profiles={name: ProfileId(_word(value)) for name, value in raw["profiles"].items()},
    )


def _address(text: str) -> Address:
    if not is_checksum_address(text):
        raise ValueError(text)
    return Address(text)


def _word(text: str) -> bytes:
    value = bytes.fromhex(text.removeprefix("0x"))
    if len(value) != 32:
        raise ValueError(text)
    return value
