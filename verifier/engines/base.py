"""What an engine is, and what every engine does with what its model returned."""

import unicodedata
from collections.abc import Collection
from importlib import import_module, metadata
from types import ModuleType
from typing import Protocol

from verifier.errors import EngineError
from verifier.profiles import Profile
from verifier.tasks import Scalar, Task

__all__ = [
    "Engine",
    "finish_text",
    "only_parameters",
    "package_version",
    "require_environment",
    "require_model",
    "require_package",
    "shown_url",
]


class Engine(Protocol):
    """Runs tasks on one model. `generate` may be called from several threads."""

    def info(self) -> dict[str, str]:
        """What outputs depend on, for evidence: engine and version, model and hash, machine."""
        ...

    def generate(self, task: Task) -> bytes:
        """The output's bytes: NFC text as UTF-8, or a PNG. EngineError when there is none."""
        ...

    def close(self) -> None:
        """Frees the model; the engine is not used afterwards."""
        ...


def require_environment(profile: Profile, engine: Engine) -> None:
    """EngineError unless `engine` is of the environment class that `profile` pins."""
    info = engine.info()
    for name, pinned in profile.pins.items():
        if info.get(name) != pinned:
            raise EngineError(
                f"The profile {profile.name!r} needs {name} = {pinned}, but this node has "
                f"{info.get(name, 'none')}; install what the profile pins, or choose another one."
            )


def require_model(task: Task, model: str, modality: str) -> None:
    """EngineError unless `task` asks for what this engine has."""
    if task.modality != modality:
        raise EngineError(
            f"This engine makes {modality}, but the task asks for {task.modality}; "
            "choose an engine for it."
        )
    if task.model != model:
        raise EngineError(
            f"This engine runs {model}, but the task asks for {task.model}; "
            "choose an engine for it."
        )


def only_parameters(task: Task, known: Collection[str]) -> None:
    """EngineError for a parameter that would be ignored: it could not have fixed the output."""
    for name in task.parameters:
        if name not in known:
            raise EngineError(
                f"This engine has no parameter {name!r}; it knows {', '.join(sorted(known))}."
            )


def integer_parameter(task: Task, name: str, default: int, least: int, most: int) -> int:
    """An integer parameter of `task`; EngineError when it is none or out of range."""
    value = _number(task, name, default)
    if value != int(value) or not least <= value <= most:
        raise EngineError(f"The parameter {name} must be an integer from {least} to {most}.")
    return int(value)


def number_parameter(task: Task, name: str, default: float, least: float, most: float) -> float:
    """A numeric parameter of `task`; EngineError when it is none or out of range."""
    value = _number(task, name, default)
    if not least <= value <= most:
        raise EngineError(f"The parameter {name} must be a number from {least} to {most}.")
    return float(value)


def text_parameter(task: Task, name: str) -> str | None:
    """A text parameter of `task`, or None; EngineError when it is no text."""
    value = task.parameters.get(name)
    if value is not None and not isinstance(value, str):
        raise EngineError(f"The parameter {name} must be text.")
    return value


def finish_text(text: object) -> bytes:
    """The output's bytes of what a model said: NFC, UTF-8. EngineError when it said nothing."""
    if not isinstance(text, str) or not text.strip():
        raise EngineError(
            "The engine returned no text; check the prompt, the limits and the model."
        )
    try:
        return unicodedata.normalize("NFC", text).encode("utf-8")
    except UnicodeEncodeError:
        raise EngineError("The engine returned text that is not valid Unicode.") from None


def shown_url(url: str) -> str:
    """A URL as errors and logs may show it: without a user, a password or a query."""
    bare = url.partition("?")[0].partition("#")[0]
    scheme, found, rest = bare.rpartition("://")
    host, slash, path = rest.partition("/")
    return scheme + found + host.rpartition("@")[2] + slash + path


def require_package(module: str, package: str) -> ModuleType:
    """The module, imported now; EngineError naming the package when it is not installed."""
    try:
        return import_module(module)
    except ImportError as problem:
        raise EngineError(
            f"The built-in models need the package {package} ({problem}); "
            "install assay-network[node]."
        ) from None


def package_version(package: str) -> str:
    """`<package> <version>` as installed."""
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        raise EngineError(
            f"The package {package} is not installed; install assay-network[node]."
        ) from None


def _number(task: Task, name: str, default: float) -> float:
    value: Scalar = task.parameters.get(name, default)
    if isinstance(value, bool | str):
        raise EngineError(f"The parameter {name} must be a number.")
    return value
