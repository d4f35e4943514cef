"""Engine `builtin`: the built-in model of the task's modality, each loaded when first needed."""

from verifier.engines.base import Engine
from verifier.engines.builtin_image import BuiltinImage
from verifier.engines.builtin_text import BuiltinText
from verifier.tasks import Task

__all__ = ["Builtin"]


class Builtin:
    """Both built-in models behind one engine."""

    def __init__(self) -> None:
        self._engines: dict[str, Engine] = {"image": BuiltinImage(), "text": BuiltinText()}

    def of(self, modality: str) -> Engine:
        """The engine for "text" or "image", of which `info` says what a profile pins."""
        return self._engines[modality]

    def info(self) -> dict[str, str]:
        """The fingerprints of both, prefixed `text.` and `image.`."""
        return {
            f"{modality}.{name}": value
            for modality, engine in self._engines.items()
            for name, value in engine.info().items()
        }

    def generate(self, task: Task) -> bytes:
        """See `Engine.generate`."""
        return self._engines[task.modality].generate(task)

    def close(self) -> None:
        """Frees both models."""
        for engine in self._engines.values():
            engine.close()
