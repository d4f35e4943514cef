"""Engines: what runs a task. Looked up in one table, each imported only when asked for.

builtin-text    SmolLM2-135M-Instruct in this process
builtin-image   terrain diffusion in this process
builtin         either, by the task's modality
openai          any OpenAI-compatible endpoint (vLLM, llama.cpp, Ollama, …)
command         a program: task JSON in, output bytes out
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType

from verifier.engines.base import Engine, require_environment
from verifier.errors import EngineError, EngineUnavailable

__all__ = [
    "ENGINES",
    "Engine",
    "EngineError",
    "EngineUnavailable",
    "create",
    "require_environment",
]

ENGINES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "builtin": ("verifier.engines.builtin", "Builtin"),
        "builtin-image": ("verifier.engines.builtin_image", "BuiltinImage"),
        "builtin-text": ("verifier.engines.builtin_text", "BuiltinText"),
        "command": ("verifier.engines.command", "Command"),
        "openai": ("verifier.engines.openai", "OpenAI"),
    }
)


def create(name: str, **settings: object) -> Engine:
    """The engine `name` with its settings; EngineError when either is not known."""
    if name not in ENGINES:
        raise EngineError(f"No engine is named {name!r}; known: {', '.join(sorted(ENGINES))}.")
    module, attribute = ENGINES[name]
    factory: Callable[..., Engine] = getattr(import_module(module), attribute)
    try:
        return factory(**settings)
    except TypeError as problem:
        raise EngineError(f"The engine {name!r} does not take these settings: {problem}.") from None
