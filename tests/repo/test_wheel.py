"""The wheel carries the packages, the contract artifacts and the profiles, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.repo import tree

pytestmark = pytest.mark.integration

CARRIED = re.compile(
    rf"^(({'|'.join(tree.LAYERS)}|assay_client)/.*\.py"
    r"|assay_client/py\.typed"
    r"|backend/dashboard/static/[^/]+"
    r"|contracts/artifacts/[^/]+\.json"
    r"|verifier/profiles/[^/]+\.json"
    r"|assay_network-[^/]+\.dist-info/.*)$"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the tracked files alone, as a clean clone has them."""
    source = tmp_path_factory.mktemp("source")
    for path in tree.tracked():
        copy = source / tree.name(path)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    out = tmp_path_factory.mktemp("wheel")
    run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)],
        cwd=source,
    )
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment with the wheel in it and this one's packages behind it."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=False, symlinks=True)
    (site,) = home.glob("lib/python3*/site-packages")
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python")]
    run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], cwd=home)
    (behind,) = {p for p in map(Path, sys.path) if (p / "typer").is_dir()}
    # Without the hook of the editable install, which would offer the source tree.
    (site / "behind.pth").write_text(f"{behind}\n")
    (site / "sitecustomize.py").write_text("import sys\nsys.dont_write_bytecode = True\n")
    return home


def run(command: list[str], cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_wheel__then_carries_what_running_needs_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name for name in names if not CARRIED.match(name)} == set()
    expected = {
        name
        for path in tree.tracked()
        if CARRIED.match(name := tree.name(path))
        and not name.startswith(("contracts/src/", "contracts/ape/"))
    }
    assert {name for name in names if ".dist-info/" not in name} == expected
    assert any(name.startswith("contracts/artifacts/") for name in names)
    assert any(name.startswith("verifier/profiles/") for name in names)
    information = {name.partition(".dist-info/")[2] for name in names if ".dist-info/" in name}
    assert {"licenses/LICENSE", "licenses/NOTICE"} <= information


def test_wheel__when_installed__then_the_command_runs_from_it(installed: Path) -> None:
    said = run([str(installed / "bin" / "assay"), "--version"], cwd=installed)
    assert re.fullmatch(r"assay \d+\.\d+\.\d+\n", said)


def test_wheel__when_installed__then_artifacts_and_profiles_load_from_it(installed: Path) -> None:
    code = (
        "from chain import artifacts\n"
        "from verifier import profiles\n"
        "import chain\n"
        "print(chain.__file__)\n"
        "for name in artifacts.names():\n"
        "    assert artifacts.load(name).abi is not None, name\n"
        "print(*artifacts.names())\n"
        "print(*profiles.names())\n"
    )
    where, names, recipes = run(
        [str(installed / "bin" / "python"), "-c", code], cwd=installed
    ).splitlines()
    assert Path(where).is_relative_to(installed)
    assert "VerificationRounds" in names.split()
    assert recipes.split()
