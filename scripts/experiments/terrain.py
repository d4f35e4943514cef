"""The terrain model as an experiment needs it: any graph, any number of threads, heights kept."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import terrain_diffusion
from numpy.typing import NDArray

from verifier.digest.png import encode_png
from verifier.engines.builtin_image import grey

__all__ = ["Heights", "Painter", "weights_file"]

Heights = NDArray[np.float32]


def weights_file() -> Path:
    """The graph with its weights, as it ships in the package."""
    return next((Path(terrain_diffusion.__file__).parent / "weights").glob("*.onnx"))


class Painter:
    """One session over one graph; with the defaults it makes what the engine of a node makes."""

    def __init__(
        self, graph: Path | None = None, *, threads: int = 1, optimised: bool = True
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        if not optimised:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL

        class Session(terrain_diffusion.TerrainGenerator):  # type: ignore[misc]
            @staticmethod
            def _create_session(model_path: str, _device: str | None) -> tuple[Any, str]:
                providers = ["CPUExecutionProvider"]
                return onnxruntime.InferenceSession(model_path, options, providers), "cpu"

        self._generator = Session(str(graph or weights_file()))

    def paint(self, condition: int, seed: int) -> Heights:
        """Heights `float32[1, 128, 128]` of a condition 1..100 and a seed."""
        heights: Heights = self._generator.generate(1, difficulty=condition, seed=seed)
        return heights

    def repaint(self, base: Heights, condition: int, strength: float, seed: int) -> Heights:
        """`base` with a share `strength` (0..1) of the noise schedule gone through anew."""
        heights: Heights = self._generator.generate_from(
            base, difficulty=condition, strength=strength, seed=seed
        )
        return heights

    def png(self, heights: Heights) -> bytes:
        """The PNG that a node would deliver of `float32[1, 128, 128]`."""
        generator = self._generator
        return encode_png(grey(heights[0], generator.height_range, generator.asinh_scale))
