"""The parts: which seat of which round misbehaves, handed from the director to the actors as files.

A part is looked up by round and seat number once the seat is drawn, so who plays it is the draw's
choice. A round without a file, and a seat without a part, is honest.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chain.types import PROVIDER_SEAT


@dataclass(frozen=True)
class Script:
    """The parts of one round. `vouch_for`: the provider's output, as its accomplices got it;
    `gate`: a file that somebody waits for."""

    seats: Mapping[int, str] = field(default_factory=dict)
    vouch_for: Path | None = None
    gate: Path | None = None

    def part(self, seat: int) -> str:
        return self.seats.get(seat, "honest")


class ScriptDir:
    """One file a round. Written whole, before the round is submitted."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(
        self,
        request_hash: bytes,
        provider: str,
        seats: Mapping[int, str],
        *,
        vouch_for: Path | None = None,
        gate: Path | None = None,
    ) -> None:
        document = {
            "seats": {str(PROVIDER_SEAT): provider, **{str(n): p for n, p in seats.items()}},
            "vouchFor": str(vouch_for) if vouch_for else None,
            "gate": str(gate) if gate else None,
        }
        self.root.mkdir(parents=True, exist_ok=True)
        path = self._path(request_hash)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(document), encoding="utf-8")
        temporary.replace(path)

    def read(self, request_hash: bytes) -> Script:
        try:
            document: dict[str, Any] = json.loads(
                self._path(request_hash).read_text(encoding="utf-8")
            )
        except FileNotFoundError:
            return Script()
        return Script(
            seats={int(number): part for number, part in document["seats"].items()},
            vouch_for=Path(document["vouchFor"]) if document["vouchFor"] else None,
            gate=Path(document["gate"]) if document["gate"] else None,
        )

    def _path(self, request_hash: bytes) -> Path:
        return self.root / f"{request_hash.hex()}.json"
