"""What experiments need on top of what running needs, and how to say that it is missing."""

from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from chain.errors import AssayError

__all__ = ["ExperimentError", "check", "folder_of", "installed", "require"]

ADVICE = "pip install -r requirements/experiments.txt"


class ExperimentError(AssayError):
    """An experiment that cannot be done as asked; the message says what to do."""


def check() -> None:
    """ExperimentError, now and not after an hour, if anything for images is not installed."""
    for module in ("onnx", "imagehash", "matplotlib"):
        require(module)
    for package in ("skimage", "sklearn"):
        folder_of(package)


def require(module: str, lock: str = "experiments") -> ModuleType:
    """The module, imported now; ExperimentError naming its `lock` when it is not installed."""
    try:
        return import_module(module)
    except ImportError as problem:
        advice = ADVICE.replace("experiments", lock)
        raise ExperimentError(f"{module} is needed here ({problem}): {advice}") from None


def folder_of(package: str) -> Path:
    """Where a package lies, without importing it; ExperimentError when it is not installed."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ExperimentError(f"{package} is needed here, for the pictures in it: {ADVICE}")
    return Path(found.submodule_search_locations[0])


def installed(packages: tuple[str, ...]) -> dict[str, str]:
    """Versions of those that are here: outputs that were made elsewhere need none of them."""
    return {
        name: metadata.version(name) for name in packages if any(metadata.distributions(name=name))
    }
