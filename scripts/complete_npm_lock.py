"""Adds to package-lock.json the platform packages that the registry in use did not answer for.

npm leaves an optional dependency out of the lock when its registry (a partial mirror, say) has no
such package, and then refuses the lock: on every machine, also where another platform's package is
the right one. What is added has a version but no integrity; running scripts/lock.sh against a
complete registry puts the integrity in.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CPUS = {"amd64": "x64", "arm64": "arm64"}


def entry(name: str, version: str, parent: dict[str, Any]) -> dict[str, Any]:
    """Lock entry of the package `<scope>/<tool>-<os>-<cpu>`, a dependency of `parent`."""
    system, cpu = name.rsplit("-", 2)[1:]
    inherited = {"dev": True} if parent.get("dev") else {}
    return {"version": version, "cpu": [CPUS[cpu]], **inherited, "optional": True, "os": [system]}


def complete(lock: dict[str, Any]) -> None:
    """Add the missing entries in place; npm's order (by name) is kept."""
    packages = lock["packages"]
    for parent in list(packages.values()):
        for name, version in parent.get("optionalDependencies", {}).items():
            packages.setdefault(f"node_modules/{name}", entry(name, version, parent))
    lock["packages"] = dict(sorted(packages.items()))


if __name__ == "__main__":
    file = Path("package-lock.json")
    content = json.loads(file.read_text(encoding="utf-8"))
    complete(content)
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
