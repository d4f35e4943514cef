"""Altered graphs of the terrain model: other precisions, cut or noised weights. Needs onnx.

Activations of this model reach 3e10, far beyond 65504, so a graph in half precision gives no image
at all: of half precision only the weights can be had. Bfloat16 has the range; the CPU has no
convolution in it, so results are rounded to it after every convolution and matrix product, as
hardware with a wide accumulator does.
"""

import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from scripts.experiments.image_plan import NOISED
from scripts.experiments.needs import require
from scripts.experiments.terrain import Painter, weights_file
from scripts.experiments.terrain_weights import Change, brain, half, noised, pruned

__all__ = ["MODELS", "draws", "painter"]

Graph = Any  # onnx.ModelProto
ROUNDED = ("Conv", "Gemm")


def with_weights(change: Change) -> Graph:
    """The shipped graph with every tensor of weights changed."""
    onnx = _onnx()
    graph = onnx.load(weights_file())
    for tensor in graph.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            values = change(onnx.numpy_helper.to_array(tensor)).astype(np.float32)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    return graph


def bfloat16() -> Graph:
    """Weights, and the results of convolutions and matrix products, rounded to bfloat16."""
    onnx = _onnx()
    graph = with_weights(brain)
    nodes = []
    for node in graph.graph.node:
        nodes.append(node)
        if node.op_type in ROUNDED:
            name = node.output[0]
            wide, narrow = f"{name}_wide", f"{name}_narrow"
            node.output[0] = wide
            for source, target, kind in (
                (wide, narrow, onnx.TensorProto.BFLOAT16),
                (narrow, name, onnx.TensorProto.FLOAT),
            ):
                nodes.append(onnx.helper.make_node("Cast", [source], [target], to=kind))
    del graph.graph.node[:]
    graph.graph.node.extend(nodes)
    return graph


def int8(*operators: str) -> Graph:
    """Weights and activations of `operators` (all, if none are named) quantised to 8 bits."""
    onnx = _onnx()
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.getLogger().setLevel(logging.ERROR)  # it recommends what does not apply here
    graph = onnx.load(weights_file())
    del graph.graph.value_info[:]  # what is stored of shapes disagrees with what is inferred
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.onnx", Path(folder) / "out.onnx"
        onnx.save(graph, source)
        quantize_dynamic(
            source,
            target,
            weight_type=QuantType.QInt8 if operators else QuantType.QUInt8,
            op_types_to_quantize=list(operators) or None,
        )
        return onnx.load(target)


MODELS: dict[str, Callable[[int], Graph]] = {
    "fp16-weights": lambda _: with_weights(half),
    "bfloat16": lambda _: bfloat16(),
    "int8": lambda _: int8(),
    "int8-products": lambda _: int8("Gemm", "MatMul"),
    "pruned-10": lambda _: with_weights(pruned(0.10)),
    "pruned-1": lambda _: with_weights(pruned(0.01)),
    "noised-10": lambda draw: with_weights(noised(0.10, draw)),
    "noised-1": lambda draw: with_weights(noised(0.01, draw)),
    "noised-0.1": lambda draw: with_weights(noised(0.001, draw)),
}
"""Graph of a model by its name and the number of the draw of its noise, where it has any."""


def draws(model: str) -> int:
    """How many graphs go by the name `model`; task number n is made by the one of n modulo this."""
    return NOISED if model.startswith("noised") else 1


def painter(model: str, draw: int, folder: Path) -> Painter:
    """A session of a model; an altered graph is kept in `folder` and made there if it is not."""
    if model not in MODELS:
        threads = 2 if model == "two-threads" else 1
        return Painter(threads=threads, optimised=model != "unoptimised")
    path = folder / f"{model}-{draw}.onnx"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        _onnx().save(MODELS[model](draw), part)
        part.replace(path)
    return Painter(path)


def _onnx() -> ModuleType:
    return require("onnx")
