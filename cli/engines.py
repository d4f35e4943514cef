"""The engine that the settings name, as a node keeps it in its configuration."""

from __future__ import annotations

import shlex
from pathlib import Path

from chain.errors import ConfigError
from cli import settings
from verifier.node.engine_book import EngineConfig


def engine_config(chosen: settings.Settings) -> EngineConfig:
    """What generates. ConfigError where a setting that it needs is missing."""
    if chosen.engine == "openai":
        if chosen.engine_url is None:
            raise ConfigError("The engine openai needs --engine-url, the address of its endpoint.")
        key_file = file_of(chosen.engine_key)
        if chosen.engine_key and not key_file:
            raise ConfigError(
                "A node keeps the name of the file with its engine's key, never the key:"
                " give --engine-key-file instead of ASSAY_ENGINE_KEY."
            )
        key = {"api_key_file": str(key_file)} if key_file else {}
        return EngineConfig("openai", {"base_url": chosen.engine_url, **key})
    if chosen.engine == "command":
        if chosen.engine_command is None:
            raise ConfigError("The engine command needs --engine-command, the program to run.")
        return EngineConfig("command", {"argv": _words(chosen.engine_command)})
    return EngineConfig("builtin")


def file_of(secret: settings.Secret | None) -> Path | None:
    """The file that a secret was read from."""
    return secret.file.absolute() if secret is not None and secret.file is not None else None


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ConfigError(f"The engine's command cannot be read: {error}.") from None
    if not words:
        raise ConfigError("The engine's command is empty: give a program and its arguments.")
    return words
