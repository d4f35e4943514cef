"""`node.toml`: what `assay node init` writes and `assay node run` reads, schema `assay/node/1`.

It holds no secret: keys and passwords are named by their files. People edit it, so every mistake is
answered with the name of the setting.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from chain.units import parse_ether, show_ether
from verifier.node.engine_book import DEFAULT, EngineConfig
from verifier.node.errors import StateError
from verifier.node.exams.config import ExaminerConfig, SitMode, SittingConfig, tables
from verifier.node.statedir import StateDir, write_whole

__all__ = ["SCHEMA", "NodeConfig"]

SCHEMA: Final = "assay/node/1"
FINALIZED: Final = "finalized"

_HEAD: Final = """\
# Configuration of one Assay node. `confirmations` is how many blocks must follow before something
# irreversible is done, or "finalized". Each [engines.<profile>] (a profile's name or 0x id, or
# "default" for all others) names an engine and its settings. `appeal_budget` is how much the
# node may spend on appeals and flags in all, in ETH.
"""


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """One node. Paths are absolute; `confirmations` None means finalized; `appeal_budget` in wei.

    Exactly one of `keystore` (with `keystore_password_file`) and `local_account` names the key.
    """

    agent_id: int
    chain_id: int
    rpc_url: str = field(repr=False)
    deployment: Path
    keystore: Path | None = None
    keystore_password_file: Path | None = None
    local_account: int | None = None
    backend_url: str | None = None
    confirmations: int | None = 0
    poll_seconds: float = 1.0
    grace_seconds: float = 60.0
    appeal_budget: int = 0
    relay: str | None = None
    engines: Mapping[str, EngineConfig] = field(
        default_factory=lambda: {DEFAULT: EngineConfig("builtin")}
    )
    exams: SittingConfig = field(default_factory=SittingConfig)
    examiner: ExaminerConfig = field(default_factory=ExaminerConfig)

    def save(self, files: StateDir) -> None:
        """Writes `node.toml`. StateError if another node's is there, or it cannot be written."""
        if files.config.exists():
            raise StateError(
                f"There is a node in {files.root} already: run it, or give another --state-dir."
            )
        write_whole(files.config, self._toml().encode())

    @classmethod
    def load(cls, files: StateDir) -> NodeConfig:
        """Reads `node.toml`. StateError when it is missing or not what it should be."""
        path = files.config
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise StateError(
                f"There is no node in {files.root}: make one with `assay node init`, or give its "
                "folder with --state-dir."
            ) from None
        except (OSError, UnicodeDecodeError):
            raise StateError(f"The file {path} cannot be read.") from None
        except tomllib.TOMLDecodeError as error:
            raise StateError(f"The file {path} is not valid TOML: {error}.") from None
        if raw.pop("schema", None) != SCHEMA:
            raise StateError(f"The file {path} is not of schema {SCHEMA}: make a new one.")
        return _Reader(path, raw).config()

    def _toml(self) -> str:
        flat: dict[str, Any] = {
            "schema": SCHEMA,
            "chain_id": self.chain_id,
            "agent": str(self.agent_id),
            "rpc_url": self.rpc_url,
            "deployment": str(self.deployment),
            "keystore": str(self.keystore) if self.keystore else None,
            "keystore_password_file": (
                str(self.keystore_password_file) if self.keystore_password_file else None
            ),
            "local_account": self.local_account,
            "backend_url": self.backend_url,
            "relay": self.relay,
            "confirmations": FINALIZED if self.confirmations is None else self.confirmations,
            "poll_seconds": float(self.poll_seconds),
            "grace_seconds": float(self.grace_seconds),
            "appeal_budget": show_ether(self.appeal_budget).removesuffix(" ETH"),
        }
        lines = [f"{name} = {_value(value)}" for name, value in flat.items() if value is not None]
        for profile, engine in self.engines.items():
            lines += ["", f"[engines.{_value(profile)}]", f"name = {_value(engine.name)}"]
            lines += [f"{name} = {_value(value)}" for name, value in engine.settings.items()]
        for name, table in tables(self.exams, self.examiner).items():
            lines += ["", f"[{name}]"]
            lines += [f"{key} = {_value(value)}" for key, value in table.items()]
        return _HEAD + "\n".join(lines) + "\n"


