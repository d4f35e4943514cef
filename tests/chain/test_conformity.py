"""Python's view of the contracts against their ABI and source: nothing missing, nothing made up."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import fields
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest

from chain import abi, artifacts
from chain.deploy import CONTRACTS
from chain.events import EVENTS, IGNORED, PIECES, Event, field_names
from chain.sentences import SENTENCES
from chain.structs import STRUCTS

pytestmark = pytest.mark.unit

SOURCES = Path(__file__).parents[2] / "contracts" / "src"


def structs_in(entries: Any) -> Iterator[tuple[str, list[str]]]:
    for entry in entries:
        for param in (*entry.get("inputs", ()), *entry.get("outputs", ())):
            yield from structs_of(param)


def structs_of(param: Any) -> Iterator[tuple[str, list[str]]]:
    if param["type"].startswith("tuple"):
        name = param["internalType"].split(" ")[-1].split(".")[-1].split("[")[0]
        yield name, [abi.snake(component["name"]) for component in param["components"]]
        for component in param["components"]:
            yield from structs_of(component)


def errors() -> dict[str, set[str]]:
    return {
        entry["name"]: {param["name"] for param in entry["inputs"]}
        for name in artifacts.names()
        for entry in artifacts.load(name).entries("error")
    }


def test_artifacts__then_every_contract_that_is_deployed_has_code() -> None:
    for name in CONTRACTS:
        artifact = artifacts.load(name)
        assert artifact.bytecode
        assert 0 < len(artifact.deployed_bytecode) <= 24_576


def test_structs__then_each_has_the_fields_of_the_abi_in_order() -> None:
    found = {
        (name, tuple(names))
        for artifact in map(artifacts.load, artifacts.names())
        for name, names in structs_in(artifact.abi)
    }
    ours = {(name, tuple(f.name for f in fields(cls))) for name, cls in STRUCTS.items()}

    assert found <= ours
    # SelectionPolicy and Evidence of other shapes would show as a second entry of the same name.
    assert {name for name, _ in found} <= set(STRUCTS)


@pytest.mark.parametrize("cls", EVENTS, ids=lambda cls: str(cls.__name__))
def test_event__then_it_has_the_fields_of_the_abi_in_order(cls: type[Event]) -> None:
    for contract in cls.CONTRACT:
        entries = [
            entry
            for entry in artifacts.load(contract).entries("event")
            if entry["name"] == cls.__name__
        ]
        assert len(entries) == 1
        assert field_names(cls) == [abi.snake(param["name"]) for param in entries[0]["inputs"]]


def test_events__then_none_of_the_abi_is_missing() -> None:
    ours = {(contract, cls.__name__) for cls in EVENTS for contract in cls.CONTRACT}
    theirs = {
        (name, entry["name"])
        for name in artifacts.names()
        for entry in artifacts.load(name).entries("event")
        if entry["name"] not in IGNORED and name not in PIECES
    }

    assert theirs == ours


@pytest.mark.parametrize("solidity", abi.ENUMS)
def test_enum__then_it_is_the_one_of_the_source(solidity: str) -> None:
    source = "\n".join(file.read_text() for file in SOURCES.glob("interfaces/*.sol"))
    body = re.search(rf"enum {solidity} \{{(.*?)\}}", source, re.DOTALL)
    assert body is not None
    names = re.findall(r"^\s*(\w+)", re.sub(r"//.*", "", body[1]), re.MULTILINE)
    ours: type[IntEnum] = abi.ENUMS[solidity]

    assert [abi.snake(name).upper() for name in names] == [member.name for member in ours]
    assert [member.value for member in ours] == list(range(len(names)))


def test_sentences__then_every_error_of_the_abi_has_one_and_no_other() -> None:
    assert set(errors()) == set(SENTENCES)


@pytest.mark.parametrize("name", sorted(SENTENCES))
def test_sentence__then_it_is_one_and_names_only_what_the_error_says(name: str) -> None:
    used = {field for _, field, _, _ in string.Formatter().parse(SENTENCES[name]) if field}

    assert used <= errors()[name]
    assert SENTENCES[name].endswith(".")
    assert ". " not in SENTENCES[name]
    assert "{" in SENTENCES[name] or not errors()[name] or name == "PolicyNotSupported"


def test_errors__then_a_test_of_the_contracts_names_each() -> None:
    declared = {
        name
        for path in SOURCES.rglob("*.sol")
        for name in re.findall(r"^\s*error (\w+)\(", path.read_text("utf-8"), re.MULTILINE)
    }
    tests = "\n".join(p.read_text("utf-8") for p in (SOURCES.parent / "test").rglob("*.sol"))
    assert len(declared) > 100
    assert [name for name in sorted(declared) if not re.search(rf"\b{name}\b", tests)] == []
