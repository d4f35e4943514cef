"""What an operator installs: units as systemd reads them, the recipe of the image."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.repo import tree

pytestmark = pytest.mark.unit

UNITS = ("assay-backend.service", "assay-node@.service")
PROGRAM = "/opt/assay/bin/assay"


def unit(name: str) -> ConfigParser:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((tree.ROOT / "ops" / name).read_text("utf-8"))
    return parser


@pytest.mark.parametrize("name", UNITS)
def test_unit__when_systemd_reads_it__then_it_has_nothing_to_say(name: str, tmp_path: Path) -> None:
    text = (tree.ROOT / "ops" / name).read_text("utf-8")
    assert PROGRAM in text
    (tmp_path / name).write_text(text.replace(PROGRAM, sys.executable))
    analyse = shutil.which("systemd-analyze")
    if analyse is None:  # Not on macOS: that the unit is read at all is looked at below.
        return
    done = subprocess.run(
        [analyse, "--man=no", "verify", str(tmp_path / name)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", UNITS)
def test_unit__then_it_has_few_rights_and_comes_back(name: str) -> None:
    service = unit(name)["Service"]
    assert service["User"] == "assay"
    assert service["Restart"] == "on-failure"
    for right in ("NoNewPrivileges", "PrivateTmp", "ProtectHome", "RestrictSUIDSGID"):
        assert service[right] == "yes"
    assert (service["ProtectSystem"], service["CapabilityBoundingSet"]) == ("strict", "")
    # What may be written: its own state only.
    assert service["WorkingDirectory"] == "/var/lib/" + service["StateDirectory"]


def test_containerfile__then_it_copies_what_there_is_and_every_package() -> None:
    text = (tree.ROOT / "ops/Containerfile").read_text("utf-8").replace("\\\n", " ")
    copies = [line.split()[1:-1] for line in text.splitlines() if line.startswith("COPY ")]
    sources = [name for names in copies for name in names if not names[0].startswith("--from")]
    assert [name for name in sources if not (tree.ROOT / name).exists()] == []
    for package in (*tree.LAYERS, "assay_client"):
        assert any(name.split("/")[0] == package for name in sources), package
    locks = re.findall(r"--requirement (\S+)", text)
    assert set(locks) == {name for name in sources if name.endswith(".txt")}
    assert text.count("--require-hashes") == len(locks)


def test_containerfile__then_nobody_is_root_and_the_program_is_the_first_process() -> None:
    lines = (tree.ROOT / "ops/Containerfile").read_text("utf-8").splitlines()
    last = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert "USER assay" in last
    assert 'ENTRYPOINT ["assay"]' in last
    assert not [line for line in last if re.search(r"(?i)(secret|password|key)=", line)]
