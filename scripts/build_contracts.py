#!/usr/bin/env python3
"""Compiles contracts/src and writes contracts/artifacts/<Name>.json (schema assay/artifact/1).

    python scripts/build_contracts.py [--native] [--check] [--inputs FOLDER]

The compiler is the npm one behind scripts/solc, driven by py-solc-x; `--native` has py-solc-x
install the native compiler of the same version instead (this needs internet). The settings are
foundry.toml's, so forge makes the same bytecode. `--check` writes nothing and exits 1 if an
artifact is stale. `--inputs` writes, for each contract, the compiler input that explorers verify
its source by: standard JSON with every file it is made of. Artifacts hold no path of the machine
and no number that depends on what else was compiled.
"""

import argparse
import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any, cast

import solcx
from solcx.exceptions import SolcError

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "contracts" / "src"
ARTIFACTS = ROOT / "contracts" / "artifacts"
WRAPPER = ROOT / "scripts" / "solc"
SCHEMA = "assay/artifact/1"
LIBRARIES = ("@openzeppelin/contracts", "solady")
OUTPUTS = [
    "abi",
    "metadata",
    "evm.bytecode.object",
    "evm.deployedBytecode.object",
    "evm.deployedBytecode.immutableReferences",
    "evm.methodIdentifiers",
    "storageLayout",
]

Json = dict[str, Any]


class BuildError(Exception):
    """One sentence for the person who builds."""


def compiler_settings() -> Json:
    """Standard-JSON settings, from foundry.toml's default profile."""
    profile = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    return {
        "evmVersion": profile["evm_version"],
        "metadata": {"bytecodeHash": profile["bytecode_hash"]},
        "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
        "remappings": [r for r in profile["remappings"] if not r.startswith("forge-std")],
        "viaIR": profile["via_ir"],
    }


def pinned(package: str) -> str:
    """The exact version package.json names."""
    return str(json.loads((ROOT / "package.json").read_text())["devDependencies"][package])


def compile_sources(native: bool) -> Json:
    """The compiler's output for every source, contracts by path and name."""
    if not (ROOT / "node_modules" / "solady").is_dir():
        raise BuildError("The npm packages are missing: run `npm ci` first.")
    binary = WRAPPER
    if native:
        version = pinned("solc")
        solcx.install_solc(version)
        binary = solcx.install.get_executable(version)
    sources = {
        path.relative_to(ROOT).as_posix(): {"content": path.read_text()}
        for path in sorted(SOURCES.rglob("*.sol"))
    }
    selection = {path: {"*": OUTPUTS} for path in sources}
    settings = {**compiler_settings(), "outputSelection": selection}
    try:
        output = solcx.compile_standard(
            {"language": "Solidity", "sources": sources, "settings": settings},
            base_path=str(ROOT),
            allow_paths=str(ROOT),
            solc_binary=binary,
        )
    except SolcError as error:
        raise BuildError(f"The contracts do not compile: {error}") from error
    return cast(Json, output["contracts"])


def without_ast_ids(layout: Json) -> Json:
    """A storage layout without the numbers that change with the set of sources."""
    text = json.dumps({"storage": layout["storage"], "types": layout["types"] or {}})
    clean: Json = json.loads(re.sub(r"\)\d+_", ")_", text))

    def strip(value: Any) -> None:
        if isinstance(value, dict):
            value.pop("astId", None)
            for item in value.values():
                strip(item)
        elif isinstance(value, list):
            for item in value:
                strip(item)

    strip(clean)
    return clean


