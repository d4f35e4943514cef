"""Engine `builtin-image`: one-step terrain diffusion, 128x128 grey, ONNX Runtime on one thread.

The seed goes through NumPy's `default_rng`, whose stream may change with a release of NumPy, so
`info()` carries a fingerprint of that stream and profiles pin it.
"""

import hashlib
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verifier.digest.png import encode_png
from verifier.engines.base import (
    integer_parameter,
    number_parameter,
    only_parameters,
    package_version,
    require_model,
    require_package,
)
from verifier.engines.machine import file_sha256, instruction_set
from verifier.errors import EngineError
from verifier.tasks import Task

__all__ = ["MODEL", "BuiltinImage"]

MODEL = "terrain-diffusion-128"
PACKAGE = "adaptive-terrain-diffusion"
CONDITIONS = (1, 100)
PARAMETERS = ("seed", "source_seed", "strength")
MAX_SEED = 2**53 - 1


class BuiltinImage:
    """Loads the model at the first task. Tasks run one after the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._generator: Any = None

    def info(self) -> dict[str, str]:
        """See `Engine.info`; loads the model once to hash it."""
        with self._lock:
            path = Path(self._loaded().model_path)
        return {
            "engine": package_version(PACKAGE),
            "instructionSet": instruction_set(),
            "model": MODEL,
            "modelSha256": file_sha256(path),
            "noise": noise_fingerprint(),
            "runtime": package_version("onnxruntime"),
            "threads": "1",
        }

    def generate(self, task: Task) -> bytes:
        """A PNG of a height map of difficulty `condition` (1..100).

        Parameters: seed (0); and, to re-paint instead of to generate, source_seed (the seed of the
        image to begin from) with strength (0..1, how much of it is painted anew).
        """
        require_model(task, MODEL, "image")
        if task.condition is None or not CONDITIONS[0] <= task.condition <= CONDITIONS[1]:
            raise EngineError("The built-in image model needs a condition from 1 to 100.")
        only_parameters(task, PARAMETERS)
        if ("source_seed" in task.parameters) != ("strength" in task.parameters):
            raise EngineError("Re-painting needs both parameters, source_seed and strength.")
        seed = integer_parameter(task, "seed", 0, 0, MAX_SEED)
        source = integer_parameter(task, "source_seed", -1, -1, MAX_SEED)
        strength = number_parameter(task, "strength", 1.0, 0.0, 1.0)
        with self._lock:
            generator = self._loaded()
            if source < 0:
                heights = generator.generate(1, difficulty=task.condition, seed=seed)
            else:
                base = generator.generate(1, difficulty=task.condition, seed=source)
                heights = generator.generate_from(
                    base, difficulty=task.condition, strength=strength, seed=seed
                )
        return encode_png(grey(heights[0], generator.height_range, generator.asinh_scale))

    def close(self) -> None:
        """Frees the model."""
        with self._lock:
            self._generator = None

    def _loaded(self) -> Any:
        if self._generator is None:
            self._generator = _load()
        return self._generator


def grey(heights: NDArray[np.float32], highest: float, scale: float) -> NDArray[np.uint8]:
    """Heights `float32[h, w]` as `uint8[h, w]`: the model's own asinh scale, 0 to `highest`."""
    unit = np.arcsinh(heights.astype(np.float64) / scale) / np.arcsinh(highest / scale)
    shades: NDArray[np.uint8] = np.clip(np.rint(255.0 * unit), 0, 255).astype(np.uint8)
    return shades


def noise_fingerprint() -> str:
    """First 16 hexadecimal digits of the SHA-256 of 4,096 normals of `default_rng(0)`."""
    normals = np.random.default_rng(0).standard_normal(4096, dtype=np.float32)
    return hashlib.sha256(normals.astype("<f4").tobytes()).hexdigest()[:16]


def _load() -> Any:
    runtime = require_package("onnxruntime", "onnxruntime")
    diffusion = require_package("terrain_diffusion", PACKAGE)

    class OneThread(diffusion.TerrainGenerator):  # type: ignore[name-defined, misc]
        @staticmethod
        def _create_session(model_path: str, _device: str | None) -> tuple[Any, str]:
            options = runtime.SessionOptions()
            options.intra_op_num_threads = 1
            options.inter_op_num_threads = 1
            session = runtime.InferenceSession(
                model_path, sess_options=options, providers=["CPUExecutionProvider"]
            )
            return session, "cpu"

    try:
        return OneThread()
    except Exception as problem:  # noqa: BLE001 - whatever ONNX Runtime makes of a damaged file
        raise EngineError(
            f"The built-in image model could not be loaded: {problem}; "
            "reinstall assay-network[node]."
        ) from None