class _Reader:
    """Takes settings out of a TOML table, one by one; complains about what is left."""

    def __init__(self, path: Path, raw: dict[str, Any]) -> None:
        self._path = path
        self._raw = raw

    def config(self) -> NodeConfig:
        agent = self._take("agent", str | int)
        confirmations = self._take("confirmations", str | int, 0)
        if isinstance(confirmations, str) and confirmations != FINALIZED:
            raise self._wrong("confirmations", f'a number or "{FINALIZED}"')
        config = NodeConfig(
            agent_id=self._agent(agent),
            chain_id=self._take("chain_id", int),
            rpc_url=self._take("rpc_url", str),
            deployment=Path(self._take("deployment", str)),
            keystore=self._path_of("keystore"),
            keystore_password_file=self._path_of("keystore_password_file"),
            local_account=self._take("local_account", int, None),
            backend_url=self._take("backend_url", str, None),
            relay=self._take("relay", str, None),
            confirmations=None if confirmations == FINALIZED else int(confirmations),
            poll_seconds=self._seconds("poll_seconds", 1.0),
            grace_seconds=self._seconds("grace_seconds", 60.0),
            appeal_budget=self._ether("appeal_budget"),
            engines=self._engines(),
            exams=self._exams(),
            examiner=self._examiner(),
        )
        self._nothing_left()
        return config

    def _nothing_left(self) -> None:
        if self._raw:
            raise StateError(f"There is no setting named {next(iter(self._raw))} in {self._path}.")

    def _take(self, name: str, kind: Any, *default: Any) -> Any:
        if name not in self._raw:
            if default:
                return default[0]
            raise StateError(f"The setting {name} is missing in {self._path}.")
        value = self._raw.pop(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self._wrong(name, "text" if kind is str else "a number")
        return value

    def _path_of(self, name: str) -> Path | None:
        value = self._take(name, str, None)
        return Path(value) if value is not None else None

    def _agent(self, value: str | int) -> int:
        try:
            agent_id = int(value)
        except ValueError:
            agent_id = -1
        if not 0 <= agent_id < 1 << 256:
            raise self._wrong("agent", "an agent's number")
        return agent_id

    def _seconds(self, name: str, default: float) -> float:
        value = float(self._take(name, int | float, default))
        if not 0.01 <= value <= 86_400:
            raise self._wrong(name, "a number of seconds from 0.01 to 86400")
        return value

    def _ether(self, name: str) -> int:
        try:
            return parse_ether(self._take(name, str, "0"))
        except ValueError:
            raise self._wrong(name, 'an amount of ETH as text, such as "0.05"') from None

    def _engines(self) -> dict[str, EngineConfig]:
        tables = self._take("engines", dict, {})
        engines = {}
        for profile, table in tables.items():
            name = table.get("name") if isinstance(table, dict) else None
            if not isinstance(name, str):
                raise self._wrong(f"engines.{profile}", "a table with the name of an engine")
            settings = {key: value for key, value in table.items() if key != "name"}
            engines[profile] = EngineConfig(name, settings)
        return engines

    def _exams(self) -> SittingConfig:
        inner, base = self._table("exams"), SittingConfig()
        modes = tuple(SitMode)
        mode = inner._take("sit", str, base.sit.value)
        if mode not in modes:
            raise inner._wrong("sit", f"one of {', '.join(modes)}")
        profiles = inner._take("profiles", list, list(base.profiles))
        found = SittingConfig(
            sit=SitMode(mode),
            profiles=tuple(str(name) for name in profiles),
            margin_seconds=inner._whole("margin_seconds", base.margin_seconds),
            max_fee=inner._whole("max_fee", base.max_fee),
            attempts=inner._whole("attempts", base.attempts),
        )
        inner._nothing_left()
        return found

    def _examiner(self) -> ExaminerConfig:
        inner, base = self._table("examiner"), ExaminerConfig()
        share = float(inner._take("gold_share", int | float, base.gold_share))
        if not 0 <= share <= 1:
            raise inner._wrong("gold_share", "a number from 0 to 1")
        found = ExaminerConfig(
            tasks=inner._path_of("tasks"),
            gold_share=share,
            every_seconds=inner._whole("every_seconds", base.every_seconds),
            max_bond=inner._whole("max_bond", base.max_bond),
            turn_seconds=float(inner._take("turn_seconds", int | float, base.turn_seconds)),
        )
        inner._nothing_left()
        return found

    def _table(self, name: str) -> _Reader:
        return _Reader(self._path, self._take(name, dict, {}))

    def _whole(self, name: str, default: int) -> int:
        """A whole number from 0 up; text where it has more digits than TOML's numbers."""
        value = self._take(name, int | str, default)
        if isinstance(value, str):
            value = int(value) if value.isdecimal() else -1
        if value < 0:
            raise self._wrong(name, "a whole number from 0 up")
        return int(value)

    def _wrong(self, name: str, wanted: str) -> StateError:
        return StateError(f"The setting {name} in {self._path} must be {wanted}.")


def _value(value: Any) -> str:
    """A TOML value: JSON's strings, numbers, booleans and lists are TOML's too."""
    return json.dumps(value)