def artifact(source: str, name: str, contract: Json) -> Json:
    """What is kept of one contract."""
    metadata = json.loads(contract["metadata"])
    deployed = contract["evm"]["deployedBytecode"]
    # Immutables are numbered by their declaration; only where they sit means anything.
    immutables = sorted(
        (place["start"], place["length"])
        for places in deployed["immutableReferences"].values()
        for place in places
    )
    return {
        "schema": SCHEMA,
        "contractName": name,
        "sourceName": source,
        "compiler": {
            "version": metadata["compiler"]["version"],
            "settings": compiler_settings(),
            "libraries": {package: pinned(package) for package in LIBRARIES},
        },
        "sourceHashes": {
            path: entry["keccak256"]
            for path, entry in sorted(metadata["sources"].items())
            if path.startswith("contracts/")
        },
        "abi": contract["abi"],
        "bytecode": "0x" + contract["evm"]["bytecode"]["object"],
        "deployedBytecode": "0x" + deployed["object"],
        "immutableReferences": [{"start": s, "length": n} for s, n in immutables],
        "storageLayout": without_ast_ids(contract["storageLayout"]),
        "methodIdentifiers": contract["evm"]["methodIdentifiers"],
    }


def dump(value: Json) -> str:
    """One line per top-level key and per ABI entry: small, and readable in a diff."""
    lines = []
    for key, item in value.items():
        if key == "abi":
            entries = ",\n".join("  " + json.dumps(entry) for entry in item)
            text = f"[\n{entries}\n ]"
        else:
            text = json.dumps(item)
        lines.append(f" {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def build(native: bool = False) -> dict[str, str]:
    """Name of every deployable contract -> text of its artifact."""
    texts: dict[str, str] = {}
    for source, contracts in compile_sources(native).items():
        for name, contract in contracts.items():
            is_library = "/libraries/" in source
            if contract["evm"]["bytecode"]["object"] and not is_library:
                texts[name] = dump(artifact(source, name, contract))
    return texts


def verification_inputs(native: bool = False) -> dict[str, Json]:
    """Name of every deployable contract -> standard JSON with just the sources it is made of."""
    inputs: dict[str, Json] = {}
    for source, contracts in compile_sources(native).items():
        for name, contract in contracts.items():
            if not contract["evm"]["bytecode"]["object"] or "/libraries/" in source:
                continue
            paths = json.loads(contract["metadata"])["sources"]
            inputs[name] = {
                "language": "Solidity",
                "sources": {path: {"content": (ROOT / path).read_text()} for path in sorted(paths)},
                "settings": {
                    **compiler_settings(),
                    "outputSelection": {source: {name: ["evm.bytecode.object"]}},
                },
            }
    return inputs


def stale(texts: dict[str, str]) -> list[str]:
    """Names whose committed artifact is not what was just built."""
    committed = {path.stem: path.read_text() for path in ARTIFACTS.glob("*.json")}
    names = sorted(committed.keys() | texts.keys())
    return [name for name in names if committed.get(name) != texts.get(name)]


def write(texts: dict[str, str]) -> None:
    """Replaces what is in contracts/artifacts."""
    ARTIFACTS.mkdir(exist_ok=True)
    for path in ARTIFACTS.glob("*.json"):
        if path.stem not in texts:
            path.unlink()
    for name, text in texts.items():
        (ARTIFACTS / f"{name}.json").write_text(text)


def main() -> int:
    """Exit code 0: built, or up to date; 1: stale, or not built."""
    parser = argparse.ArgumentParser(description="Compile the contracts into contracts/artifacts.")
    parser.add_argument("--native", action="store_true", help="install and use the native solc")
    parser.add_argument("--check", action="store_true", help="only say what is stale")
    parser.add_argument("--inputs", type=Path, metavar="FOLDER", help="write compiler inputs there")
    options = parser.parse_args()
    try:
        if options.inputs:
            options.inputs.mkdir(parents=True, exist_ok=True)
            for name, value in verification_inputs(options.native).items():
                (options.inputs / f"{name}.json").write_text(json.dumps(value, indent=1) + "\n")
            print(f"compiler inputs in {options.inputs}")
            return 0
        texts = build(options.native)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    if options.check:
        names = stale(texts)
        if names:
            print(
                f"Stale artifacts: {', '.join(names)}; run scripts/build_contracts.py.",
                file=sys.stderr,
            )
        return 1 if names else 0
    write(texts)
    print(f"{len(texts)} artifacts in {ARTIFACTS.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
