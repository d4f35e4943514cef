"""The committed artifacts are what the sources, the settings and either compiler driver make."""

import importlib.util
import json
import re
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from eth_utils.crypto import keccak

from chain import artifacts

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "contracts"
LARGEST = 24_576
"""Bytes of code a contract may have (EIP-170)."""


def committed() -> dict[str, dict[str, Any]]:
    return {
        path.stem: json.loads(path.read_text())
        for path in sorted((CONTRACTS / "artifacts").glob("*.json"))
    }


def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "build_contracts", ROOT / "scripts" / "build_contracts.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def forge(*arguments: str) -> str:
    done = subprocess.run(
        [str(ROOT / "scripts" / "forge"), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.unit
def test_artifacts__when_sources_are_hashed__then_none_is_stale() -> None:
    for name, artifact in committed().items():
        assert artifact["sourceName"] in artifact["sourceHashes"]
        for source, recorded in artifact["sourceHashes"].items():
            actual = "0x" + keccak((ROOT / source).read_bytes()).hex()
            assert actual == recorded, (
                f"{source} changed since {name} was built: run scripts/build_contracts.py"
            )


@pytest.mark.unit
def test_artifacts__when_settings_are_read__then_those_of_foundry_toml() -> None:
    build = builder()
    for artifact in committed().values():
        compiler = artifact["compiler"]
        assert compiler["settings"] == build.compiler_settings()
        assert compiler["version"].split("+")[0] == build.pinned("solc")
        assert compiler["libraries"] == {name: build.pinned(name) for name in build.LIBRARIES}


@pytest.mark.unit
def test_artifacts__then_every_deployable_contract_and_nothing_of_this_machine() -> None:
    sources = [
        path
        for path in (CONTRACTS / "src").rglob("*.sol")
        if re.search(rf"^contract {path.stem}\b", path.read_text(), re.MULTILINE)
    ]
    assert sorted(path.stem for path in sources) == sorted(artifacts.names())
    for name in artifacts.names():
        assert str(ROOT) not in (CONTRACTS / "artifacts" / f"{name}.json").read_text()


@pytest.mark.unit
@pytest.mark.parametrize("name", artifacts.names())
def test_artifact__when_deployed__then_within_the_size_limit(name: str) -> None:
    assert 0 < len(artifacts.load(name).deployed_bytecode) <= LARGEST


@pytest.mark.integration
def test_artifacts__when_built_again_with_py_solc_x__then_identical() -> None:
    build = builder()
    assert build.stale(build.build()) == []


@pytest.mark.integration
def test_artifacts__when_built_by_forge__then_the_same_bytecode() -> None:
    forge("build")
    for name, artifact in committed().items():
        built = json.loads((CONTRACTS / "out" / f"{name}.sol" / f"{name}.json").read_text())
        assert built["bytecode"]["object"] == artifact["bytecode"], name
        assert built["deployedBytecode"]["object"] == artifact["deployedBytecode"], name


@pytest.mark.integration
def test_forge__when_asked_for_its_tests__then_none_of_the_sources_is_left_out() -> None:
    listed = json.loads(forge("test", "--list", "--json").strip().splitlines()[-1])
    found = {
        f"{file}:{function}"
        for file, by_contract in listed.items()
        for functions in by_contract.values()
        for function in functions
    }
    written = {
        f"{path.relative_to(ROOT).as_posix()}:{function}"
        for path in (CONTRACTS / "test").rglob("*.t.sol")
        for function in re.findall(r"function ((?:test|invariant)\w*)", path.read_text())
    }
    assert written
    assert written == found


@pytest.mark.integration
@pytest.mark.campaign
def test_inputs__when_an_explorer_compiles_them__then_the_bytecode_is_the_artifacts() -> None:
    build = builder()
    inputs = build.verification_inputs()

    assert inputs.keys() == committed().keys()
    for name in ("Router", "ReputationLedger"):
        solc = build.solcx.compile_standard(inputs[name], solc_binary=build.WRAPPER)
        ((contracts,),) = [tuple(solc["contracts"].values())]
        assert "0x" + contracts[name]["evm"]["bytecode"]["object"] == committed()[name]["bytecode"]
