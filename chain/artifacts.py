"""The compiled contracts that ship with the package: ABI, bytecode, storage layout."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from chain.errors import ConfigError

Abi = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract.

    Attributes:
        abi: JSON ABI as the compiler wrote it.
        bytecode: creation code without constructor arguments; empty for an interface.
        deployed_bytecode: runtime code with immutables still zero.
        storage_layout: the compiler's `storageLayout`.
    """

    name: str
    abi: Abi
    bytecode: bytes
    deployed_bytecode: bytes
    storage_layout: Mapping[str, Any]

    def entries(self, kind: str) -> list[Mapping[str, Any]]:
        """ABI entries of one kind: `function`, `event`, `error` or `constructor`."""
        return [entry for entry in self.abi if entry["type"] == kind]


def _folder() -> Any:
    return resources.files("contracts") / "artifacts"


@cache
def names() -> tuple[str, ...]:
    """Names of all shipped artifacts, sorted."""
    folder = _folder()
    if not folder.is_dir():
        return ()
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".json")))


@cache
def load(name: str) -> Artifact:
    """The artifact of a contract, such as `load("StakeVault")`.

    Raises:
        ConfigError: there is no such artifact.
    """
    file = _folder() / f"{name}.json"
    if not file.is_file():
        raise ConfigError(
            f"There is no compiled contract {name!r}; known are {', '.join(names())}."
        )
    raw = json.loads(file.read_text(encoding="utf-8"))
    return Artifact(
        name=name,
        abi=raw["abi"],
        bytecode=_code(raw.get("bytecode", "")),
        deployed_bytecode=_code(raw.get("deployedBytecode", "")),
        storage_layout=raw.get("storageLayout") or {},
    )


def _code(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
