"""Which engine answers for which profile, each made once and when first needed."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from verifier import engines
from verifier.engines import Engine
from verifier.errors import EngineError
from verifier.profiles import Profile
from verifier.tasks import Task

__all__ = ["DEFAULT", "EngineBook", "EngineConfig", "engine_settings"]

DEFAULT = "default"
"""Name under which the engine of all profiles that have none of their own is configured."""


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """An engine of `verifier.engines` and its settings; `api_key_file` names the key's file."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)


class EngineBook:
    """Engines by profile.

    configs: by profile name, 0x… profileId, or `default`; ready: engines made elsewhere, by
    profileId, for programs that bring their own; by_model: what answers tasks of a model whatever
    their profile, by the model's name.
    """

    def __init__(
        self,
        configs: Mapping[str, EngineConfig],
        ready: Mapping[bytes, Engine] | None = None,
        by_model: Mapping[str, Engine] | None = None,
    ) -> None:
        self._configs = configs
        self._by_model = dict(by_model or {})
        self._ready: dict[bytes, Engine] = dict(ready or {})
        self._made: dict[str, Engine] = {}
        self._lock = threading.Lock()

    def engine(self, profile: Profile, task: Task | None = None) -> Engine:
        """The engine for a profile, or for a task under it that asks for a model of its own.

        Raises:
            EngineError: none is configured, or it cannot be made.
        """
        if task is not None and task.model in self._by_model:
            return self._by_model[task.model]
        with self._lock:
            if profile.profile_id in self._ready:
                return self._ready[profile.profile_id]
            config = self._config(profile)
            name = config.name
            if name == "builtin" and profile.modality in ("text", "image"):
                # The one model that is needed, so that `info` has what the profile pins.
                name = f"builtin-{profile.modality}"
            key = repr((name, sorted(config.settings.items())))
            if key not in self._made:
                self._made[key] = engines.create(name, **engine_settings(config.settings))
            return self._made[key]

    def check(self, profile: Profile) -> dict[str, str]:
        """The engine's fingerprint. EngineError unless it works and is what the profile pins."""
        engine = self.engine(profile)
        engines.require_environment(profile, engine)
        return engine.info()

    def close(self) -> None:
        """Frees every model that was loaded here."""
        with self._lock:
            for engine in self._made.values():
                engine.close()
            self._made.clear()

    def _config(self, profile: Profile) -> EngineConfig:
        names = (profile.name, "0x" + profile.profile_id.hex(), DEFAULT)
        found = next((self._configs[name] for name in names if name in self._configs), None)
        if found is None:
            raise EngineError(
                f"No engine is configured for the profile {profile.name!r}: add "
                f"[engines.{profile.name}] or [engines.{DEFAULT}] to node.toml."
            )
        return found


def engine_settings(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as the engine takes them: a key itself in place of the file that holds it."""
    settings = dict(raw)
    key_file = settings.pop("api_key_file", None)
    if key_file is not None:
        try:
            settings["api_key"] = Path(key_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise EngineError(
                f"The engine's key file {key_file} cannot be read: give the right api_key_file."
            ) from None
    return settings
