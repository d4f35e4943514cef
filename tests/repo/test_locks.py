"""What is installed is pinned: exactly, with hashes, from no named place, and as wanted."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.complete_npm_lock import complete
from tests.repo import tree

pytestmark = pytest.mark.unit

LOCKS = {
    "run": 20,
    "test": 20,
    "bench": 20,
    "experiments": 20,
    "experiments-text": 20,
    "retrieval": 20,
    "slither": 20,
    "fuzz": 0,
}
"""The fewest packages that each has, and more."""
PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[^ ;]+)(?: ; (?P<marker>.*?))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def pins(lock: str) -> dict[str, str]:
    """Version by package of `requirements/<lock>.txt`; fails on a line that is anything else."""
    found: dict[str, str] = {}
    hashes = 0
    for line in (tree.ROOT / f"requirements/{lock}.txt").read_text("utf-8").splitlines():
        if line.lstrip().startswith("#"):
            continue
        if pin := PIN.match(line):
            assert found == {} or hashes, f"no hash before {line}"
            assert pin["name"] not in found, f"pinned twice: {pin['name']}"
            found[pin["name"]], hashes = pin["version"], 0
        else:
            assert HASH.match(line), line
            hashes += 1
    return found


def wanted() -> list[Requirement]:
    project = tomllib.loads((tree.ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"]
    listed = [*project["project"]["dependencies"], *extras["node"], *extras["backend"]]
    return [Requirement(text) for text in [*listed, *project["build-system"]["requires"]]]


@pytest.mark.parametrize("lock", LOCKS)
def test_python_lock__then_pins_exactly_with_hashes_and_names_no_place(lock: str) -> None:
    assert len(pins(lock)) > LOCKS[lock]


def test_run_lock__then_has_all_that_the_project_wants() -> None:
    pinned = pins("run")
    for requirement in wanted():
        name = canonicalize_name(requirement.name)
        assert name in pinned, f"{name}: run make lock"
        assert requirement.specifier.contains(pinned[name]), f"{requirement}: run make lock"


def test_run_lock__then_a_model_package_drags_nothing_along_that_is_not_used() -> None:
    assert {"llm", "llama-cpp-python", "onnxruntime-gpu", "torch"} & pins("run").keys() == set()


def test_other_locks__then_they_run_with_what_runs() -> None:
    for lock in ("test", "experiments", "experiments-text", "retrieval"):
        assert pins("run").items() <= pins(lock).items()
    run, bench = pins("run"), pins("bench")  # without the models
    assert {"numpy", "pillow"} <= run.keys() & bench.keys()
    assert all(run.get(name, version) == version for name, version in bench.items())


# What a package's entry may say: what it is, never where it was had from.
ENTRY = {
    *("bin", "cpu", "dependencies", "dev", "engines", "funding", "hasInstallScript", "integrity"),
    *("license", "optional", "optionalDependencies", "os", "peerDependenciesMeta", "version"),
}
ROOT_ENTRY = {"name", "devDependencies"}


def package_lock() -> Any:
    return json.loads((tree.ROOT / "package-lock.json").read_text("utf-8"))


def test_npm_lock__then_names_no_place_and_holds_integrity() -> None:
    for name, package in package_lock()["packages"].items():
        assert package.keys() <= (ENTRY if name else ENTRY | ROOT_ENTRY), name
        # The root, and binaries of platforms that the registry in use did not have.
        if name and not ("integrity" not in package and package.get("optional")):
            assert package["integrity"].startswith("sha512-"), name
    ours = package_lock()["packages"]
    for tool in ("anvil", "forge"):
        assert ours[f"node_modules/@foundry-rs/{tool}-linux-amd64"]["integrity"]


def test_npm_lock__then_is_the_lock_of_package_json() -> None:
    package = json.loads((tree.ROOT / "package.json").read_text("utf-8"))
    lock = package_lock()
    root = lock["packages"][""]
    for part in ("dependencies", "devDependencies"):
        assert root[part] == package[part], "run make lock"
        for name, version in package[part].items():
            assert lock["packages"][f"node_modules/{name}"]["version"] == version, "run make lock"


def test_npm_lock__then_running_needs_the_local_chain_only() -> None:
    needed = {
        name.removeprefix("node_modules/")
        for name, package in package_lock()["packages"].items()
        if name and not package.get("dev")
    }
    assert {name for name in needed if not name.startswith("@foundry-rs/anvil")} == set()


def test_npm_lock__when_a_platform_is_missing__then_completed_in_order() -> None:
    parent = {"version": "1.0.0", "optionalDependencies": {"@x/y-darwin-arm64": "1.0.0"}}
    lock = {
        "packages": {"": {}, "node_modules/@x/y": {**parent, "dev": True}, "node_modules/a": {}}
    }
    complete(lock)
    assert list(lock["packages"]) == [
        "",
        "node_modules/@x/y",
        "node_modules/@x/y-darwin-arm64",
        "node_modules/a",
    ]
    assert lock["packages"]["node_modules/@x/y-darwin-arm64"] == {
        "version": "1.0.0",
        "cpu": ["arm64"],
        "dev": True,
        "optional": True,
        "os": ["darwin"],
    }
    assert package_lock() == (complete(again := package_lock()) or again)
